// Makes packed rates (packed-rates.ts): rows come in any order, from documents, decks and other tables, and
// are put in order at the end, byte by byte from the last (a million prefixes in a fraction of a second).

import type { RateDocument } from '../../core/configuration/model.ts';
import { prefixBytesMax } from '../../core/configuration/snapshot-layout.ts';
import { parseMoney } from '../../core/money.ts';
import type { PackedRates, PackedTable, RateTerms } from './packed-rates.ts';

export interface BuiltRates {
  readonly rates: PackedRates;
  /** For each row, which one it was as they were added. */
  readonly order: Uint32Array;
}

const capacityMin = 64;
/** Values of a byte, and one before them for the end of a prefix. */
const bucketCount = 257;

export class RatesBuilder {
  #count = 0;
  #prices: BigUint64Array;
  /** Shape, area, from, until of each row. */
  #words: Uint32Array;
  #decimals: Uint8Array;
  #prefixStarts: Uint32Array;
  #prefixBytes: Buffer;
  readonly #shapes = new Interned<RateTerms>();
  readonly #areas = new Interned<string>();
  readonly #times = new Interned<string>();

  constructor(capacity: number = capacityMin) {
    const rows = Math.max(capacity, capacityMin);
    this.#prices = new BigUint64Array(rows);
    this.#words = new Uint32Array(rows * 4);
    this.#decimals = new Uint8Array(rows);
    this.#prefixStarts = new Uint32Array(rows + 1);
    this.#prefixBytes = Buffer.allocUnsafe(rows * 8 + prefixBytesMax);
    this.#areas.at('', '');
    this.#times.at('', '');
  }

  get count(): number {
    return this.#count;
  }

  shape(terms: RateTerms): number {
    const key = shapeKey(terms);
    return this.#shapes.find(key) ?? this.#shapes.at(key, orderedTerms(terms));
  }

  area(text: string): number {
    return this.#areas.at(text, text);
  }

  /** '': none. */
  time(text: string): number {
    return this.#times.at(text, text);
  }

  /** `words`: shape, area, from and until, as the methods above number them. */
  add(
    prefix: string,
    price: bigint,
    decimals: number,
    words: readonly [number, number, number, number],
  ): void {
    this.#makeRoom();
    const start = this.#prefixStarts[this.#count]!;
    const end = start + this.#prefixBytes.write(prefix, start, 'utf8');
    this.#addRow(end, price, decimals, words);
  }

  /** A checked rate of a document. */
  addRate(rate: RateDocument): void {
    const { prefix, area, ratePerMinute, ratePerCycle, effectiveAt, expiresAt, ...terms } = rate;
    const text = (ratePerCycle ?? ratePerMinute)!;
    const price = parseMoney(text);
    if (price === undefined) throw new Error(`${text}: an amount of money was not checked`);
    this.add(prefix, price, decimalsOf(text), [
      this.shape(terms),
      this.area(area ?? ''),
      this.time(effectiveAt ?? ''),
      this.time(expiresAt ?? ''),
    ]);
  }

  /** A row of another table; `words` as this builder numbers them. */
  copyRow(
    source: PackedRates,
    row: number,
    price: bigint,
    words: readonly [number, number, number, number],
  ): void {
    this.#makeRoom();
    const start = this.#prefixStarts[this.#count]!;
    const from = source.prefixStarts[row]!;
    const length = source.prefixStarts[row + 1]! - from;
    for (let at = 0; at < length; at++) {
      this.#prefixBytes[start + at] = source.prefixBytes[from + at]!;
    }
    this.#addRow(start + length, price, source.decimals[row]!, words);
  }

