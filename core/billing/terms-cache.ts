// Rate terms that calls of one snapshot have asked for, by row: most calls go to few destinations, and terms are
// some hundred bytes and two big integers to build. Bounded; a row that shares its place takes it over.
import type { BillingTables } from '../configuration/snapshot.ts';
import type { RateTerms } from './rate-terms.ts';

/** A power of two. */
const places = 4096;

export class TermsCache {
  readonly #rows = new Int32Array(places).fill(-1);
  readonly #terms: (RateTerms | undefined)[] = [];

  at(row: number): RateTerms | undefined {
    const place = row & (places - 1);
    return this.#rows[place] === row ? this.#terms[place] : undefined;
  }

  keep(row: number, terms: RateTerms): void {
    const place = row & (places - 1);
    this.#rows[place] = row;
    this.#terms[place] = terms;
  }
}

/** They go with the tables. */
const caches = new WeakMap<BillingTables, TermsCache>();

export function termsCacheOf(billing: BillingTables): TermsCache {
  const known = caches.get(billing);
  if (known !== undefined) return known;
  const made = new TermsCache();
  caches.set(billing, made);
  return made;
}
