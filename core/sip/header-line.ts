// Lines and header fields in bytes. The parser, the Call-ID scan of the main thread and the stream
// framing all read through these few functions, which is why they cannot disagree about what a header
// is (threats: smuggling).
import { Char, isLineWhite, tokenEnd } from '../bytes/character-class.ts';
import { HeaderId } from './header-id.ts';
import { headerIdAt, headerIdOf, headerNameLengths } from './header-name.ts';

const { tab, lineFeed: lineFeedOctet, carriageReturn, space, colon: colonOctet } = Char;
const { other } = HeaderId;
const nameLengths = headerNameLengths;

/** Where one header field lies. Filled by `readHeaderLine`. */
export interface HeaderLine {
  /** HeaderId.other also for a line that is no header field at all: then the name is the whole line. */
  id: HeaderId;
  nameStart: number;
  nameEnd: number;
  /** The value without white space around it; folds inside are kept. */
  valueStart: number;
  valueEnd: number;
}

export function createHeaderLine(): HeaderLine {
  return { id: HeaderId.other, nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 };
}

/** Leading CRLFs are ignored (RFC 3261 7.5). */
export function lineBreaksEnd(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && isLineBreak(bytes[pos]!)) pos++;
  return pos;
}

export function isLineBreak(octet: number): boolean {
  return octet === carriageReturn || octet === lineFeedOctet;
}

/**
 * The line feed that ends the line, or `end`. Lines end in CRLF or a bare LF. A carriage return alone ends
 * none: elsewhere it does not either, and what follows it would be a header that only we see.
 */
export function lineFeed(bytes: Uint8Array, pos: number, end: number): number {
  // For lines of the usual length cheaper than the call that a native search is. Eight octets a turn:
  // most of what a turn costs is the loop's own.
  const last = end - 8;
  while (pos <= last) {
    if (bytes[pos] === lineFeedOctet) return pos;
    if (bytes[pos + 1] === lineFeedOctet) return pos + 1;
    if (bytes[pos + 2] === lineFeedOctet) return pos + 2;
    if (bytes[pos + 3] === lineFeedOctet) return pos + 3;
    if (bytes[pos + 4] === lineFeedOctet) return pos + 4;
    if (bytes[pos + 5] === lineFeedOctet) return pos + 5;
    if (bytes[pos + 6] === lineFeedOctet) return pos + 6;
    if (bytes[pos + 7] === lineFeedOctet) return pos + 7;
    pos += 8;
  }
  while (pos < end && bytes[pos] !== lineFeedOctet) pos++;
  return pos;
}

/** Where the line after the one at `pos` starts, or `end`. */
export function nextLine(bytes: Uint8Array, pos: number, end: number): number {
  const at = lineFeed(bytes, pos, end);
  return at < end ? at + 1 : end;
}

/** Length of the empty line at `pos`: 1 (LF), 2 (CRLF), 0 when the line there is not empty. */
export function emptyLineLength(bytes: Uint8Array, pos: number, end: number): number {
  const octet = bytes[pos]!;
  if (octet === lineFeedOctet) return 1;
  if (octet !== carriageReturn || pos + 1 >= end) return 0;
  return bytes[pos + 1] === lineFeedOctet ? 2 : 0;
}

/**
 * Reads the header field that starts at `pos`, folded lines included (RFC 3261 7.3.1), and returns where
 * the next one starts. Between name and colon only SP and HTAB may stand (RFC 3261 25.1 HCOLON); with any
 * other octet there the line is not that header (RFC 3261 8.2.2: ignore what is malformed).
 */
export function readHeaderLine(
  bytes: Uint8Array,
  pos: number,
  end: number,
  line: HeaderLine,
): number {
  // Nearly every line starts with a full name and a colon: found without looking for the name's end.
  let id = headerIdAt(bytes, pos, end);
  let isHeader = id !== other;
  let nameEnd = pos + nameLengths[id]!;
  let colon = nameEnd;
  if (!isHeader) {
    nameEnd = tokenEnd(bytes, pos, end);
    colon = nameEnd;
    while (colon < end && isBlank(bytes[colon]!)) colon++;
    isHeader = colon < end && bytes[colon] === colonOctet && nameEnd > pos;
    if (isHeader) id = headerIdOf(bytes, pos, nameEnd);
  }
  let stop = lineFeed(bytes, colon, end);
  while (stop + 1 < end && isBlank(bytes[stop + 1]!)) stop = lineFeed(bytes, stop + 2, end);
  let valueStart = isHeader ? colon + 1 : stop;
  let valueEnd = stop;
  while (valueStart < valueEnd && isLineWhite(bytes[valueStart]!)) valueStart++;
  while (valueEnd > valueStart && isLineWhite(bytes[valueEnd - 1]!)) valueEnd--;
  line.id = id;
  line.nameStart = pos;
  line.nameEnd = isHeader ? nameEnd : stop;
  line.valueStart = valueStart;
  line.valueEnd = valueEnd;
  return stop < end ? stop + 1 : end;
}

function isBlank(octet: number): boolean {
  return octet === space || octet === tab;
}
