// Builds the rate tables of a snapshot (core/configuration/snapshot-layout.ts): all rates of all tables in
// one open-addressing hash table, a row each; what rates have in common (increments, fees, tax, type) is kept
// once. About 50 bytes a rate.

import { rateHash, rateSlotOf } from '../../core/billing/rate-table.ts';
import { byteHashStart, byteHashStep } from '../../core/bytes/byte-hash.ts';
import { CallTypes, type RateRows, type RateShape } from '../../core/configuration/snapshot.ts';
import {
  emptyPrefixBit,
  inlineDigitsMax,
  maskLeadingBytes,
  rateInlineKey,
  rateRowWords,
} from '../../core/configuration/snapshot-layout.ts';
import { parseCredit, parseMoney } from '../../core/money.ts';
import { isDigit } from '../../core/number/leading-hashes.ts';
import type { PackedRates, PackedTable, RateTerms } from './packed-rates.ts';
import { shapeKey } from './rates-builder.ts';

export interface CompiledRates extends RateRows {
  readonly shapes: readonly RateShape[];
  readonly areas: readonly string[];
  readonly tableNames: readonly string[];
}

/** Slots in use of those there are: most probes are for lengths that are not there, and end at a free one. */
const slotsFilled = 0.5;
const lengthBits = 0xff;
const digitBits = 4;
const lengthMasksMin = 16;
const lengthMasksMax = 1_048_576;
/** Seconds since 1970 that a row can hold; what is later never comes. */
const secondsMax = 0xffffffff;

interface RateBuilder {
  readonly slots: Uint32Array;
  readonly rows: Uint32Array;
  readonly keys: Buffer;
  keyBytes: number;
  /** First row of the table that is being entered. */
  tableStart: number;
  readonly shapes: Interned<RateShape>;
  readonly areas: Interned<string>;
}

interface Interned<Entity> {
  readonly rows: Map<string, number>;
  readonly entities: Entity[];
}

export function compileRates(packed: readonly PackedTable[]): CompiledRates {
  const rates = packed.reduce((sum, table) => sum + table.rates.count, 0);
  const bytes = packed.reduce((sum, table) => sum + table.rates.prefixBytes.length, 0);
  const builder: RateBuilder = {
    slots: new Uint32Array((Math.ceil(rates / slotsFilled) + 1) * 2),
    rows: new Uint32Array(rates * rateRowWords),
    keys: Buffer.allocUnsafe(bytes),
    keyBytes: 0,
    tableStart: 0,
    shapes: { rows: new Map(), entities: [] },
    areas: { rows: new Map([['', 0]]), entities: [''] },
  };
  const tables = new Uint32Array((packed.length + 1) * 2);
  let row = 0;
  for (const [table, source] of packed.entries()) {
    tables[table * 2] = row;
    builder.tableStart = row;
    enterTable(builder, table, row, source.rates);
    row += source.rates.count;
  }
  tables[packed.length * 2] = row;
  return {
    slots: builder.slots,
    rows: builder.rows,
    keys: builder.keys.subarray(0, builder.keyBytes),
    tables,
    lengthMasks: fillLengthMasks(builder, tables),
    shapes: builder.shapes.entities,
    areas: builder.areas.entities,
    tableNames: packed.map((table) => table.name),
  };
}

function enterTable(builder: RateBuilder, table: number, first: number, source: PackedRates): void {
  const { rows } = builder;
  const shapes = source.shapeList.map((shape) => internShape(builder.shapes, shape));
  const areas = source.areaList.map((area) => intern(builder.areas, area, area));
  const times = source.timeList.map(secondsOf);
  for (let row = 0; row < source.count; row++) {
    const at = (first + row) * rateRowWords;
    const keyBytes = enterKey(builder, at, source, row);
    rows[at + 1]! |= areas[source.areas[row]!]! << 8;
    rows[at + 2] = shapes[source.shapes[row]!]!;
    rows[at + 3] = times[source.from[row]!]!;
    rows[at + 4] = times[source.until[row]!]!;
    const price = source.prices[row]!;
    rows[at + 6] = Number(BigInt.asUintN(32, price));
    rows[at + 7] = Number(price >> 32n);
    if (placeRow(builder, table, first + row)) builder.keyBytes += keyBytes;
  }
}

/** Writes the words of the row at `at` that its key needs. Returns the bytes that it has behind `keyBytes`, which
 *  are its own once it is placed. */
function enterKey(builder: RateBuilder, at: number, source: PackedRates, row: number): number {
  const { rows, keys, keyBytes } = builder;
  const { prefixBytes, prefixStarts } = source;
  const start = prefixStarts[row]!;
  const length = prefixStarts[row + 1]! - start;
  let isInline = length <= inlineDigitsMax;
  let packed = 0;
  for (let index = 0; index < length; index++) {
    const byte = prefixBytes[start + index]!;
    keys[keyBytes + index] = byte;
    packed = (packed << digitBits) | (byte & 0xf);
    isInline &&= isDigit(byte);
  }
  rows[at] = isInline ? packed : keyBytes;
  rows[at + 1] = isInline ? length | rateInlineKey : length;
  return isInline ? 0 : length;
}

function lengthOf({ rows }: RateBuilder, row: number): number {
  return rows[row * rateRowWords + 1]! & (lengthBits ^ rateInlineKey);
}

/** Byte of a row's prefix. */
function byteAt({ rows, keys }: RateBuilder, row: number, index: number): number {
  const key = rows[row * rateRowWords]!;
  const length = rows[row * rateRowWords + 1]! & lengthBits;
  if ((length & rateInlineKey) === 0) return keys[key + index]!;
  return 0x30 | ((key >>> (digitBits * ((length ^ rateInlineKey) - 1 - index))) & 0xf);
}

