// Writes requests and responses as byte strings: a few joins, one flat write by the sender. Every line
// ends in CRLF; header text handed in must already be complete lines.
import { type Method, methodNames } from './method.ts';
import { reasonPhrase } from './status.ts';

/** The parts of a request of ours that later requests of the same transaction or dialog repeat. */
export interface RequestParts {
  readonly method: Method;
  readonly requestUri: string;
  /** "SIP/2.0/UDP 192.0.2.1:5060": the via without its parameters. */
  readonly sentBy: string;
  readonly branch: string;
  /** From and To values, tags included. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  /** Complete Route lines, or ''. */
  readonly routes: string;
  readonly maxForwards: number;
}

/** What every response repeats of its request (RFC 3261 8.2.6.2). */
export interface ResponseHead {
  /** Complete Via lines in order, the top one with received and rport filled in. */
  readonly vias: string;
  readonly from: string;
  /** To value as it came. */
  readonly to: string;
  /** Whether `to` already carries a tag. */
  readonly toTagged: boolean;
  readonly callId: string;
  /** "1 INVITE". */
  readonly cseq: string;
  /** Complete Record-Route lines as they came, or '' (RFC 3261 12.1.1). */
  readonly recordRoutes: string;
  /** Complete Timestamp line for a 100 (RFC 3261 8.2.6.1), or ''. */
  readonly timestamp: string;
}

/** `headers`: complete lines, Content-Type among them when there is a body. */
export function writeRequest(parts: RequestParts, headers: string, body: string): string {
  const name = methodNames[parts.method]!;
  return writeNamedRequest(parts, name, headers, body);
}

/** As writeRequest, for a method that has no number of its own. */
export function writeNamedRequest(
  parts: RequestParts,
  name: string,
  headers: string,
  body: string,
): string {
  return (
    `${name} ${parts.requestUri} SIP/2.0\r\nVia: ${parts.sentBy};rport;branch=${parts.branch}\r\n` +
    `${parts.routes}Max-Forwards: ${parts.maxForwards}\r\nFrom: ${parts.from}\r\nTo: ${parts.to}\r\n` +
    `Call-ID: ${parts.callId}\r\nCSeq: ${parts.cseq} ${name}\r\n${headers}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** `toTag` is added where the request's To had none; '' adds nothing (100 Trying). */
export function writeResponse(
  head: ResponseHead,
  statusCode: number,
  toTag: string,
  headers: string,
): string {
  return `${writeResponseHead(head, statusCode, toTag)}${headers}Content-Length: 0\r\n\r\n`;
}

/** As writeResponse, with a body; `content.lines` are all further header lines. */
export function writeResponseWithBody(
  head: ResponseHead,
  statusCode: number,
  toTag: string,
  content: { readonly lines: string; readonly body: string },
): string {
  const { lines, body } = content;
  const start = writeResponseHead(head, statusCode, toTag);
  return `${start}${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function writeResponseHead(head: ResponseHead, statusCode: number, toTag: string): string {
  const to = head.toTagged || toTag === '' ? head.to : `${head.to};tag=${toTag}`;
  return (
    `SIP/2.0 ${statusCode} ${reasonPhrase(statusCode)}\r\n${head.vias}From: ${head.from}\r\nTo: ${to}\r\n` +
    `Call-ID: ${head.callId}\r\nCSeq: ${head.cseq}\r\n`
  );
}
