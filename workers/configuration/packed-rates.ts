// A rate table as columns: how tables are stored and compiled. A million rates as objects or as JSON would be
// a heap whose collection takes the processors from the calls; here they are a few arrays of some 30 bytes a
// rate. Rates are in order of prefix (by bytes), then of effective time, so that the same rates are always the
// same bytes, and a table is known by the hash of them.
//
//   magic, length of the head (4 bytes, then 4 unused), head: JSON, filled with spaces to a multiple of 8
//   prices           64 bits a rate, units of 10^-8
//   shapes, areas, from, until   32 bits a rate: places in the lists of the head; times: 0 is none
//   prefixLengths, decimals      a byte a rate; decimals: of the price as it was written
//   prefixBytes      of all prefixes, one after the other
import { createHash } from 'node:crypto';
import type { RateDocument, RateTableDocument } from '../../core/configuration/model.ts';
import { moneyText } from '../../core/money.ts';

/** What many rates have in common. */
export type RateTerms = Omit<
  RateDocument,
  'prefix' | 'area' | 'ratePerMinute' | 'ratePerCycle' | 'effectiveAt' | 'expiresAt'
>;

export interface PackedRates {
  readonly count: number;
  readonly prices: BigUint64Array;
  readonly shapes: Uint32Array;
  readonly areas: Uint32Array;
  readonly from: Uint32Array;
  readonly until: Uint32Array;
  readonly decimals: Uint8Array;
  /** Where each prefix starts in `prefixBytes`; one more at the end. */
  readonly prefixStarts: Uint32Array;
  readonly prefixBytes: Buffer;
  readonly shapeList: readonly RateTerms[];
  /** The first is ''. */
  readonly areaList: readonly string[];
  /** As they were written; the first is ''. */
  readonly timeList: readonly string[];
}

export interface PackedTable {
  readonly name: string;
  readonly rates: PackedRates;
}

interface Head {
  readonly count: number;
  readonly prefixBytes: number;
  readonly shapes: readonly RateTerms[];
  readonly areas: readonly string[];
  readonly times: readonly string[];
}

const magic = Buffer.from('TRATES1\n');
const headStart = magic.length + 8;
const space = 0x20;

/** The bytes to store; the machine's own order, which is little-endian wherever Node runs. */
export function ratesBytes(rates: PackedRates): Buffer {
  const { count, prefixBytes, prefixStarts } = rates;
  const head: Head = {
    count,
    prefixBytes: prefixBytes.length,
    shapes: rates.shapeList,
    areas: rates.areaList,
    times: rates.timeList,
  };
  const text = Buffer.from(JSON.stringify(head));
  const headBytes = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(headStart + headBytes + count * 26 + prefixBytes.length);
  magic.copy(bytes);
  bytes.writeUInt32LE(headBytes, magic.length);
  bytes.fill(space, headStart, headStart + headBytes);
  text.copy(bytes, headStart);
  let at = headStart + headBytes;
  for (const column of [rates.prices, rates.shapes, rates.areas, rates.from, rates.until]) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  for (let row = 0; row < count; row++) bytes[at++] = prefixStarts[row + 1]! - prefixStarts[row]!;
  bytes.set(rates.decimals, at);
  bytes.set(prefixBytes, at + count);
  return bytes;
}