/** False where the prefix has a rate already: the row then joins the chain of that prefix. */
function placeRow(builder: RateBuilder, table: number, row: number): boolean {
  const { slots, rows } = builder;
  const slotCount = slots.length / 2;
  const hash = hashOf(builder, table, row, lengthOf(builder, row));
  let slot = rateSlotOf(hash, slotCount);
  for (; slots[slot * 2 + 1] !== 0; slot = slot + 1 === slotCount ? 0 : slot + 1) {
    const newest = slots[slot * 2 + 1]! - 1;
    if (slots[slot * 2] !== hash || !isSamePrefix(builder, newest, row)) continue;
    rows[row * rateRowWords] = rows[newest * rateRowWords]!;
    slots[slot * 2 + 1] = joinChain(rows, newest, row) + 1;
    return false;
  }
  slots[slot * 2] = hash;
  slots[slot * 2 + 1] = row + 1;
  return true;
}

/** The chain's new head: rates of a prefix from the newest effective time to the oldest. */
function joinChain(rows: Uint32Array, newest: number, row: number): number {
  const effectiveAt = (of: number): number => rows[of * rateRowWords + 3]!;
  if (effectiveAt(row) > effectiveAt(newest)) {
    rows[row * rateRowWords + 5] = newest + 1;
    return row;
  }
  let above = newest;
  for (;;) {
    const next = rows[above * rateRowWords + 5]! - 1;
    if (next < 0 || effectiveAt(row) > effectiveAt(next)) break;
    above = next;
  }
  rows[row * rateRowWords + 5] = rows[above * rateRowWords + 5]!;
  rows[above * rateRowWords + 5] = row + 1;
  return newest;
}

/** Of the table being entered, that is: another table's prefix may have the same hash. */
function isSamePrefix(builder: RateBuilder, left: number, right: number): boolean {
  const length = lengthOf(builder, left);
  if (left < builder.tableStart || length !== lengthOf(builder, right)) return false;
  for (let at = 0; at < length; at++) {
    if (byteAt(builder, left, at) !== byteAt(builder, right, at)) return false;
  }
  return true;
}

/** Of the first `length` bytes of a row's prefix. */
function hashOf(builder: RateBuilder, table: number, row: number, length: number): number {
  let hash = byteHashStart;
  for (let at = 0; at < length; at++) hash = byteHashStep(hash, byteAt(builder, row, at));
  return rateHash(table, hash);
}

function fillLengthMasks(builder: RateBuilder, tables: Uint32Array): Uint32Array {
  const wanted = new Set<number>();
  for (const { hash } of longPrefixes(builder, tables)) wanted.add(hash);
  let count = lengthMasksMin;
  while (count < wanted.size && count < lengthMasksMax) count *= 2;
  const masks = new Uint32Array(count);
  for (const { hash, length } of longPrefixes(builder, tables)) {
    masks[hash & (count - 1)]! |= 1 << (length - 1);
  }
  for (let table = 0; table < tables.length / 2 - 1; table++) {
    for (let row = tables[table * 2]!; row < tables[table * 2 + 2]!; row++) {
      const length = lengthOf(builder, row);
      if (length >= maskLeadingBytes) continue;
      tables[table * 2 + 1]! |= length === 0 ? emptyPrefixBit : 1 << (length - 1);
    }
  }
  return masks;
}

/** Mixed hash of the leading bytes, and length, of each prefix that has as many. */
function* longPrefixes(
  builder: RateBuilder,
  tables: Uint32Array,
): Generator<{ hash: number; length: number }, void, void> {
  for (let table = 0; table < tables.length / 2 - 1; table++) {
    for (let row = tables[table * 2]!; row < tables[table * 2 + 2]!; row++) {
      const length = lengthOf(builder, row);
      if (length < maskLeadingBytes) continue;
      yield { hash: hashOf(builder, table, row, maskLeadingBytes), length };
    }
  }
}

function internShape(shapes: Interned<RateShape>, terms: RateTerms): number {
  const key = shapeKey(terms);
  const known = shapes.rows.get(key);
  if (known !== undefined) return known;
  return intern(shapes, key, {
    perSeconds: terms.cycleSeconds ?? 60,
    connectionFee: units(terms.connectionFee),
    // A rate per cycle is charged by whole cycles.
    firstIncrementSeconds: terms.cycleSeconds ?? terms.firstIncrementSeconds,
    nextIncrementSeconds: terms.cycleSeconds ?? terms.nextIncrementSeconds,
    sections: (terms.sections ?? []).map(({ seconds, fee }) => ({ seconds, fee: units(fee) })),
    taxPercent: units(terms.taxPercent),
    callType: CallTypes[terms.callType],
    locked: terms.locked,
  });
}

function intern<Entity>(interned: Interned<Entity>, key: string, entity: Entity): number {
  const known = interned.rows.get(key);
  if (known !== undefined) return known;
  interned.entities.push(entity);
  interned.rows.set(key, interned.entities.length - 1);
  return interned.entities.length - 1;
}

/** Whole seconds since 1970, a fraction rounded up; 0 where there is no time (''). */
function secondsOf(instant: string): number {
  if (instant === '') return 0;
  return Math.min(Math.max(Math.ceil(Date.parse(instant) / 1000), 1), secondsMax);
}

/** Of a decimal string of a checked document. */
export function creditUnits(text: string): bigint {
  return parseCredit(text) ?? units(text);
}

export function units(text: string): bigint {
  const amount = parseMoney(text);
  if (amount === undefined) throw new Error(`${text}: an amount of money was not checked`);
  return amount;
}
