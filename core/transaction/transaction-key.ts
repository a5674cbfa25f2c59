// What a server transaction is matched by (RFC 3261 17.2.3), read from the parser's spans. The tables of
// transactions are in server-table.ts and client-table.ts.
import { equalsText } from '../bytes/latin1.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerTag } from '../sip/header-values.ts';
import { callIdText, requestUriText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';

/** RFC 3261 8.1.1.7: a branch that begins so, and goes on, is unique over space and time. */
const magicCookie = 'z9hG4bK';

/** '' when there is none. */
function topBranch(message: SipMessage): string {
  const { bytes, topVia } = message;
  return bytes.latin1Slice(topVia.branchStart, topVia.branchEnd);
}

/**
 * What RFC 3261 17.2.3 matches a request by, the method apart: branch and sent-by. They are taken as they
 * stand, one behind the other, in one piece: the ACK and the CANCEL of an INVITE repeat its top Via to
 * the letter (RFC 3261 9.1, 17.1.1.3), and one flat string is cheap to make and to keep.
 */
export function serverKey(message: SipMessage, method: Method): string {
  const { bytes, topVia } = message;
  const { hostStart, hostEnd, branchEnd } = topVia;
  if (hasPlainKey(message)) return bytes.latin1Slice(hostStart, branchEnd);
  // RFC 3261 19.1.4: hosts are compared without case.
  const host = bytes.latin1Slice(hostStart, hostEnd).toLowerCase();
  if (isModern(message)) return host + bytes.latin1Slice(hostEnd, branchEnd);
  return legacyKey(message, method, `${topBranch(message)}\n${host}:${topVia.port}`);
}

/** Whether the key stands in the message as it is: from the host of the top Via to the end of its branch. */
export function hasPlainKey(message: SipMessage): boolean {
  const { hostStart, hostEnd } = message.topVia;
  return isModern(message) && isLowerCase(message.bytes, hostStart, hostEnd);
}

/** RFC 3261 17.2.3: the branch of a peer of this RFC. */
function isModern(message: SipMessage): boolean {
  const { hostStart, branchStart, branchEnd } = message.topVia;
  return branchStart > hostStart && hasCookie(message.bytes, branchStart, branchEnd);
}

function isLowerCase(bytes: Uint8Array, start: number, end: number): boolean {
  for (let pos = start; pos < end; pos++) {
    if (bytes[pos]! >= 65 && bytes[pos]! <= 90) return false;
  }
  return true;
}

function hasCookie(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= magicCookie.length) return false;
  return equalsText(bytes, start, start + magicCookie.length, magicCookie);
}

/** RFC 3261 17.2.3 for peers of RFC 2543. The To tag is left out for INVITE: its ACK has that of our
 *  response, and what remains tells one INVITE from another. */
function legacyKey(message: SipMessage, method: Method, viaKey: string): string {
  const toTag = method === Method.INVITE ? '' : headerTag(message, HeaderId.to);
  return [
    method,
    requestUriText(message),
    toTag,
    headerTag(message, HeaderId.from),
    callIdText(message),
    message.cseq,
    viaKey,
  ].join('\n');
}
