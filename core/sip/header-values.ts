// Reading single facts out of a parsed message: a tag, an option tag, all values of a list header.
import {
  Char,
  equalsFolded,
  isLineWhite,
  lineWhiteEnd,
  tokenEnd,
} from '../bytes/character-class.ts';
import { digitsEnd, digitsValue } from '../bytes/digits.ts';
import { HeaderId } from './header-id.ts';
import { splitHeaderValues } from './header-list.ts';
import { headerStride, nextRow, rowText, type SipMessage } from './message.ts';

/** The tag of From or To; '' when there is none. Tags inside the URI or a display name do not count. */
export function headerTag(
  message: SipMessage,
  id: typeof HeaderId.from | typeof HeaderId.to,
): string {
  const { tagStart, tagEnd } = id === HeaderId.from ? message.from : message.to;
  return tagEnd > tagStart ? message.bytes.latin1Slice(tagStart, tagEnd) : '';
}

/** Whether a token list (Supported, Require, Allow …) names `tag` (lower case), in any of its rows. */
export function hasOptionTag(message: SipMessage, id: HeaderId, tag: string): boolean {
  const { bytes, headers } = message;
  for (let row = message.firstRow[id]!; row >= 0; row = nextRow(message, row)) {
    const end = headers[row * headerStride + 4]!;
    let pos = headers[row * headerStride + 3]!;
    while (pos < end) {
      pos = lineWhiteEnd(bytes, pos, end);
      const stop = tokenEnd(bytes, pos, end);
      if (equalsFolded(bytes, pos, stop, tag)) return true;
      pos = stop;
      while (pos < end && bytes[pos] !== Char.comma) pos++;
      pos++;
    }
  }
  return false;
}

/** All comma-separated values of a header over all its rows, in order. */
export function headerValues(message: SipMessage, id: HeaderId): string[] {
  const values: string[] = [];
  for (let row = message.firstRow[id]!; row >= 0; row = nextRow(message, row)) {
    for (const value of splitHeaderValues(rowText(message, row))) values.push(value);
  }
  return values;
}

/**
 * The number that the first header with this id starts with (RSeq, Expires, Session-Expires,
 * Retry-After: parameters or a comment may follow); -1 when absent, malformed or above 2^32-1.
 */
export function headerInteger(message: SipMessage, id: HeaderId): number {
  const row = message.firstRow[id]!;
  if (row < 0) return -1;
  const { bytes, headers } = message;
  const start = headers[row * headerStride + 3]!;
  const end = headers[row * headerStride + 4]!;
  const numberEnd = digitsEnd(bytes, start, end);
  if (numberEnd < end && !endsNumber(bytes[numberEnd]!)) return -1;
  return digitsValue(bytes, start, numberEnd, 4_294_967_295);
}

function endsNumber(octet: number): boolean {
  return octet === Char.semicolon || octet === Char.openParenthesis || isLineWhite(octet);
}