/** Views of `bytes`, which nobody may change. @throws where they are not what ratesBytes made */
export function openRates(bytes: Uint8Array): PackedRates {
  // Columns of 64 bits need their place at a multiple of 8.
  const own = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
  const buffer = Buffer.from(own.buffer, own.byteOffset, own.byteLength);
  if (!buffer.subarray(0, magic.length).equals(magic)) {
    throw new Error('stored rate table: expected it to begin with TRATES1');
  }
  const headBytes = buffer.readUInt32LE(magic.length);
  const head = JSON.parse(buffer.toString('utf8', headStart, headStart + headBytes)) as Head;
  const { count } = head;
  const columns = own.byteOffset + headStart + headBytes;
  if (own.byteOffset + own.byteLength !== columns + count * 26 + head.prefixBytes) {
    throw new Error(`stored rate table: ${own.byteLength} bytes are not ${count} rates`);
  }
  const words = (column: number): Uint32Array =>
    new Uint32Array(own.buffer, columns + count * (8 + column * 4), count);
  const lengths = new Uint8Array(own.buffer, columns + count * 24, count);
  const prefixStarts = new Uint32Array(count + 1);
  for (let row = 0; row < count; row++) prefixStarts[row + 1] = prefixStarts[row]! + lengths[row]!;
  return {
    count,
    prices: new BigUint64Array(own.buffer, columns, count),
    shapes: words(0),
    areas: words(1),
    from: words(2),
    until: words(3),
    decimals: new Uint8Array(own.buffer, columns + count * 25, count),
    prefixStarts,
    prefixBytes: Buffer.from(own.buffer, columns + count * 26, head.prefixBytes),
    shapeList: head.shapes,
    areaList: head.areas,
    timeList: head.times,
  };
}

/** By which stored tables are known: equal rates, equal id. */
export function ratesId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

export function prefixAt(rates: PackedRates, row: number): string {
  return rates.prefixBytes.toString('utf8', rates.prefixStarts[row], rates.prefixStarts[row + 1]);
}

/** As it was written, but for leading zeros. */
export function priceTextAt(rates: PackedRates, row: number): string {
  return priceText(rates.prices[row]!, rates.decimals[row]!);
}

export function rateAt(rates: PackedRates, row: number): RateDocument {
  const shape = rates.shapeList[rates.shapes[row]!]!;
  const price = priceTextAt(rates, row);
  const rate: RateDocument = { prefix: prefixAt(rates, row), ...shape };
  if (shape.cycleSeconds === undefined) rate.ratePerMinute = price;
  else rate.ratePerCycle = price;
  if (rates.areas[row] !== 0) rate.area = rates.areaList[rates.areas[row]!]!;
  if (rates.from[row] !== 0) rate.effectiveAt = rates.timeList[rates.from[row]!]!;
  if (rates.until[row] !== 0) rate.expiresAt = rates.timeList[rates.until[row]!]!;
  return rate;
}

export function tableDocument(name: string, rates: PackedRates): RateTableDocument {
  const list: RateDocument[] = [];
  for (let row = 0; row < rates.count; row++) list.push(rateAt(rates, row));
  return { name, rates: list };
}

/** When each of the times of a table is, ms since 1970; the first stands for none. */
export function timesMs(rates: PackedRates, none: number): Float64Array {
  return Float64Array.from(rates.timeList, (text, at) => (at === 0 ? none : Date.parse(text)));
}

/** Order of two prefixes by their bytes: below, at or above 0. */
export function comparePrefixes(
  left: PackedRates,
  leftRow: number,
  right: PackedRates,
  rightRow: number,
): number {
  const leftStart = left.prefixStarts[leftRow]!;
  const rightStart = right.prefixStarts[rightRow]!;
  const leftLength = left.prefixStarts[leftRow + 1]! - leftStart;
  const rightLength = right.prefixStarts[rightRow + 1]! - rightStart;
  const length = Math.min(leftLength, rightLength);
  for (let at = 0; at < length; at++) {
    const order = left.prefixBytes[leftStart + at]! - right.prefixBytes[rightStart + at]!;
    if (order !== 0) return order;
  }
  return leftLength - rightLength;
}

function priceText(units: bigint, decimals: number): string {
  const text = moneyText(units);
  const dot = text.indexOf('.');
  const shown = dot < 0 ? 0 : text.length - dot - 1;
  if (shown >= decimals) return text;
  return `${dot < 0 ? `${text}.` : text}${'0'.repeat(decimals - shown)}`;
}
