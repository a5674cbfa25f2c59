// One SIP message as offsets into its bytes. The parser fills it; nothing is copied and no string is
// made until somebody asks. A worker owns one SipMessage and fills it again for every datagram, so
// whatever outlives the handler must be read out as a string first.
import type { MessageBytes } from '../bytes/latin1.ts';
import { type AddressSpan, createAddressSpan } from './address-scan.ts';
import { Fault } from './fault.ts';
import { HeaderId, headerIdsMax } from './header-id.ts';
import { Method, methodNames } from './method.ts';
import { createViaSpan, type ViaSpan } from './via-scan.ts';

/** Header fields a message may have; one more is a fault (threats: 256 headers). */
export const headersMax = 256;
/** Int32 slots a header takes in `SipMessage.headers`: id, nameStart, nameEnd, valueStart, valueEnd. */
export const headerStride = 5;

export interface SipMessage {
  bytes: MessageBytes;
  /** First and one-past-last byte of the message inside `bytes`. */
  start: number;
  end: number;
  isRequest: boolean;
  /** Of a request: the start line's method; of a response: the method of its CSeq. */
  method: Method;
  /** 0 for a request. */
  statusCode: number;
  requestUriStart: number;
  requestUriEnd: number;
  bodyStart: number;
  bodyEnd: number;
  headerCount: number;
  /** `headerCount` rows of `headerStride`; values are trimmed, folds still inside. */
  readonly headers: Int32Array;
  /** Index: HeaderId; value: row of the first header with that id, -1 when there is none. */
  readonly firstRow: Int16Array;
  /** CSeq number (0..2^31-1) as parsed; -1 when absent or bad. */
  cseq: number;
  /** Max-Forwards, at most 255; -1 when absent. */
  maxForwards: number;
  /** Content-Length; -1 when absent or bad. */
  contentLength: number;
  /** One past the method of a request's start line, which begins at `start`. */
  methodEnd: number;
  /** Values over all rows. */
  viaCount: number;
  routeCount: number;
  recordRouteCount: number;
  readonly topVia: ViaSpan;
  readonly from: AddressSpan;
  readonly to: AddressSpan;
  /** The first fault found; what parseMessage returned. */
  fault: Fault;
}

export function createMessage(): SipMessage {
  return {
    bytes: new Uint8Array(0) as MessageBytes,
    start: 0,
    end: 0,
    isRequest: false,
    method: Method.unknown,
    statusCode: 0,
    requestUriStart: 0,
    requestUriEnd: 0,
    bodyStart: 0,
    bodyEnd: 0,
    headerCount: 0,
    headers: new Int32Array(headersMax * headerStride),
    firstRow: new Int16Array(headerIdsMax).fill(-1),
    cseq: -1,
    maxForwards: -1,
    contentLength: -1,
    methodEnd: 0,
    viaCount: 0,
    routeCount: 0,
    recordRouteCount: 0,
    topVia: createViaSpan(),
    from: createAddressSpan(),
    to: createAddressSpan(),
    fault: Fault.ok,
  };
}

/** The value of the first header with this id, unfolded (RFC 3261 7.3.1); undefined when absent. */
export function headerText(message: SipMessage, id: HeaderId): string | undefined {
  const row = message.firstRow[id]!;
  return row < 0 ? undefined : rowText(message, row);
}

/** The value of one row, unfolded. */
export function rowText(message: SipMessage, row: number): string {
  const at = row * headerStride;
  const { bytes, headers } = message;
  return unfoldedText(bytes, headers[at + 3]!, headers[at + 4]!);
}

/** The bytes [start, end) with every fold read as one space. */
export function unfoldedText(bytes: MessageBytes, start: number, end: number): string {
  const text = bytes.latin1Slice(start, end);
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 13 || byte === 10) return unfold(text);
  }
  return text;
}

/** RFC 3261 7.3.1: a line break followed by white space reads as one space. */
function unfold(text: string): string {
  let out = '';
  let i = 0;
  while (i < text.length) {
    const char = text.charCodeAt(i);
    if (char !== 13 && char !== 10) {
      out += text[i];
      i++;
      continue;
    }
    while (i < text.length && isLineWhite(text.charCodeAt(i))) i++;
    out += ' ';
  }
  return out;
}

function isLineWhite(char: number): boolean {
  return char === 13 || char === 10 || char === 32 || char === 9;
}

/** The next row with the same id after `row`, or -1. */
export function nextRow(message: SipMessage, row: number): number {
  const { headers, headerCount } = message;
  const id = headers[row * headerStride]!;
  for (let next = row + 1; next < headerCount; next++) {
    if (headers[next * headerStride] === id) return next;
  }
  return -1;
}

/** All values of one header, one string per row, in order. */
export function headerTexts(message: SipMessage, id: HeaderId): string[] {
  const texts: string[] = [];
  for (let row = message.firstRow[id]!; row >= 0; row = nextRow(message, row)) {
    texts.push(rowText(message, row));
  }
  return texts;
}

/** The body as a byte string. */
export function bodyText(message: SipMessage): string {
  if (message.bodyEnd <= message.bodyStart) return '';
  return message.bytes.latin1Slice(message.bodyStart, message.bodyEnd);
}

export function requestUriText(message: SipMessage): string {
  return message.bytes.latin1Slice(message.requestUriStart, message.requestUriEnd);
}

/** The method as it stands in the start line of a request, or in the CSeq of a response. */
export function methodText(message: SipMessage): string {
  const { bytes, start, methodEnd } = message;
  if (message.isRequest) return bytes.latin1Slice(start, methodEnd);
  return methodNames[message.method]!;
}

export function callIdText(message: SipMessage): string {
  return headerText(message, HeaderId.callId) ?? '';
}
