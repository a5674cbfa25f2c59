// Parameters (";name=value") and comma-separated values in bytes, with the white space that RFC 3261
// 25.1 allows around every mark.
import { Char, isLineWhite, lineWhiteEnd, tokenEnd } from '../bytes/character-class.ts';

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
  const nameStart = lineWhiteEnd(bytes, pos + 1, end);
  const nameEnd = tokenEnd(bytes, nameStart, end);
  param.nameStart = nameStart;
  param.nameEnd = nameEnd;
  let next = nameEnd === end ? end : lineWhiteEnd(bytes, nameEnd, end);
  param.valueStart = nameEnd;
  param.valueEnd = nameEnd;
  if (next >= end || bytes[next] !== Char.equals) return next;
  if (nameEnd === nameStart) return -1;
  next = lineWhiteEnd(bytes, next + 1, end);
  param.valueStart = next;
  next = valueEnd(bytes, next, end);
  if (next < 0) return -1;
  param.valueEnd = next;
  return lineWhiteEnd(bytes, next, end);
}

function valueEnd(bytes: Uint8Array, pos: number, end: number): number {
  if (pos < end && bytes[pos] === Char.quote) return quotedEnd(bytes, pos, end);
  for (; pos < end; pos++) {
    const octet = bytes[pos]!;
    if (octet > Char.semicolon) continue;
    if (octet === Char.semicolon || octet === Char.comma || isLineWhite(octet)) break;
  }
  return pos;
}

/** Position after the quoted string that opens at `pos`, or -1 when it never closes. */
export function quotedEnd(bytes: Uint8Array, pos: number, end: number): number {
  for (pos++; pos < end; pos++) {
    const octet = bytes[pos]!;
    if (octet === Char.quote) return pos + 1;
    if (octet === Char.backslash) pos++;
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
    if (pos >= end || bytes[pos] === Char.comma || bytes[pos] === Char.semicolon) return -1;
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
    if (octet === Char.comma) return pos;
    if (octet === Char.quote) {
      pos = quotedEnd(bytes, pos, end);
      if (pos < 0) return -1;
    } else if (octet === Char.less) {
      while (pos < end && bytes[pos] !== Char.greater) pos++;
      if (pos >= end) return -1;
      pos++;
    } else pos++;
  }
  return end;
}
