// From and To in bytes: where the URI and the tag lie (RFC 3261 20.20, 20.39, 25.1).
import { Char, equalsFolded, lineWhiteEnd } from '../bytes/character-class.ts';
import { createParamSpan, quotedEnd, scanParam } from './param-scan.ts';

/** Offsets into the message; start = end where there is none. */
export interface AddressSpan {
  uriStart: number;
  uriEnd: number;
  tagStart: number;
  tagEnd: number;
}

export function createAddressSpan(): AddressSpan {
  return { uriStart: 0, uriEnd: 0, tagStart: 0, tagEnd: 0 };
}

export function clearAddressSpan(span: AddressSpan): void {
  span.uriStart = 0;
  span.uriEnd = 0;
  span.tagStart = 0;
  span.tagEnd = 0;
}

const param = createParamSpan();

/** Fills `span` from one name-addr or addr-spec with parameters; false when it is not exactly one. */
export function scanAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  span: AddressSpan,
): boolean {
  clearAddressSpan(span);
  let pos = start;
  if (pos < end && bytes[pos] === Char.quote) {
    pos = quotedEnd(bytes, pos, end);
    if (pos < 0) return false;
    pos = lineWhiteEnd(bytes, pos, end);
    if (pos >= end || bytes[pos] !== Char.less) return false;
  } else {
    pos = displayEnd(bytes, pos, end);
    if (pos < 0) return false;
  }
  if (pos < end && bytes[pos] === Char.less) {
    span.uriStart = pos + 1;
    pos = bracketEnd(bytes, pos + 1, end);
    if (pos < 0) return false;
    span.uriEnd = pos;
    pos = lineWhiteEnd(bytes, pos + 1, end);
  } else {
    // RFC 3261 20: without brackets what follows the first semicolon belongs to the header.
    span.uriStart = start;
    span.uriEnd = wordEnd(bytes, start, pos);
    if (lineWhiteEnd(bytes, span.uriEnd, pos) !== pos) return false;
  }
  return span.uriEnd > span.uriStart && scanTag(bytes, pos, end, span);
}

/** The bracket, the semicolon or the end after an unquoted display name or a bare URI. A comma or a
 *  quote there is malformed (RFC 3261 20.10, 25.1 display-name). */
function displayEnd(bytes: Uint8Array, pos: number, end: number): number {
  for (; pos < end; pos++) {
    const octet = bytes[pos]!;
    if (octet === Char.less || octet === Char.semicolon) return pos;
    if (octet === Char.comma || octet === Char.quote || octet === Char.greater) return -1;
  }
  return end;
}

/** The closing bracket; a URI holds no white space and no bracket. */
function bracketEnd(bytes: Uint8Array, pos: number, end: number): number {
  for (; pos < end; pos++) {
    const octet = bytes[pos]!;
    if (octet === Char.greater) return pos;
    if (octet <= Char.space || octet === Char.less) return -1;
  }
  return -1;
}

function wordEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && bytes[pos]! > Char.space) pos++;
  return pos;
}

/** Walks the header parameters to the end of the value; the first tag counts. */
function scanTag(bytes: Uint8Array, start: number, end: number, span: AddressSpan): boolean {
  let pos = start;
  while (pos < end) {
    if (bytes[pos] !== Char.semicolon) return false;
    pos = scanParam(bytes, pos, end, param);
    if (pos < 0) return false;
    if (span.tagEnd === 0 && equalsFolded(bytes, param.nameStart, param.nameEnd, 'tag')) {
      span.tagStart = param.valueStart;
      span.tagEnd = param.valueEnd;
    }
  }
  return true;
}
