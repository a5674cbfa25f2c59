// Lines and header fields in bytes. The parser, the Call-ID scan of the main thread and the stream
// framing all read through these few functions, which is why they cannot disagree about what a header
// is (threats: smuggling).
import {
  Char,
  foldedOctet,
  isLineWhite,
  lineWhiteEnd,
  tokenEnd,
} from '../bytes/character-class.ts';
import { HeaderId, headerIdsMax, headerTable } from './header-id.ts';

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
  return octet === Char.carriageReturn || octet === Char.lineFeed;
}

/**
 * The line feed that ends the line, or `end`. Lines end in CRLF or a bare LF. A carriage return alone ends
 * none: elsewhere it does not either, and what follows it would be a header that only we see.
 */
export function lineFeed(bytes: Uint8Array, pos: number, end: number): number {
  // A native search: for lines of the usual length much faster than a loop over the octets.
  const at = bytes.indexOf(Char.lineFeed, pos);
  return at < 0 || at > end ? end : at;
}

/** Where the line after the one at `pos` starts, or `end`. */
export function nextLine(bytes: Uint8Array, pos: number, end: number): number {
  const at = lineFeed(bytes, pos, end);
  return at < end ? at + 1 : end;
}

/** Length of the empty line at `pos`: 1 (LF), 2 (CRLF), 0 when the line there is not empty. */
export function emptyLineLength(bytes: Uint8Array, pos: number, end: number): number {
  const octet = bytes[pos]!;
  if (octet === Char.lineFeed) return 1;
  if (octet !== Char.carriageReturn || pos + 1 >= end) return 0;
  return bytes[pos + 1] === Char.lineFeed ? 2 : 0;
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
  let nameEnd = pos;
  while (nameEnd < end && bytes[nameEnd]! > Char.space && bytes[nameEnd] !== Char.colon) nameEnd++;
  let colon = nameEnd;
  while (colon < end && isBlank(bytes[colon]!)) colon++;
  let isHeader = colon < end && bytes[colon] === Char.colon && nameEnd > pos;
  const id = isHeader ? headerIdOf(bytes, pos, nameEnd) : HeaderId.other;
  // A name that the table knows is a token; any other has to be looked at.
  if (id === HeaderId.other && isHeader) isHeader = tokenEnd(bytes, pos, nameEnd) === nameEnd;
  let stop = lineFeed(bytes, colon, end);
  while (stop + 1 < end && isBlank(bytes[stop + 1]!)) stop = lineFeed(bytes, stop + 2, end);
  let valueStart = isHeader ? colon + 1 : stop;
  let valueEnd = stop;
  valueStart = lineWhiteEnd(bytes, valueStart, valueEnd);
  while (valueEnd > valueStart && isLineWhite(bytes[valueEnd - 1]!)) valueEnd--;
  line.id = id;
  line.nameStart = pos;
  line.nameEnd = isHeader ? nameEnd : stop;
  line.valueStart = valueStart;
  line.valueEnd = valueEnd;
  return stop < end ? stop + 1 : end;
}

function isBlank(octet: number): boolean {
  return octet === Char.space || octet === Char.tab;
}

// Names in lower case, `nameStride` bytes an id; a chain of ids for every hash of first letter, last
// letter and length.
const nameStride = 24;
const names = new Uint8Array(headerIdsMax * nameStride);
const nameLengths = new Uint8Array(headerIdsMax);
const chainHeads = new Uint8Array(128);
const chainNexts = new Uint8Array(headerIdsMax);
const compactIds = new Uint8Array(256);

for (const [id, name, compact] of headerTable) {
  for (let i = 0; i < name.length; i++) {
    names[id * nameStride + i] = foldedOctet(name.charCodeAt(i));
  }
  nameLengths[id] = name.length;
  const slot = nameSlot(names, id * nameStride, id * nameStride + name.length);
  chainNexts[id] = chainHeads[slot]!;
  chainHeads[slot] = id;
  if (compact !== '') {
    compactIds[compact.charCodeAt(0)] = id;
    compactIds[compact.toUpperCase().charCodeAt(0)] = id;
  }
}

function nameSlot(bytes: Uint8Array, start: number, end: number): number {
  return ((bytes[start]! | 32) + 7 * (bytes[end - 1]! | 32) + 13 * (end - start)) & 127;
}

/** The header that [start, end), all octets above 32, names, in full or in compact form (RFC 3261 7.3.3). */
export function headerIdOf(bytes: Uint8Array, start: number, end: number): HeaderId {
  const length = end - start;
  if (length === 1) return compactIds[bytes[start]!]! as HeaderId;
  if (length < 1 || length >= nameStride) return HeaderId.other;
  let id = chainHeads[nameSlot(bytes, start, end)]!;
  while (id !== HeaderId.other) {
    if (nameLengths[id] === length && spells(bytes, start, id, length)) return id as HeaderId;
    id = chainNexts[id]!;
  }
  return HeaderId.other;
}

/** No octet up to 32 comes here, so that setting bit 5 folds letters and moves nothing else onto a name. */
function spells(bytes: Uint8Array, start: number, id: number, length: number): boolean {
  const at = id * nameStride;
  for (let i = 0; i < length; i++) {
    if ((bytes[start + i]! | 32) !== names[at + i]) return false;
  }
  return true;
}
