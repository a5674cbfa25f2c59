// Builds the rate tables of a snapshot (core/configuration/snapshot-layout.ts): all rates of all tables in
// one open-addressing hash table, a row and a price each; what rates have in common (increments, fees, tax,
// type) is kept once. About 56 bytes a rate.

import { rateHashStart, rateSlotOf } from '../../core/billing/rate-table.ts';
import { byteHashMix, byteHashStep } from '../../core/bytes/byte-hash.ts';
import type { RateDocument, RateTableDocument } from '../../core/configuration/model.ts';
import { CallTypes, type RateRows, type RateShape } from '../../core/configuration/snapshot.ts';
import {
  emptyPrefixBit,
  maskLeadingBytes,
  rateRowWords,
} from '../../core/configuration/snapshot-layout.ts';
import { parseMoney } from '../../core/money.ts';

export interface CompiledRates extends RateRows {
  readonly shapes: readonly RateShape[];
  readonly areas: readonly string[];
  readonly tableNames: readonly string[];
}

/** Slots in use of those there are: most probes are for lengths that are not there, and end at a free one. */
const slotsFilled = 0.5;
const lengthMasksMin = 16;
const lengthMasksMax = 1_048_576;
/** Seconds since 1970 that a row can hold; what is later never comes. */
const secondsMax = 0xffffffff;

interface RateBuilder {
  readonly slots: Uint32Array;
  readonly rows: Uint32Array;
  readonly prices: BigUint64Array;
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

export function compileRates(documents: readonly RateTableDocument[]): CompiledRates {
  const { rates, bytes } = measure(documents);
  const builder: RateBuilder = {
    slots: new Uint32Array((Math.ceil(rates / slotsFilled) + 1) * 2),
    rows: new Uint32Array(rates * rateRowWords),
    prices: new BigUint64Array(rates),
    keys: Buffer.allocUnsafe(bytes),
    keyBytes: 0,
    tableStart: 0,
    shapes: { rows: new Map(), entities: [] },
    areas: { rows: new Map([['', 0]]), entities: [''] },
  };
  const tables = new Uint32Array((documents.length + 1) * 2);
  let row = 0;
  for (const [table, { rates: list }] of documents.entries()) {
    tables[table * 2] = row;
    builder.tableStart = row;
    for (const rate of list) enterRate(builder, table, row++, rate);
  }
  tables[documents.length * 2] = row;
  return {
    slots: builder.slots,
    rows: builder.rows,
    prices: builder.prices,
    keys: builder.keys.subarray(0, builder.keyBytes),
    tables,
    lengthMasks: fillLengthMasks(builder, tables),
    shapes: builder.shapes.entities,
    areas: builder.areas.entities,
    tableNames: documents.map((document) => document.name),
  };
}

function measure(documents: readonly RateTableDocument[]): { rates: number; bytes: number } {
  let rates = 0;
  let bytes = 0;
  for (const document of documents) {
    rates += document.rates.length;
    for (const { prefix } of document.rates) bytes += Buffer.byteLength(prefix);
  }
  return { rates, bytes };
}

function enterRate(builder: RateBuilder, table: number, row: number, rate: RateDocument): void {
  const { rows, prices, keys, keyBytes } = builder;
  const at = row * rateRowWords;
  const length = keys.write(rate.prefix, keyBytes);
  rows[at] = keyBytes;
  rows[at + 1] = length | (intern(builder.areas, rate.area ?? '', rate.area ?? '') << 8);
  rows[at + 2] = internShape(builder.shapes, rate);
  rows[at + 3] = secondsOf(rate.effectiveAt);
  rows[at + 4] = secondsOf(rate.expiresAt);
  prices[row] = units(rate.ratePerCycle ?? rate.ratePerMinute!);
  if (placeRow(builder, table, row, length)) builder.keyBytes += length;
}

/** False where the prefix has a rate already: the row then joins the chain of that prefix. */
function placeRow(builder: RateBuilder, table: number, row: number, length: number): boolean {
  const { slots, rows } = builder;
  const slotCount = slots.length / 2;
  const hash = hashOf(builder, table, row, length);
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
  const { rows, keys } = builder;
  const length = rows[left * rateRowWords + 1]! & 0xff;
  if (left < builder.tableStart || length !== (rows[right * rateRowWords + 1]! & 0xff))
    return false;
  const from = rows[left * rateRowWords]!;
  const to = rows[right * rateRowWords]!;
  for (let at = 0; at < length; at++) if (keys[from + at] !== keys[to + at]) return false;
  return true;
}

function hashOf(builder: RateBuilder, table: number, row: number, length: number): number {
  const start = builder.rows[row * rateRowWords]!;
  let hash = rateHashStart(table);
  for (let at = start; at < start + length; at++) hash = byteHashStep(hash, builder.keys[at]!);
  return byteHashMix(hash);
}

function fillLengthMasks(builder: RateBuilder, tables: Uint32Array): Uint32Array {
  const { rows } = builder;
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
      const length = rows[row * rateRowWords + 1]! & 0xff;
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
      const length = builder.rows[row * rateRowWords + 1]! & 0xff;
      if (length < maskLeadingBytes) continue;
      yield { hash: hashOf(builder, table, row, maskLeadingBytes), length };
    }
  }
}

function internShape(shapes: Interned<RateShape>, rate: RateDocument): number {
  const sections = rate.sections ?? [];
  const key = `${rate.cycleSeconds ?? ''} ${rate.connectionFee} ${rate.firstIncrementSeconds} ${rate.nextIncrementSeconds} ${rate.taxPercent} ${rate.callType} ${rate.locked} ${sections.length === 0 ? '' : JSON.stringify(sections)}`;
  const known = shapes.rows.get(key);
  if (known !== undefined) return known;
  return intern(shapes, key, {
    perSeconds: rate.cycleSeconds ?? 60,
    connectionFee: units(rate.connectionFee),
    // A rate per cycle is charged by whole cycles.
    firstIncrementSeconds: rate.cycleSeconds ?? rate.firstIncrementSeconds,
    nextIncrementSeconds: rate.cycleSeconds ?? rate.nextIncrementSeconds,
    sections: sections.map(({ seconds, fee }) => ({ seconds, fee: units(fee) })),
    taxPercent: units(rate.taxPercent),
    callType: CallTypes[rate.callType],
    locked: rate.locked,
  });
}

function intern<Entity>(interned: Interned<Entity>, key: string, entity: Entity): number {
  const known = interned.rows.get(key);
  if (known !== undefined) return known;
  interned.entities.push(entity);
  interned.rows.set(key, interned.entities.length - 1);
  return interned.entities.length - 1;
}

/** Whole seconds since 1970, a fraction rounded up; 0 where there is no time. */
function secondsOf(instant: string | undefined): number {
  if (instant === undefined) return 0;
  return Math.min(Math.max(Math.ceil(Date.parse(instant) / 1000), 1), secondsMax);
}

/** Of a decimal string of a checked document. */
export function units(text: string): bigint {
  const amount = parseMoney(text);
  if (amount === undefined) throw new Error(`${text}: an amount of money was not checked`);
  return amount;
}
