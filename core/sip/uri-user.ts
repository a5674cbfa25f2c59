// The number called or calling, read from the bytes of a URI: the usual "sip:442071234567@192.0.2.1:5060"
// needs no parsing into parts.
import { Char, equalsFolded } from '../bytes/character-class.ts';
import { digitsEnd, digitsValue } from '../bytes/digits.ts';
import type { MessageBytes } from '../bytes/latin1.ts';
import { uriUser } from './uri.ts';

/** As uriUser of the text [start, end). */
export function uriUserAt(bytes: MessageBytes, start: number, end: number): string {
  const userEnd = plainUserEnd(bytes, start, end);
  return userEnd < 0
    ? uriUser(bytes.latin1Slice(start, end))
    : bytes.latin1Slice(start + scheme.length, userEnd);
}

const scheme = 'sip:';

/** Where the user ends in scheme, user, host and perhaps a port, with no escape, password, parameter or
 *  header; -1 for any other URI, also where it is malformed. */
function plainUserEnd(bytes: Uint8Array, start: number, end: number): number {
  const userStart = start + scheme.length;
  if (userStart >= end || !equalsFolded(bytes, start, userStart, scheme)) return -1;
  const userEnd = plainEnd(bytes, userStart, end);
  if (userEnd === userStart || userEnd >= end || bytes[userEnd] !== Char.at) return -1;
  const hostEnd = plainEnd(bytes, userEnd + 1, end);
  if (hostEnd === userEnd + 1) return -1;
  if (hostEnd === end) return userEnd;
  if (bytes[hostEnd] !== Char.colon || digitsEnd(bytes, hostEnd + 1, end) !== end) return -1;
  return digitsValue(bytes, hostEnd + 1, end, 65_535) > 0 ? userEnd : -1;
}

/** The end of a run of letters, digits, "-", "." and "_": each may stand in a user and in a host. */
function plainEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && isPlain(bytes[pos]!)) pos++;
  return pos;
}

function isPlain(octet: number): boolean {
  if (octet >= Char.zero && octet <= Char.nine) return true;
  const folded = octet | 32;
  return (folded >= 97 && folded <= 122) || octet === 45 || octet === 46 || octet === 95;
}
