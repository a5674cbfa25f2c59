// A rate deck put into a rate table. Either the deck is the whole truth (replace) or it adds to what there is
// (merge); rates that begin later wait in the table and take over by themselves, and what is in effect until
// then stays. Also told: what the deck changes, rate by rate. Both are in order, so one pass does it.
import { comparePrefixes, type PackedRates, timesMs } from './packed-rates.ts';
import { type RateChanges, RateComparison } from './rate-changes.ts';
import { RatesBuilder } from './rates-builder.ts';

export type ImportMode = 'replace' | 'merge';

export interface CombineOptions {
  readonly mode: ImportMode;
  /** Ms since 1970. */
  readonly now: number;
  /** Changes of each kind that are spelled out. */
  readonly listed: number;
}

export interface CombinedRates {
  readonly rates: PackedRates;
  readonly changes: RateChanges;
  /** Rows of the deck whose end lies within a later rate of the table. */
  readonly crossing: readonly number[];
}

interface Side {
  readonly rates: PackedRates;
  readonly from: Float64Array;
  readonly until: Float64Array;
  readonly shapes: Uint32Array;
  readonly areas: Uint32Array;
  readonly times: Uint32Array;
}

/** Rows of one prefix. */
interface Run {
  readonly start: number;
  readonly end: number;
}

const never = Number.POSITIVE_INFINITY;

export function combineRates(
  table: PackedRates,
  deck: PackedRates,
  options: CombineOptions,
): CombinedRates {
  const builder = new RatesBuilder(table.count + deck.count);
  const combination = new Combination(
    builder,
    sideOf(table, builder),
    sideOf(deck, builder),
    options,
  );
  combination.run();
  return {
    rates: builder.build().rates,
    changes: combination.comparison.changes,
    crossing: combination.crossing,
  };
}

function sideOf(rates: PackedRates, builder: RatesBuilder): Side {
  return {
    rates,
    from: timesMs(rates, Number.NEGATIVE_INFINITY),
    until: timesMs(rates, never),
    shapes: Uint32Array.from(rates.shapeList, (shape) => builder.shape(shape)),
    areas: Uint32Array.from(rates.areaList, (area) => builder.area(area)),
    times: Uint32Array.from(rates.timeList, (time) => builder.time(time)),
  };
}

class Combination {
  readonly comparison: RateComparison;
  readonly crossing: number[] = [];
  readonly #builder: RatesBuilder;
  readonly #table: Side;
  readonly #deck: Side;
  readonly #mode: ImportMode;
  readonly #now: number;
  /** Where the deck as a whole begins: now, or when its first rate does. */
  readonly #deckFrom: number;
  readonly #words: [number, number, number, number] = [0, 0, 0, 0];

  constructor(builder: RatesBuilder, table: Side, deck: Side, options: CombineOptions) {
    this.#builder = builder;
    this.#table = table;
    this.#deck = deck;
    this.#mode = options.mode;
    this.#now = options.now;
    let first = never;
    for (const from of deck.rates.from) first = Math.min(first, deck.from[from]!);
    this.#deckFrom = Math.max(options.now, first);
    this.comparison = new RateComparison(table.rates, deck.rates, options);
  }

  run(): void {
    const table = this.#table.rates;
    const deck = this.#deck.rates;
    let old = nextRun(table, 0);
    let fresh = nextRun(deck, 0);
    while (old.start < old.end || fresh.start < fresh.end) {
      const order = this.#orderOf(old, fresh);
      if (order < 0) this.#lacking(old);
      else this.#both(order === 0 ? old : { start: old.start, end: old.start }, fresh);
      if (order <= 0) old = nextRun(table, old.end);
      if (order >= 0) fresh = nextRun(deck, fresh.end);
    }
  }

  #orderOf(old: Run, fresh: Run): number {
    if (old.start === old.end) return 1;
    if (fresh.start === fresh.end) return -1;
    return comparePrefixes(this.#table.rates, old.start, this.#deck.rates, fresh.start);
  }

