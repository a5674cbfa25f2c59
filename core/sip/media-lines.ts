// How many media a session description names (RFC 4566 5.14), without reading it.
import { Char } from '../bytes/character-class.ts';
import type { SipMessage } from './message.ts';

/** An offer with more is refused. */
export const mediaLinesMax = 32;

/** "m=a 0 b 0" and its line feed. */
const mediaLineBytesMin = 10;
const letterM = 109;
const equals = 61;

/** Whether more than `mediaLinesMax` lines of the body begin with "m=". */
export function hasTooManyMedia({ bytes, bodyStart, bodyEnd }: SipMessage): boolean {
  // Nearly every body ends here.
  if (bodyEnd - bodyStart < (mediaLinesMax + 1) * mediaLineBytesMin) return false;
  let lines = 0;
  let isLineStart = true;
  for (let pos = bodyStart; pos + 1 < bodyEnd; pos++) {
    const octet = bytes[pos]!;
    if (isLineStart && octet === letterM && bytes[pos + 1] === equals) lines++;
    isLineStart = octet === Char.lineFeed;
  }
  return lines > mediaLinesMax;
}
