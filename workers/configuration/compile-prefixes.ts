// Builds the prefix table of a snapshot (core/configuration/snapshot-layout.ts): an open-addressing hash
// table of the distinct prefixes, grown while it fills, without a string or an object per prefix kept.
import { byteHashMix, byteHashStart, byteHashStep } from '../../core/bytes/byte-hash.ts';
import type { KeySets, PrefixTable } from '../../core/configuration/snapshot.ts';
import { maskLeadingBytes, prefixEntryWords } from '../../core/configuration/snapshot-layout.ts';
import { longestPrefixBelow } from '../../core/number/prefix-table.ts';
import { countPrefixes, type PrefixReader, readPrefix } from './prefix-text.ts';

const slotsMin = 16;
const lengthMasksMin = 16;
const lengthMasksMax = 65_536;

interface PrefixBuilder {
  slots: Uint32Array;
  readonly entries: Uint32Array;
  entryCount: number;
  readonly keys: Buffer;
  keyBytes: number;
  /** Entry of the empty prefix; -1 until it is seen. */
  emptyPrefixEntry: number;
}

/** `gateways`: the prefixes of each as the text of a JSON list (prefix-text.ts), in row order. */
export function compilePrefixes(gateways: readonly Buffer[]): PrefixTable {
  const { builder, lists } = enterAll(gateways);
  const masks = lengthMasks(builder);
  const table: PrefixTable = {
    ...keySets(builder, lists),
    lengthMasks: masks.byLeadingBytes,
    shortLengthMask: masks.short,
    emptyPrefixEntry: builder.emptyPrefixEntry,
  };
  linkParents(table, builder);
  return table;
}

/** The same of keys that are only looked up whole. `members`: the entry of each key, in the order of the
 *  texts. */
export function compileKeySets(texts: readonly Buffer[]): KeySets & { members: Uint32Array } {
  const { builder, lists, pairEntries } = enterAll(texts);
  return { ...keySets(builder, lists), members: pairEntries };
}

function keySets(builder: PrefixBuilder, lists: Uint16Array): KeySets {
  return {
    slots: builder.slots,
    entries: builder.entries.subarray(0, builder.entryCount * prefixEntryWords),
    lists,
    keys: builder.keys.subarray(0, builder.keyBytes),
  };
}

function enterAll(gateways: readonly Buffer[]): {
  builder: PrefixBuilder;
  lists: Uint16Array;
  pairEntries: Uint32Array;
} {
  const counts = gateways.map(countPrefixes);
  const pairs = counts.reduce((sum, count) => sum + count, 0);
  // A prefix is shorter than its text by the quotes.
  const bytes = gateways.reduce((sum, text) => sum + text.length, 0);
  const builder: PrefixBuilder = {
    slots: new Uint32Array(slotsMin * 2),
    entries: new Uint32Array(pairs * prefixEntryWords),
    entryCount: 0,
    keys: Buffer.allocUnsafe(bytes),
    keyBytes: 0,
    emptyPrefixEntry: -1,
  };
  const pairEntries = new Uint32Array(pairs);
  let pair = 0;
  for (const text of gateways) {
    const reader: PrefixReader = { text, at: 0 };
    for (;;) {
      const length = readPrefix(reader, builder.keys, builder.keyBytes);
      if (length < 0) break;
      const entry = enterPrefix(builder, length);
      pairEntries[pair++] = entry;
      // The low half counts the entry's gateways.
      builder.entries[entry * prefixEntryWords + 1]! += 1;
    }
  }
  return { builder, lists: fillLists(builder, counts, pairEntries), pairEntries };
}

/** The entry, new or known, of the prefix of `length` bytes that was put at the end of the keys. */
function enterPrefix(builder: PrefixBuilder, length: number): number {
  const start = builder.keyBytes;
  if (length === 0) {
    if (builder.emptyPrefixEntry < 0) builder.emptyPrefixEntry = addEntry(builder, start, 0);
    return builder.emptyPrefixEntry;
  }
  const hash = hashOf(builder.keys, start, length);
  const slotMask = builder.slots.length / 2 - 1;
  let slot = hash & slotMask;
  for (; builder.slots[slot * 2 + 1] !== 0; slot = (slot + 1) & slotMask) {
    const entry = builder.slots[slot * 2 + 1]! - 1;
    if (builder.slots[slot * 2] === hash && keyEquals(builder, entry, start, length)) return entry;
  }
  const entry = addEntry(builder, start, length);
  builder.keyBytes += length;
  builder.slots[slot * 2] = hash;
  builder.slots[slot * 2 + 1] = entry + 1;
  if (builder.entryCount * 4 > (slotMask + 1) * 3) growSlots(builder);
  return entry;
}