  build(): BuiltRates {
    const order = this.#sortedRows();
    const count = this.#count;
    const shapes = new Renumbered(this.#shapes.entities, false);
    const areas = new Renumbered(this.#areas.entities, true);
    const times = new Renumbered(this.#times.entities, true);
    const rates = {
      count,
      prices: new BigUint64Array(count),
      shapes: new Uint32Array(count),
      areas: new Uint32Array(count),
      from: new Uint32Array(count),
      until: new Uint32Array(count),
      decimals: new Uint8Array(count),
      prefixStarts: new Uint32Array(count + 1),
      prefixBytes: Buffer.allocUnsafe(this.#prefixStarts[count]!),
      shapeList: shapes.list,
      areaList: areas.list,
      timeList: times.list,
    };
    let end = 0;
    for (let row = 0; row < count; row++) {
      const old = order[row]!;
      rates.prices[row] = this.#prices[old]!;
      rates.decimals[row] = this.#decimals[old]!;
      rates.shapes[row] = shapes.at(this.#words[old * 4]!);
      rates.areas[row] = areas.at(this.#words[old * 4 + 1]!);
      rates.from[row] = times.at(this.#words[old * 4 + 2]!);
      rates.until[row] = times.at(this.#words[old * 4 + 3]!);
      const last = this.#prefixStarts[old + 1]!;
      for (let at = this.#prefixStarts[old]!; at < last; at++) {
        rates.prefixBytes[end++] = this.#prefixBytes[at]!;
      }
      rates.prefixStarts[row + 1] = end;
    }
    return { rates, order };
  }

  #addRow(
    prefixEnd: number,
    price: bigint,
    decimals: number,
    words: readonly [number, number, number, number],
  ): void {
    const row = this.#count++;
    this.#prefixStarts[row + 1] = prefixEnd;
    this.#prices[row] = price;
    this.#decimals[row] = decimals;
    for (let at = 0; at < 4; at++) this.#words[row * 4 + at] = words[at]!;
  }

  #makeRoom(): void {
    const rows = this.#prices.length;
    if (this.#count === rows) {
      this.#prices = grown(this.#prices, new BigUint64Array(rows * 2));
      this.#words = grown(this.#words, new Uint32Array(rows * 8));
      this.#decimals = grown(this.#decimals, new Uint8Array(rows * 2));
      this.#prefixStarts = grown(this.#prefixStarts, new Uint32Array(rows * 2 + 1));
    }
    const room = this.#prefixBytes.length - this.#prefixStarts[this.#count]!;
    if (room < prefixBytesMax) {
      this.#prefixBytes = grown(
        this.#prefixBytes,
        Buffer.allocUnsafe(this.#prefixBytes.length * 2),
      );
    }
  }

  /** Rows by prefix, rows of one prefix by effective time. */
  #sortedRows(): Uint32Array {
    let order = new Uint32Array(this.#count);
    for (let row = 0; row < order.length; row++) order[row] = row;
    if (this.#isSorted()) return order;
    let other = new Uint32Array(order.length);
    if (this.#times.entities.length > 1) {
      const ranks = timeRanks(this.#times.entities);
      const ranked = new Uint32Array(order.length);
      for (let row = 0; row < ranked.length; row++) ranked[row] = ranks[this.#words[row * 4 + 2]!]!;
      scatter(order, other, ranks.length, ranked);
      [order, other] = [other, order];
    }
    // Buckets of one place of all prefixes, filled in the order of memory: the pass itself jumps about.
    const column = new Uint16Array(order.length);
    for (let at = this.#longestPrefix() - 1; at >= 0; at--) {
      for (let row = 0; row < column.length; row++) {
        const place = this.#prefixStarts[row]! + at;
        column[row] = place < this.#prefixStarts[row + 1]! ? this.#prefixBytes[place]! + 1 : 0;
      }
      scatter(order, other, bucketCount, column);
      [order, other] = [other, order];
    }
    return order;
  }

  #isSorted(): boolean {
    const starts = this.#prefixStarts;
    const ranks = timeRanks(this.#times.entities);
    for (let row = 1; row < this.#count; row++) {
      const left = this.#prefixBytes.subarray(starts[row - 1]!, starts[row]!);
      const order = left.compare(this.#prefixBytes, starts[row]!, starts[row + 1]!);
      if (order > 0) return false;
      if (order < 0) continue;
      if (ranks[this.#words[row * 4 - 2]!]! > ranks[this.#words[row * 4 + 2]!]!) return false;
    }
    return true;
  }

  #longestPrefix(): number {
    let longest = 0;
    for (let row = 0; row < this.#count; row++) {
      longest = Math.max(longest, this.#prefixStarts[row + 1]! - this.#prefixStarts[row]!);
    }
    return longest;
  }
}

export function packRates(list: readonly RateDocument[]): PackedRates {
  const builder = new RatesBuilder(list.length);
  for (const rate of list) builder.addRate(rate);
  return builder.build().rates;
}

export function packTables(
  tables: readonly { readonly name: string; readonly rates: readonly RateDocument[] }[],
): PackedTable[] {
  return tables.map(({ name, rates }) => ({ name, rates: packRates(rates) }));
}

/** Decimals of a decimal string. */
export function decimalsOf(text: string): number {
  const dot = text.indexOf('.');
  return dot < 0 ? 0 : text.length - dot - 1;
}

/** Equal for terms that are equal. */
export function shapeKey(terms: RateTerms): string {
  const { callType, cycleSeconds, connectionFee, taxPercent, locked, sections = [] } = terms;
  const steps = `${terms.firstIncrementSeconds} ${terms.nextIncrementSeconds}`;
  const extra = sections.length === 0 ? '' : JSON.stringify(sections);
  return `${callType} ${cycleSeconds ?? ''} ${connectionFee} ${steps} ${taxPercent} ${locked} ${extra}`;
}

/** Fields in one order, so that equal terms are equal bytes. */
function orderedTerms(terms: RateTerms): RateTerms {
  const { callType, cycleSeconds, connectionFee, taxPercent, locked, sections } = terms;
  return {
    callType,
    ...(cycleSeconds === undefined ? {} : { cycleSeconds }),
    connectionFee,
    firstIncrementSeconds: terms.firstIncrementSeconds,
    nextIncrementSeconds: terms.nextIncrementSeconds,
    ...(sections === undefined || sections.length === 0 ? {} : { sections }),
    taxPercent,
    locked,
  };
}

class Interned<Entity> {
  readonly entities: Entity[] = [];
  readonly #rows = new Map<string, number>();

  find(key: string): number | undefined {
    return this.#rows.get(key);
  }

  at(key: string, entity: Entity): number {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    this.entities.push(entity);
    this.#rows.set(key, this.entities.length - 1);
    return this.entities.length - 1;
  }
}

/** Numbers in order of first use, so that what was added in another order gives the same bytes. */
class Renumbered<Entity> {
  readonly list: Entity[] = [];
  readonly #entities: readonly Entity[];
  readonly #numbers: Int32Array;

  constructor(entities: readonly Entity[], keepFirst: boolean) {
    this.#entities = entities;
    this.#numbers = new Int32Array(entities.length).fill(-1);
    if (keepFirst) this.at(0);
  }

  at(old: number): number {
    if (this.#numbers[old]! < 0) {
      this.#numbers[old] = this.list.length;
      this.list.push(this.#entities[old]!);
    }
    return this.#numbers[old]!;
  }
}

/** Place of each time in the order of instants; none comes first. */
function timeRanks(times: readonly string[]): Uint32Array {
  const instants = times.map((text, at) =>
    at === 0 ? Number.NEGATIVE_INFINITY : Date.parse(text),
  );
  const ordered = [...new Set(instants)].sort((left, right) => (left < right ? -1 : 1));
  const ranks = new Map(ordered.map((instant, rank) => [instant, rank]));
  return Uint32Array.from(instants, (instant) => ranks.get(instant)!);
}

/** One stable pass of a sort by buckets. */
function scatter(
  from: Uint32Array,
  to: Uint32Array,
  buckets: number,
  bucketOf: Uint16Array | Uint32Array,
): void {
  const starts = new Uint32Array(buckets + 1);
  for (let row = 0; row < from.length; row++) starts[bucketOf[row]! + 1]!++;
  for (let bucket = 0; bucket < buckets; bucket++) starts[bucket + 1]! += starts[bucket]!;
  for (let at = 0; at < from.length; at++) to[starts[bucketOf[from[at]!]!]!++] = from[at]!;
}

function grown<Column extends Uint8Array | Uint32Array | BigUint64Array>(
  column: Column,
  larger: Column,
): Column {
  larger.set(column as never);
  return larger;
}
