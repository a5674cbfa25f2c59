// What a deck changes in a rate table: each rate of it beside the one that it takes over from, and the prefixes
// that the deck no longer has.
import { rateText } from '../../core/configuration/diff.ts';
import { type PackedRates, prefixAt, rateAt, timesMs } from './packed-rates.ts';
import { shapeKey } from './rates-builder.ts';
import { numbering } from './stored-document.ts';

/** `changed`: the same price, on other terms (increments, fees, tax, area). */
export const changeKinds = ['new', 'up', 'down', 'changed', 'unchanged', 'gone'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface RateChange {
  readonly prefix: string;
  /** As rates are spoken of: "0.0125+0 60/6"; null: there was none, or there is none any more. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface RateChanges {
  /** Of the rates of the deck; `gone` counts prefixes. */
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** Rates of the deck that begin later. */
  readonly pending: number;
  /** The first of each kind but `unchanged`. */
  readonly listed: Readonly<Record<Exclude<ChangeKind, 'unchanged'>, readonly RateChange[]>>;
}

interface ComparisonOptions {
  readonly now: number;
  readonly listed: number;
}

export class RateComparison {
  readonly #table: PackedRates;
  readonly #deck: PackedRates;
  readonly #options: ComparisonOptions;
  readonly #counts = { new: 0, up: 0, down: 0, changed: 0, unchanged: 0, gone: 0 };
  readonly #listed: Record<Exclude<ChangeKind, 'unchanged'>, RateChange[]> = {
    new: [],
    up: [],
    down: [],
    changed: [],
    gone: [],
  };
  readonly #tableFrom: Float64Array;
  readonly #tableUntil: Float64Array;
  readonly #deckFrom: Float64Array;
  readonly #shapes: Int32Array;
  readonly #areas: Int32Array;
  #pending = 0;

  constructor(table: PackedRates, deck: PackedRates, options: ComparisonOptions) {
    this.#table = table;
    this.#deck = deck;
    this.#options = options;
    this.#tableFrom = timesMs(table, Number.NEGATIVE_INFINITY);
    this.#tableUntil = timesMs(table, Number.POSITIVE_INFINITY);
    this.#deckFrom = timesMs(deck, Number.NEGATIVE_INFINITY);
    this.#shapes = numbering(deck.shapeList.map(shapeKey), table.shapeList.map(shapeKey));
    this.#areas = numbering(deck.areaList, table.areaList);
  }

  get changes(): RateChanges {
    return { counts: this.#counts, pending: this.#pending, listed: this.#listed };
  }

  /** A rate of the deck; the table's rates of its prefix are rows from `start` to before `end`. */
  deckRow(row: number, start: number, end: number): void {
    const from = this.#deckFrom[this.#deck.from[row]!]!;
    if (from > this.#options.now) this.#pending++;
    const before = this.#inEffect(start, end, Math.max(from, this.#options.now));
    const kind = before < 0 ? 'new' : this.#kindOf(before, row);
    this.#counts[kind]++;
    if (kind === 'unchanged' || this.#listed[kind].length >= this.#options.listed) return;
    this.#listed[kind].push({
      prefix: prefixAt(this.#deck, row),
      before: before < 0 ? null : termsText(this.#table, before),
      after: termsText(this.#deck, row),
    });
  }

  /** A prefix that the deck does not have, by one of its rows. */
  gone(row: number): void {
    this.#counts.gone++;
    if (this.#listed.gone.length >= this.#options.listed) return;
    const prefix = prefixAt(this.#table, row);
    this.#listed.gone.push({ prefix, before: termsText(this.#table, row), after: null });
  }

  /** The newest of the rows that has begun and not ended; -1: none. */
  #inEffect(start: number, end: number, at: number): number {
    for (let row = end - 1; row >= start; row--) {
      const hasBegun = this.#tableFrom[this.#table.from[row]!]! <= at;
      if (hasBegun && this.#tableUntil[this.#table.until[row]!]! > at) return row;
    }
    return -1;
  }

  #kindOf(before: number, after: number): Exclude<ChangeKind, 'new' | 'gone'> {
    const table = this.#table;
    const deck = this.#deck;
    const oldShape = table.shapes[before]!;
    const newShape = deck.shapes[after]!;
    const isSame =
      this.#shapes[newShape] === oldShape &&
      this.#areas[deck.areas[after]!] === table.areas[before];
    const oldSeconds = table.shapeList[oldShape]!.cycleSeconds ?? 60;
    const newSeconds = deck.shapeList[newShape]!.cycleSeconds ?? 60;
    const oldPrice = table.prices[before]!;
    const newPrice = deck.prices[after]!;
    if (oldSeconds === newSeconds) {
      if (newPrice !== oldPrice) return newPrice > oldPrice ? 'up' : 'down';
      return isSame ? 'unchanged' : 'changed';
    }
    // Money a second, without dividing.
    const oldPace = oldPrice * BigInt(newSeconds);
    const newPace = newPrice * BigInt(oldSeconds);
    return newPace > oldPace ? 'up' : newPace < oldPace ? 'down' : 'changed';
  }
}

/** Without its prefix. */
function termsText(rates: PackedRates, row: number): string {
  const rate = rateAt(rates, row);
  return rateText(rate).slice(rate.prefix.length + 1);
}