function addEntry(builder: PrefixBuilder, keyStart: number, keyLength: number): number {
  const entry = builder.entryCount++;
  builder.entries[entry * prefixEntryWords] = keyStart;
  builder.entries[entry * prefixEntryWords + 1] = keyLength << 16;
  return entry;
}

function growSlots(builder: PrefixBuilder): void {
  const old = builder.slots;
  const slots = new Uint32Array(old.length * 2);
  const slotMask = slots.length / 2 - 1;
  for (let from = 0; from < old.length; from += 2) {
    if (old[from + 1] === 0) continue;
    let slot = old[from]! & slotMask;
    while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & slotMask;
    slots[slot * 2] = old[from]!;
    slots[slot * 2 + 1] = old[from + 1]!;
  }
  builder.slots = slots;
}

function hashOf(keys: Uint8Array, start: number, length: number): number {
  let hash = byteHashStart;
  for (let at = start; at < start + length; at++) hash = byteHashStep(hash, keys[at]!);
  return byteHashMix(hash);
}

function keyEquals(builder: PrefixBuilder, entry: number, start: number, length: number): boolean {
  const { entries, keys } = builder;
  if (entries[entry * prefixEntryWords + 1]! >>> 16 !== length) return false;
  const known = entries[entry * prefixEntryWords]!;
  for (let at = 0; at < length; at++) if (keys[known + at] !== keys[start + at]) return false;
  return true;
}

/** Gateways come in row order, so each list ends up in row order. An only gateway needs no list. */
function fillLists(
  builder: PrefixBuilder,
  counts: readonly number[],
  pairEntries: Uint32Array,
): Uint16Array {
  const { entries, entryCount } = builder;
  const filled = new Uint32Array(entryCount);
  let listStart = 0;
  for (let entry = 0; entry < entryCount; entry++) {
    const count = entries[entry * prefixEntryWords + 1]! & 0xffff;
    entries[entry * prefixEntryWords + 2] = listStart;
    filled[entry] = listStart;
    if (count > 1) listStart += count;
  }
  const lists = new Uint16Array(listStart);
  let pair = 0;
  for (const [row, count] of counts.entries()) {
    for (let left = count; left > 0; left--) {
      const entry = pairEntries[pair++]!;
      const isOnly = (entries[entry * prefixEntryWords + 1]! & 0xffff) === 1;
      if (isOnly) entries[entry * prefixEntryWords + 2] = row;
      else lists[filled[entry]!++] = row;
    }
  }
  return lists;
}

function lengthMasks(builder: PrefixBuilder): { short: number; byLeadingBytes: Uint32Array } {
  const { entries, entryCount, keys } = builder;
  let count = lengthMasksMin;
  while (count < entryCount && count < lengthMasksMax) count *= 2;
  const byLeadingBytes = new Uint32Array(count);
  let short = 0;
  for (let entry = 0; entry < entryCount; entry++) {
    const length = entries[entry * prefixEntryWords + 1]! >>> 16;
    if (length === 0) continue;
    const bit = 1 << (length - 1);
    if (length < maskLeadingBytes) {
      short |= bit;
    } else {
      const leading = hashOf(keys, entries[entry * prefixEntryWords]!, maskLeadingBytes);
      byLeadingBytes[leading & (count - 1)]! |= bit;
    }
  }
  return { short, byLeadingBytes };
}

/** The parent of a prefix is what a lookup of it finds among the shorter ones. */
function linkParents(table: PrefixTable, builder: PrefixBuilder): void {
  const { entries, entryCount, keys } = builder;
  for (let entry = 0; entry < entryCount; entry++) {
    const start = entries[entry * prefixEntryWords]!;
    const length = entries[entry * prefixEntryWords + 1]! >>> 16;
    if (length === 0) continue;
    const text = keys.toString('latin1', start, start + length);
    entries[entry * prefixEntryWords + 3] = longestPrefixBelow(table, text, length - 1) + 1;
  }
}
