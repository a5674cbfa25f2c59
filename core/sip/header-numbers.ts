// Headers whose value is a number, and Call-ID: read into the message while it is parsed.
import { Char, lineWhiteEnd, tokenEnd } from '../bytes/character-class.ts';
import { digitsEnd, digitsValue } from '../bytes/digits.ts';
import { Fault } from './fault.ts';
import type { SipMessage } from './message.ts';
import { methodOf } from './method-scan.ts';

const { space } = Char;

const { ok, badCseq, badMaxForwards, badContentLength, badCallId } = Fault;

/** RFC 3261 8.1.1.5: a CSeq number is below 2^31. */
export const cseqMax = 2_147_483_647;
/** RFC 3261 20.22: 0 to 255; a higher number counts as 255. */
const maxForwardsMax = 255;
const contentLengthMax = 2_147_483_647;

/** "1 INVITE": the number below 2^31, the method that of the request (RFC 3261 8.1.1.5). */
export function readCseq(message: SipMessage, start: number, end: number): Fault {
  const { bytes } = message;
  const numberEnd = digitsEnd(bytes, start, end);
  const methodStart = lineWhiteEnd(bytes, numberEnd, end);
  const methodEnd = tokenEnd(bytes, methodStart, end);
  if (methodStart === numberEnd || methodStart === methodEnd || methodEnd !== end) {
    return badCseq;
  }
  const cseq = digitsValue(bytes, start, numberEnd, cseqMax);
  if (!message.isRequest) message.method = methodOf(bytes, methodStart, methodEnd);
  if (cseq < 0) return badCseq;
  message.cseq = cseq;
  if (message.isRequest && !isMethodOfRequest(message, methodStart, methodEnd)) {
    return badCseq;
  }
  return ok;
}

/** Methods are compared octet by octet: they are case-sensitive (RFC 3261 7.1). */
function isMethodOfRequest(message: SipMessage, start: number, end: number): boolean {
  const { bytes, start: methodStart, methodEnd } = message;
  if (end - start !== methodEnd - methodStart) return false;
  for (let i = 0; i < end - start; i++) {
    if (bytes[start + i] !== bytes[methodStart + i]) return false;
  }
  return true;
}

export function readMaxForwards(message: SipMessage, start: number, end: number): Fault {
  if (start === end || digitsEnd(message.bytes, start, end) !== end) return badMaxForwards;
  const value = digitsValue(message.bytes, start, end, maxForwardsMax);
  message.maxForwards = value < 0 ? maxForwardsMax : value;
  return ok;
}

export function readContentLength(message: SipMessage, start: number, end: number): Fault {
  message.contentLength = contentLengthValue(message.bytes, start, end);
  return message.contentLength < 0 ? badContentLength : ok;
}

/** -1 for anything but digits, and above 2^31-1. */
export function contentLengthValue(bytes: Uint8Array, start: number, end: number): number {
  if (digitsEnd(bytes, start, end) !== end) return -1;
  return digitsValue(bytes, start, end, contentLengthMax);
}

/** RFC 3261 25.1 callid: printable and without white space. */
export function readCallId(bytes: Uint8Array, start: number, end: number): Fault {
  if (start === end) return badCallId;
  for (let pos = start; pos < end; pos++) {
    if (bytes[pos]! <= space || bytes[pos] === 127) return badCallId;
  }
  return ok;
}
