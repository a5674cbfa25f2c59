// The rates of one table that match a number, longest prefix first and, of one prefix, the newest that is in
// effect. The number is hashed once for all tables; only lengths that exist in this one are probed (layout:
// core/configuration/snapshot-layout.ts).
import { byteHashMix, byteHashStart } from '../bytes/byte-hash.ts';
import type { RateRows } from '../configuration/snapshot.ts';
import {
  emptyPrefixBit,
  maskLeadingBytes,
  prefixBytesMax,
  rateInlineKey,
  rateRowWords,
} from '../configuration/snapshot-layout.ts';
import { leadingDigits, leadingHashes } from '../number/leading-hashes.ts';

const lowLengths = (1 << (maskLeadingBytes - 1)) - 1;
const lengthBits = 0xff;
const highWord = 4_294_967_296;

/** Every table has hashes of its own, so that all tables share one set of slots. `leading`: not yet mixed. */
export function rateHash(table: number, leading: number): number {
  return byteHashMix(leading ^ byteHashMix(byteHashStart ^ (table + 1)));
}

/** Slots are not a power of two: the high part of the hash picks one. */
export function rateSlotOf(hash: number, slotCount: number): number {
  return Math.floor((hash / highWord) * slotCount);
}

/** Row of the rate of `number` (a byte string) at a time (seconds since 1970); -1: none. */
export function rateRowOf(
  rates: RateRows,
  table: number,
  number: string,
  atSeconds: number,
): number {
  const length = Math.min(number.length, prefixBytesMax);
  const leading = leadingHashes(number);
  const short = rates.tables[table * 2 + 1]!;
  let mask = short & lowLengths;
  if (length >= maskLeadingBytes) {
    const hash = rateHash(table, leading[maskLeadingBytes]!);
    mask |= rates.lengthMasks[hash & (rates.lengthMasks.length - 1)]!;
  }
  if (length < 32) mask &= (1 << length) - 1;
  while (mask !== 0) {
    const probed = 32 - Math.clz32(mask);
    const row = inEffect(rates, findRow(rates, table, number, probed), atSeconds);
    if (row >= 0) return row;
    mask &= ~(1 << (probed - 1));
  }
  if ((short & emptyPrefixBit) === 0) return -1;
  return inEffect(rates, findRow(rates, table, number, 0), atSeconds);
}

export function ratePrefixLength(rates: RateRows, row: number): number {
  return rates.rows[row * rateRowWords + 1]! & (lengthBits ^ rateInlineKey);
}

/** Units of money for `perSeconds` of its shape. */
export function ratePrice({ rows }: RateRows, row: number): bigint {
  const at = row * rateRowWords;
  return (BigInt(rows[at + 7]!) << 32n) | BigInt(rows[at + 6]!);
}

/** The same as a plain number, exact below 2^53. */
export function roundPrice({ rows }: RateRows, row: number): number {
  const at = row * rateRowWords;
  return rows[at + 7]! * highWord + rows[at + 6]!;
}

/** The newest rate of the prefix of `length` bytes of the number; -1: none. */
function findRow(rates: RateRows, table: number, number: string, length: number): number {
  const { slots, tables } = rates;
  const hash = rateHash(table, leadingHashes(number)[length]!);
  const slotCount = slots.length / 2;
  const first = tables[table * 2]!;
  const end = tables[table * 2 + 2]!;
  // Ends at a free slot: there always is one.
  for (let slot = rateSlotOf(hash, slotCount); ; slot = slot + 1 === slotCount ? 0 : slot + 1) {
    const row = slots[slot * 2 + 1]! - 1;
    if (row < 0) return -1;
    if (slots[slot * 2] !== hash || row < first || row >= end) continue;
    if (keyEquals(rates, row, number, length)) return row;
  }
}

function keyEquals({ rows, keys }: RateRows, row: number, number: string, length: number): boolean {
  const key = rows[row * rateRowWords]!;
  const keyLength = rows[row * rateRowWords + 1]! & lengthBits;
  if (keyLength === (length | rateInlineKey)) return key === leadingDigits(length);
  if (keyLength !== length) return false;
  for (let at = 0; at < length; at++) if (keys[key + at] !== number.charCodeAt(at)) return false;
  return true;
}

/** The newest of a prefix's rates that has begun and not expired; -1: none. */
function inEffect(rates: RateRows, newest: number, atSeconds: number): number {
  const { rows } = rates;
  for (let row = newest; row >= 0; row = rows[row * rateRowWords + 5]! - 1) {
    const expiresAt = rows[row * rateRowWords + 4]!;
    const isCurrent = expiresAt === 0 || atSeconds < expiresAt;
    if (isCurrent && rows[row * rateRowWords + 3]! <= atSeconds) return row;
  }
  return -1;
}
