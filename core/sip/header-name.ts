// Header names in bytes, in any case and in compact form (RFC 3261 7.3.1, 7.3.3). Two ways to find one:
// by its first octets when the colon follows at once, which needs no look for the end, and by its extent.
// Both know the same table and must find the same.
import { Char, foldedOctet } from '../bytes/character-class.ts';
import { HeaderId, headerIdsMax, headerTable } from './header-id.ts';

const { colon } = Char;
const { other } = HeaderId;

// Names in lower case, each with its colon, `nameStride` bytes an id.
const nameStride = 24;
const names = new Uint8Array(headerIdsMax * nameStride);
const nameLengths = new Uint8Array(headerIdsMax);
/** Index: HeaderId; octets of the full name, 0 for other. */
export const headerNameLengths: Uint8Array = nameLengths;
const compactIds = new Uint8Array(256);

// By extent: a chain of ids for every hash of first letter, last letter and length.
const chainHeads = new Uint8Array(128);
const chainNexts = new Uint8Array(headerIdsMax);

// By first octets: name and colon, four octets a word; a chain of ids for every hash of the first three
// octets. The masks leave out bit 5 of letters, and all that follows the colon.
const nameWords = nameStride / 4;
const words = new Int32Array(headerIdsMax * nameWords);
const masks = new Int32Array(headerIdsMax * nameWords);
const wordCounts = new Uint8Array(headerIdsMax);
const startHeads = new Uint8Array(128);
const startNexts = new Uint8Array(headerIdsMax);

for (const [id, name, compact] of headerTable) {
  for (let i = 0; i < name.length; i++) {
    names[id * nameStride + i] = foldedOctet(name.charCodeAt(i));
  }
  names[id * nameStride + name.length] = colon;
  nameLengths[id] = name.length;
  const slot = nameSlot(names, id * nameStride, id * nameStride + name.length);
  chainNexts[id] = chainHeads[slot]!;
  chainHeads[slot] = id;
  if (compact !== '') {
    compactIds[compact.charCodeAt(0)] = id;
    compactIds[compact.toUpperCase().charCodeAt(0)] = id;
  }
}

// Backwards: of names that start alike the one that stands first in the table comes first.
for (const [id, name] of [...headerTable].reverse()) {
  wordCounts[id] = (name.length + 1 + 3) >> 2;
  for (let i = 0; i <= name.length; i++) {
    const octet = names[id * nameStride + i]!;
    const mask = octet >= 97 ? 0xdf : 0xff;
    const at = id * nameWords + (i >> 2);
    masks[at]! |= mask << (8 * (i & 3));
    words[at]! |= (octet & mask) << (8 * (i & 3));
  }
  const slot = startSlot(wordAt(names, id * nameStride));
  startNexts[id] = startHeads[slot]!;
  startHeads[slot] = id;
}

/** The header whose full name and colon stand at `pos`; `other` says only that this look-up fails. */
export function headerIdAt(bytes: Uint8Array, pos: number, end: number): HeaderId {
  if (pos + 4 > end) return other;
  const start = wordAt(bytes, pos);
  for (let id = startHeads[startSlot(start)]!; id !== other; id = startNexts[id]!) {
    const at = id * nameWords;
    if ((start & masks[at]!) === words[at] && goesOn(bytes, pos, end, id)) return id as HeaderId;
  }
  return other;
}

/** Whether the words after the first are those of the name. */
function goesOn(bytes: Uint8Array, pos: number, end: number, id: number): boolean {
  const count = wordCounts[id]!;
  if (pos + 4 * count > end) return false;
  const at = id * nameWords;
  for (let i = 1; i < count; i++) {
    if ((wordAt(bytes, pos + 4 * i) & masks[at + i]!) !== words[at + i]) return false;
  }
  return true;
}

function wordAt(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
}

function startSlot(word: number): number {
  return Math.imul((word & 0xffffff) | 0x202020, 0x9e3779b1) >>> 25;
}

function nameSlot(bytes: Uint8Array, start: number, end: number): number {
  return ((bytes[start]! | 32) + 7 * (bytes[end - 1]! | 32) + 13 * (end - start)) & 127;
}

/** The header that [start, end), all octets above 32, names, in full or in compact form. */
export function headerIdOf(bytes: Uint8Array, start: number, end: number): HeaderId {
  const length = end - start;
  if (length === 1) return compactIds[bytes[start]!]! as HeaderId;
  if (length < 1 || length >= nameStride) return other;
  let id = chainHeads[nameSlot(bytes, start, end)]!;
  while (id !== other) {
    if (nameLengths[id] === length && spells(bytes, start, id, length)) return id as HeaderId;
    id = chainNexts[id]!;
  }
  return other;
}

/** No octet up to 32 comes here, so that setting bit 5 folds letters and moves nothing else onto a name. */
function spells(bytes: Uint8Array, start: number, id: number, length: number): boolean {
  const at = id * nameStride;
  for (let i = 0; i < length; i++) {
    if ((bytes[start + i]! | 32) !== names[at + i]) return false;
  }
  return true;
}
