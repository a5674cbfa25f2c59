// From and To in bytes: where the URI and the tag lie (RFC 3261 20.20, 20.39, 25.1).
import { Char, CharacterClass, lineWhiteEnd, runEnd } from '../bytes/character-class.ts';
import { createParamSpan, quotedEnd, scanParam } from './param-scan.ts';

const { space, quote, semicolon, less, greater } = Char;
const { addressStop, bracketStop } = CharacterClass;

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
  if (pos < end && bytes[pos] === quote) {
    pos = quotedEnd(bytes, pos, end);
    if (pos < 0) return false;
    pos = lineWhiteEnd(bytes, pos, end);
    if (pos >= end || bytes[pos] !== less) return false;
  } else {
    pos = displayEnd(bytes, pos, end);
    if (pos < 0) return false;
  }
  if (pos < end && bytes[pos] === less) {
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
  pos = runEnd(bytes, pos, end, addressStop);
  if (pos === end) return end;
  const octet = bytes[pos]!;
  return octet === less || octet === semicolon ? pos : -1;
}

/** The closing bracket; a URI holds no white space and no bracket. */
function bracketEnd(bytes: Uint8Array, pos: number, end: number): number {
  pos = runEnd(bytes, pos, end, bracketStop);
  return pos < end && bytes[pos] === greater ? pos : -1;
}

function wordEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && bytes[pos]! > space) pos++;
  return pos;
}

/** Walks the header parameters to the end of the value; the first tag counts. */
function scanTag(bytes: Uint8Array, start: number, end: number, span: AddressSpan): boolean {
  let pos = start;
  while (pos < end) {
    if (bytes[pos] !== semicolon) return false;
    pos = scanParam(bytes, pos, end, param);
    if (pos < 0) return false;
    if (span.tagEnd === 0 && isTag(bytes, param.nameStart, param.nameEnd)) {
      span.tagStart = param.valueStart;
      span.tagEnd = param.valueEnd;
    }
  }
  return true;
}

/** "tag" in any case: setting bit 5 folds letters, and nothing else becomes one by it. */
function isTag(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 3 &&
    (bytes[start]! | 32) === 116 &&
    (bytes[start + 1]! | 32) === 97 &&
    (bytes[start + 2]! | 32) === 103
  );
}
