// Writes requests and responses as byte strings: a few joins, one flat write by the sender. Every line
// ends in CRLF; header text handed in must already be complete lines.
import { cseqEnds, type Method, requestStarts } from './method.ts';
import { statusLine } from './status.ts';

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
  /** Complete Via lines in order, the top one with received and rport filled in, and what follows them
   *  up to the end of To's value, where a tag goes; with a tag there already, all of the lines. */
  readonly throughTo: string;
  /** What comes after the tag: the line break, further lines. */
  readonly afterTo: string;
  /** Whether To already carries a tag. */
  readonly toTagged: boolean;
  /** Complete Record-Route lines as they came, or '' (RFC 3261 12.1.1). */
  readonly recordRoutes: string;
  /** Complete Timestamp line for a 100 (RFC 3261 8.2.6.1), or ''. */
  readonly timestamp: string;
}

/** `headers`: complete lines, Content-Type among them when there is a body. */
export function writeRequest(parts: RequestParts, headers: string, body: string): string {
  const { method } = parts;
  return joinRequest(parts, requestStarts[method]!, cseqEnds[method]! + headers, body);
}

/** `start`: the method; `rest`: what follows the CSeq number, and further lines. */
function joinRequest(parts: RequestParts, start: string, rest: string, body: string): string {
  const { routes, branch, from, to } = parts;
  const via = `${start}${parts.requestUri} SIP/2.0\r\nVia: ${parts.sentBy};rport;branch=${branch}\r\n`;
  const hops = maxForwardsFrom[parts.maxForwards]!;
  return (
    `${routes === '' ? via : via + routes}${hops}${from}\r\nTo: ${to}\r\nCall-ID: ${parts.callId}` +
    `\r\nCSeq: ${parts.cseq}${rest}${contentEnd(body)}`
  );
}

/** `toTag` is added where the request's To had none; '' adds nothing (100 Trying). */
export function writeResponse(
  head: ResponseHead,
  statusCode: number,
  toTag: string,
  headers: string,
): string {
  return writeResponseHead(head, statusCode, toTag) + headers + noContent;
}

/** As writeResponse, with a body; `content.lines` are all further header lines. */
export function writeResponseWithBody(
  head: ResponseHead,
  statusCode: number,
  toTag: string,
  content: { readonly lines: string; readonly body: string },
): string {
  const { lines, body } = content;
  return writeResponseHead(head, statusCode, toTag) + lines + contentEnd(body);
}

function writeResponseHead(head: ResponseHead, statusCode: number, toTag: string): string {
  const start = statusLine(statusCode) + head.throughTo;
  return (head.toTagged || toTag === '' ? start : `${start};tag=${toTag}`) + head.afterTo;
}

const noContent = 'Content-Length: 0\r\n\r\n';

function contentEnd(body: string): string {
  return body === '' ? noContent : `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** Index: Max-Forwards, 255 at most (RFC 3261 20.22); its line and how From's begins. */
const maxForwardsFrom: readonly string[] = Array.from({ length: 256 }, (_, hops) =>
  ['Max-Forwards: ', hops, '\r\nFrom: '].join(''),
);
