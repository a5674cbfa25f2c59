// What the main thread must know of a message before a worker parses it: its Call-ID, and whether it is
// a new INVITE, the first thing to be refused under overload. Reads lines with the parser's own
// functions, and stops as soon as it knows.
import { tokenEnd } from '../bytes/character-class.ts';
import { clearAddressSpan, createAddressSpan, scanAddress } from './address-scan.ts';
import { HeaderId } from './header-id.ts';
import {
  createHeaderLine,
  emptyLineLength,
  lineBreaksEnd,
  nextLine,
  readHeaderLine,
} from './header-line.ts';
import { headersMax } from './message.ts';
import { Method } from './method.ts';
import { methodOf } from './method-scan.ts';
import { messageBytesMin } from './parse-message.ts';
import { isStatusLine } from './start-line.ts';

export const PeekResult = {
  /** No SIP, or a response without a Call-ID: drop. */
  nothing: 0,
  /** Line breaks only, or too short to be SIP. */
  keepAlive: 1,
  /** Any request but a new INVITE. */
  request: 2,
  /** An INVITE whose To has no tag. */
  newInvite: 3,
  response: 4,
  /** A request without a Call-ID: any worker may answer it 400. */
  noCallId: 5,
} as const;
export type PeekResult = (typeof PeekResult)[keyof typeof PeekResult];

/** Where the value of the first Call-ID lies; start = end when there is none. */
export interface CallIdSpan {
  start: number;
  end: number;
}

const line = createHeaderLine();
const to = createAddressSpan();

/** Scans the bytes [0, length) of one datagram or framed message. */
export function peekCallId(bytes: Uint8Array, length: number, span: CallIdSpan): PeekResult {
  span.start = 0;
  span.end = 0;
  const start = lineBreaksEnd(bytes, 0, length);
  if (length - start < messageBytesMin) return PeekResult.keepAlive;
  const headersStart = nextLine(bytes, start, length);
  if (isStatusLine(bytes, start, length)) {
    findCallId(bytes, headersStart, length, span);
    return span.end > span.start ? PeekResult.response : PeekResult.nothing;
  }
  const methodEnd = tokenEnd(bytes, start, length);
  if (methodEnd === start || methodEnd >= length || bytes[methodEnd] !== 32) {
    return PeekResult.nothing;
  }
  const isInvite = methodOf(bytes, start, methodEnd) === Method.INVITE;
  findCallId(bytes, headersStart, length, span);
  if (span.end === span.start) return PeekResult.noCallId;
  if (!isInvite || hasToTag(bytes, headersStart, length)) return PeekResult.request;
  return PeekResult.newInvite;
}

function findCallId(bytes: Uint8Array, start: number, end: number, span: CallIdSpan): void {
  if (!findHeader(bytes, start, end, HeaderId.callId)) return;
  span.start = line.valueStart;
  span.end = line.valueEnd;
}

function hasToTag(bytes: Uint8Array, start: number, end: number): boolean {
  clearAddressSpan(to);
  if (!findHeader(bytes, start, end, HeaderId.to)) return false;
  scanAddress(bytes, line.valueStart, line.valueEnd, to);
  return to.tagEnd > to.tagStart;
}

/** Leaves the first header with this id in `line`, looking no further than the parser does. */
function findHeader(bytes: Uint8Array, start: number, end: number, id: HeaderId): boolean {
  let pos = start;
  for (let row = 0; row < headersMax && pos < end; row++) {
    if (emptyLineLength(bytes, pos, end) > 0) return false;
    pos = readHeaderLine(bytes, pos, end, line);
    if (line.id === id) return true;
  }
  return false;
}
