// Which prefixes does a number begin with, longest first. The number is hashed once, byte by byte;
// only lengths that exist under its leading bytes are probed; the shorter matches then follow from
// entry to parent without any probing (layout: core/configuration/snapshot-layout.ts).
import { byteHash, byteHashMix } from '../bytes/byte-hash.ts';
import type { KeySets, PrefixTable } from '../configuration/snapshot.ts';
import {
  maskLeadingBytes,
  prefixBytesMax,
  prefixEntryWords,
} from '../configuration/snapshot-layout.ts';
import { leadingHashes } from './leading-hashes.ts';

const lowLengths = (1 << (maskLeadingBytes - 1)) - 1;

/** Entry of the longest prefix of `number` (a byte string); -1: none, not even the empty one. */
export function longestPrefix(table: PrefixTable, number: string): number {
  return longestPrefixBelow(table, number, prefixBytesMax);
}

/** The same among prefixes of at most `lengthMax` bytes. */
export function longestPrefixBelow(table: PrefixTable, number: string, lengthMax: number): number {
  const length = Math.min(number.length, lengthMax, prefixBytesMax);
  const hashes = leadingHashes(number);
  let mask = table.shortLengthMask & lowLengths;
  if (length >= maskLeadingBytes) {
    const leading = byteHashMix(hashes[maskLeadingBytes]!);
    mask |= table.lengthMasks[leading & (table.lengthMasks.length - 1)]!;
  }
  if (length < 32) mask &= (1 << length) - 1;
  while (mask !== 0) {
    const probed = 32 - Math.clz32(mask);
    const entry = findEntry(table, number, probed);
    if (entry >= 0) return entry;
    mask &= ~(1 << (probed - 1));
  }
  return table.emptyPrefixEntry;
}

/** Entry of the next shorter prefix that matches as well; -1: none. */
export function shorterPrefix(table: PrefixTable, entry: number): number {
  return table.entries[entry * prefixEntryWords + 3]! - 1;
}

export function prefixLengthOf(table: KeySets, entry: number): number {
  return table.entries[entry * prefixEntryWords + 1]! >>> 16;
}

export function gatewayCountOf(table: KeySets, entry: number): number {
  return table.entries[entry * prefixEntryWords + 1]! & 0xffff;
}

/** Row of the gateway at `index` of an entry's list. */
export function gatewayRowOf(table: KeySets, entry: number, index: number): number {
  const place = table.entries[entry * prefixEntryWords + 2]!;
  return gatewayCountOf(table, entry) === 1 ? place : table.lists[place + index]!;
}

/** Entry of the key that is `text` as a whole; -1: none. */
export function entryOf(table: KeySets, text: string): number {
  return findHashed(table, byteHash(text), text, text.length);
}

/** `length` (at most prefixBytesMax) leading bytes of the number. */
function findEntry(table: PrefixTable, number: string, length: number): number {
  return findHashed(table, byteHashMix(leadingHashes(number)[length]!), number, length);
}

function findHashed(table: KeySets, hash: number, number: string, length: number): number {
  const { slots } = table;
  const slotMask = slots.length / 2 - 1;
  // Ends at a free slot: a table is at most three quarters full.
  for (let slot = hash & slotMask; ; slot = (slot + 1) & slotMask) {
    const found = slots[slot * 2 + 1]!;
    if (found === 0) return -1;
    if (slots[slot * 2] === hash && keyEquals(table, found - 1, number, length)) return found - 1;
  }
}

function keyEquals(table: KeySets, entry: number, number: string, length: number): boolean {
  if (prefixLengthOf(table, entry) !== length) return false;
  const start = table.entries[entry * prefixEntryWords]!;
  for (let at = 0; at < length; at++) {
    if (table.keys[start + at] !== number.charCodeAt(at)) return false;
  }
  return true;
}