  /** A prefix that the deck does not have. */
  #lacking(old: Run): void {
    if (this.#mode === 'merge') {
      for (let row = old.start; row < old.end; row++) this.#copy(this.#table, row, never);
      return;
    }
    let counts = false;
    for (let row = old.start; row < old.end; row++) {
      const isOver = this.#until(this.#table, row) <= this.#now;
      counts ||= !isOver;
      const staysFor = this.#deckFrom > this.#now && this.#from(this.#table, row) < this.#deckFrom;
      if (staysFor && !isOver) this.#copy(this.#table, row, this.#deckFrom);
    }
    if (counts) this.comparison.gone(old.start);
  }

  #both(old: Run, fresh: Run): void {
    for (let row = fresh.start; row < fresh.end; row++) {
      this.comparison.deckRow(row, old.start, old.end);
    }
    let next = old.start;
    for (let row = fresh.start; row < fresh.end; row++) {
      const from = this.#from(this.#deck, row);
      for (; next < old.end && this.#from(this.#table, next) < from; next++) {
        this.#keep(next, fresh);
      }
      this.#checkEnd(row, old);
      this.#copy(this.#deck, row, never);
      if (next < old.end && this.#from(this.#table, next) === from) next++;
    }
    for (; next < old.end; next++) this.#keep(next, fresh);
  }

  /** A rate of the table for a prefix that the deck has, at another time. */
  #keep(row: number, fresh: Run): void {
    const from = this.#from(this.#table, row);
    const until = this.#until(this.#table, row);
    const firstFrom = this.#from(this.#deck, fresh.start);
    if (this.#mode === 'replace') {
      if (from < firstFrom && firstFrom > this.#now && until > this.#now) {
        this.#copy(this.#table, row, firstFrom);
      }
      return;
    }
    if (from > this.#now || !this.#isSuperseded(from, fresh)) {
      this.#copy(this.#table, row, this.#cutAt(from, until, fresh));
    }
  }

  /** Whether a rate of the deck without an end is in effect already: what began before it counts no more. */
  #isSuperseded(from: number, fresh: Run): boolean {
    for (let row = fresh.start; row < fresh.end; row++) {
      const deckFrom = this.#from(this.#deck, row);
      if (deckFrom > this.#now) return false;
      // A rate with an end is a time out of the usual rate, which is needed again behind it.
      if (this.#until(this.#deck, row) === never || from > deckFrom) return true;
    }
    return false;
  }

  /** Where an older rate would end within one of the deck, it ends as that begins. */
  #cutAt(from: number, until: number, fresh: Run): number {
    for (let row = fresh.start; row < fresh.end; row++) {
      const deckFrom = this.#from(this.#deck, row);
      if (from < deckFrom && deckFrom < until && until < this.#until(this.#deck, row)) {
        return deckFrom;
      }
    }
    return never;
  }

  /** A rate of the deck that ends within a pending one of the table leaves the price to chance. */
  #checkEnd(row: number, old: Run): void {
    if (this.#mode === 'replace') return;
    const from = this.#from(this.#deck, row);
    const until = this.#until(this.#deck, row);
    for (let other = old.start; other < old.end; other++) {
      const otherFrom = this.#from(this.#table, other);
      const stays = otherFrom > this.#now;
      if (
        stays &&
        from < otherFrom &&
        otherFrom < until &&
        until < this.#until(this.#table, other)
      ) {
        this.crossing.push(row);
        return;
      }
    }
  }

  #copy(side: Side, row: number, untilMax: number): void {
    const { rates } = side;
    const words = this.#words;
    words[0] = side.shapes[rates.shapes[row]!]!;
    words[1] = side.areas[rates.areas[row]!]!;
    words[2] = side.times[rates.from[row]!]!;
    words[3] = side.times[rates.until[row]!]!;
    if (this.#until(side, row) > untilMax) {
      words[3] = this.#builder.time(new Date(untilMax).toISOString());
    }
    this.#builder.copyRow(rates, row, rates.prices[row]!, words);
  }

  #from(side: Side, row: number): number {
    return side.from[side.rates.from[row]!]!;
  }

  #until(side: Side, row: number): number {
    return side.until[side.rates.until[row]!]!;
  }
}

function nextRun(rates: PackedRates, start: number): Run {
  let end = Math.min(start + 1, rates.count);
  while (end < rates.count && comparePrefixes(rates, start, rates, end) === 0) end++;
  return { start, end };
}

/** Rows of a deck that say the price of one prefix twice for a time, each with the other one. */
export function conflictsWithin(
  deck: PackedRates,
): { row: number; other: number; field: 'prefix' | 'expiresAt' }[] {
  const conflicts: { row: number; other: number; field: 'prefix' | 'expiresAt' }[] = [];
  const from = timesMs(deck, Number.NEGATIVE_INFINITY);
  const until = timesMs(deck, never);
  for (let run = nextRun(deck, 0); run.start < run.end; run = nextRun(deck, run.end)) {
    const open: number[] = [];
    for (let row = run.start; row < run.end; row++) {
      const begins = from[deck.from[row]!]!;
      while (open.length > 0 && until[deck.until[open.at(-1)!]!]! <= begins) open.pop();
      const other = open.at(-1);
      if (other !== undefined) {
        if (from[deck.from[other]!] === begins) conflicts.push({ row, other, field: 'prefix' });
        else if (until[deck.until[other]!]! < until[deck.until[row]!]!) {
          conflicts.push({ row: other, other: row, field: 'expiresAt' });
        }
      }
      open.push(row);
    }
  }
  return conflicts;
}
