// How requests find their server transaction (RFC 3261 17.2.3, 9.2), how merged requests are noticed
// (8.2.2.2), and how responses find their client transaction (17.1.3). All read the parser's spans.
import { equalsText } from '../bytes/latin1.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerTag } from '../sip/header-values.ts';
import { callIdText, requestUriText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';

/** RFC 3261 8.1.1.7: a branch that begins so, and goes on, is unique over space and time. */
const magicCookie = 'z9hG4bK';

/** The branch of the top Via; '' when there is none. */
export function topBranch(message: SipMessage): string {
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
  const { hostStart, hostEnd, branchStart, branchEnd } = topVia;
  const modern = branchStart > hostStart && hasCookie(bytes, branchStart, branchEnd);
  if (modern && isLowerCase(bytes, hostStart, hostEnd)) {
    return bytes.latin1Slice(hostStart, branchEnd);
  }
  // RFC 3261 19.1.4: hosts are compared without case.
  const host = bytes.latin1Slice(hostStart, hostEnd).toLowerCase();
  if (modern) return host + bytes.latin1Slice(hostEnd, branchEnd);
  return legacyKey(message, method, `${topBranch(message)}\n${host}:${topVia.port}`);
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

/** The Call-ID of a request that may be merged; '' for one inside a dialog, and for CANCEL: its INVITE is
 *  what counts. */
export function mergeKey(message: SipMessage): string {
  const { to } = message;
  if (message.method === Method.CANCEL || to.tagEnd > to.tagStart) return '';
  return callIdText(message);
}

/** RFC 3261 17.1.3: a CANCEL shares the branch of its INVITE. */
export function clientKey(branch: string, method: Method): string {
  return method === Method.CANCEL ? `${branch} CANCEL` : branch;
}
