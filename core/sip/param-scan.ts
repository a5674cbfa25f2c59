// Parameters (";name=value") and comma-separated values in bytes, with the white space that RFC 3261
// 25.1 allows around every mark.
import { Char, CharacterClass, lineWhiteEnd, runEnd, tokenEnd } from '../bytes/character-class.ts';

const { space, quote, comma, semicolon, less, equals, greater, backslash } = Char;
const { valueStop } = CharacterClass;

export interface ParamSpan {
  nameStart: number;
  nameEnd: number;
  /** Equal when the parameter has no value. A quoted value keeps its quotes. */
  valueStart: number;
  valueEnd: number;
}

export function createParamSpan(): ParamSpan {
  return { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 };
}

/**
 * Reads the parameter whose semicolon is at `pos`. Returns the position after it and the white space
 * that follows, or -1 when it is malformed. An empty parameter (";;") is passed over: it has no name.
 */
export function scanParam(bytes: Uint8Array, pos: number, end: number, param: ParamSpan): number {
  const nameStart = whiteEnd(bytes, pos + 1, end);
  const nameEnd = tokenEnd(bytes, nameStart, end);
  param.nameStart = nameStart;
  param.nameEnd = nameEnd;
  param.valueStart = nameEnd;
  param.valueEnd = nameEnd;
  let next = whiteEnd(bytes, nameEnd, end);
  if (next >= end || bytes[next] !== equals) return next;
  if (nameEnd === nameStart) return -1;
  next = whiteEnd(bytes, next + 1, end);
  param.valueStart = next;
  if (next < end && bytes[next] === quote) {
    next = quotedEnd(bytes, next, end);
    if (next < 0) return -1;
  } else next = runEnd(bytes, next, end, valueStop);
  param.valueEnd = next;
  return whiteEnd(bytes, next, end);
}

/** As lineWhiteEnd, for places where there nearly never is any: no call then. */
function whiteEnd(bytes: Uint8Array, pos: number, end: number): number {
  return pos < end && bytes[pos]! <= space ? lineWhiteEnd(bytes, pos, end) : pos;
}

/** Position after the quoted string that opens at `pos`, or -1 when it never closes. */
export function quotedEnd(bytes: Uint8Array, pos: number, end: number): number {
  for (pos++; pos < end; pos++) {
    const octet = bytes[pos]!;
    if (octet === quote) return pos + 1;
    if (octet === backslash) pos++;
  }
  return -1;
}

/**
 * Counts the comma-separated values of [pos, end), commas in quotes and angle brackets apart. -1 when a
 * value is empty or starts with a semicolon, or a quote or bracket never closes.
 */
export function countValues(bytes: Uint8Array, pos: number, end: number): number {
  let count = 0;
  for (;;) {
    pos = lineWhiteEnd(bytes, pos, end);
    if (pos >= end || bytes[pos] === comma || bytes[pos] === semicolon) return -1;
    count++;
    pos = listValueEnd(bytes, pos, end);
    if (pos < 0) return -1;
    if (pos >= end) return count;
    pos++;
  }
}

/** The comma that ends the value at `pos`, `end` after the last, -1 when it is not closed. */
function listValueEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end) {
    const octet = bytes[pos]!;
    if (octet === comma) return pos;
    if (octet === quote) {
      pos = quotedEnd(bytes, pos, end);
      if (pos < 0) return -1;
    } else if (octet === less) {
      while (pos < end && bytes[pos] !== greater) pos++;
      if (pos >= end) return -1;
      pos++;
    } else pos++;
  }
  return end;
}
