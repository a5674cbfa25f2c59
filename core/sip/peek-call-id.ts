// What the main thread must know of a message before a worker parses it: its Call-ID, and whether it is
// a new INVITE, the first thing to be refused under overload. Reads lines with the parser's own
// functions, and stops as soon as it knows.
import { tokenEnd } from '../bytes/character-class.ts';
import { createAddressSpan, scanAddress } from './address-scan.ts';
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

const { callId: callIdId, to: toId } = HeaderId;
const rowsMax = headersMax;
const line = createHeaderLine();
const to = createAddressSpan();
const callId: CallIdSpan = { start: 0, end: 0 };

/** Scans the bytes [0, length) of one datagram or framed message. */
export function peekCallId(bytes: Uint8Array, length: number, span: CallIdSpan): PeekResult {
  span.start = 0;
  span.end = 0;
  const start = lineBreaksEnd(bytes, 0, length);
  if (length - start < messageBytesMin) return PeekResult.keepAlive;
  if (isStatusLine(bytes, start, length)) {
    findCallId(bytes, nextLine(bytes, start, length), length, false);
    span.start = callId.start;
    span.end = callId.end;
    return span.end > span.start ? PeekResult.response : PeekResult.nothing;
  }
  const methodEnd = tokenEnd(bytes, start, length);
  if (methodEnd === start || methodEnd >= length || bytes[methodEnd] !== 32) {
    return PeekResult.nothing;
  }
  const isInvite = methodOf(bytes, start, methodEnd) === Method.INVITE;
  const headersStart = nextLine(bytes, methodEnd, length);
  const hasToTag = findCallId(bytes, headersStart, length, isInvite);
  span.start = callId.start;
  span.end = callId.end;
  if (span.end === span.start) return PeekResult.noCallId;
  return isInvite && !hasToTag ? PeekResult.newInvite : PeekResult.request;
}

/** Leaves the first Call-ID in `callId` and, `withTo`, says whether the first To has a tag; looks no further than it
 *  must, nor than the parser does. */
function findCallId(bytes: Uint8Array, start: number, end: number, withTo: boolean): boolean {
  callId.start = 0;
  callId.end = 0;
  let callIdFound = false;
  let toFound = !withTo;
  let tagged = false;
  let pos = start;
  for (let row = 0; row < rowsMax && pos < end; row++) {
    if (callIdFound && toFound) break;
    if (emptyLineLength(bytes, pos, end) > 0) break;
    pos = readHeaderLine(bytes, pos, end, line);
    if (line.id === callIdId && !callIdFound) {
      callIdFound = true;
      callId.start = line.valueStart;
      callId.end = line.valueEnd;
    } else if (line.id === toId && !toFound) {
      toFound = true;
      scanAddress(bytes, line.valueStart, line.valueEnd, to);
      tagged = to.tagEnd > to.tagStart;
    }
  }
  return tagged;
}
