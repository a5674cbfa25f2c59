// A deck put into a table: what is in effect now and later, by each mode; checked by hand, and against a slow
// model that asks for the price of every prefix at every time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RateDocument } from '../../core/configuration/model.ts';
import {
  type CombinedRates,
  combineRates,
  conflictsWithin,
  type ImportMode,
} from '../../workers/configuration/combine-rates.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { tableDocument } from '../../workers/configuration/packed-rates.ts';
import { packRates } from '../../workers/configuration/rates-builder.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const past = '2026-01-01T00:00:00Z';
const july = '2026-07-01T00:00:00Z';
const august = '2026-08-01T00:00:00Z';
const september = '2026-09-01T00:00:00Z';

type Time = string | undefined;
type Term = readonly [prefix: string, price: string, from?: Time, until?: Time];

function ratesOf(terms: readonly Term[]): RateDocument[] {
  const rates = terms.map(([prefix, ratePerMinute, effectiveAt, expiresAt]) => ({
    prefix,
    ratePerMinute,
    effectiveAt,
    expiresAt,
  }));
  const parsed = parseDocument({ rateTables: [{ name: 't', rates }] });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.document.rateTables[0]!.rates;
}

function combined(table: readonly Term[], deck: readonly Term[], mode: ImportMode): CombinedRates {
  const options = { mode, now, listed: 10 };
  return combineRates(packRates(ratesOf(table)), packRates(ratesOf(deck)), options);
}

function termsOf({ rates }: CombinedRates): Term[] {
  return tableDocument('t', rates).rates.map(
    ({ prefix, ratePerMinute, effectiveAt, expiresAt }) =>
      [
        prefix,
        ratePerMinute!,
        effectiveAt?.replace('.000', ''),
        expiresAt?.replace('.000', ''),
      ] as const,
  );
}

function term(...parts: [prefix: string, price: string, from?: Time, until?: Time]): Term {
  const [prefix, price, from, until] = parts;
  return [prefix, price, from, until];
}

describe('a deck that replaces a table', () => {
  it('leaves what it has, and nothing else', () => {
    const { changes, ...rest } = combined(
      [
        ['44', '1'],
        ['49', '1'],
      ],
      [
        ['44', '2'],
        ['33', '3'],
      ],
      'replace',
    );
    assert.deepEqual(termsOf({ changes, ...rest }), [term('33', '3'), term('44', '2')]);
    assert.deepEqual(changes.counts, { new: 1, up: 1, down: 0, changed: 0, unchanged: 0, gone: 1 });
  });

  it('that begins later leaves the table as it is until then', () => {
    const result = combined(
      [
        ['44', '1'],
        ['49', '1'],
        ['7', '1', past, july],
        ['8', '1', september],
      ],
      [
        ['44', '2', august],
        ['33', '3', august],
        ['7', '2', september],
      ],
      'replace',
    );
    assert.deepEqual(termsOf(result), [
      term('33', '3', august),
      term('44', '1', undefined, august),
      term('44', '2', august),
      term('49', '1', undefined, august),
      term('7', '1', past, july),
      term('7', '2', september),
    ]);
    assert.equal(result.changes.pending, 3);
    assert.deepEqual(
      result.changes.listed.gone.map(({ prefix }) => prefix),
      ['49', '8'],
    );
  });

  it('in part keeps the rate of a prefix until its new one begins, and ends the others now', () => {
    const result = combined(
      [
        ['44', '1'],
        ['49', '1'],
      ],
      [
        ['44', '2', july],
        ['1', '1'],
      ],
      'replace',
    );
    assert.deepEqual(termsOf(result), [
      term('1', '1'),
      term('44', '1', undefined, july),
      term('44', '2', july),
    ]);
  });

  it('drops pending rates of before', () => {
    const result = combined(
      [
        ['44', '1'],
        ['44', '5', august],
      ],
      [['44', '2']],
      'replace',
    );
    assert.deepEqual(termsOf(result), [term('44', '2')]);
  });
});

describe('a deck that is merged into a table', () => {
  it('takes the place of what is in effect, not of what is pending', () => {
    const result = combined(
      [
        ['44', '1'],
        ['44', '1.5', past],
        ['44', '5', august],
        ['49', '1'],
      ],
      [['44', '2']],
      'merge',
    );
    assert.deepEqual(termsOf(result), [term('44', '2'), term('44', '5', august), term('49', '1')]);
  });

  it('may be a time out of the usual rate, which comes back behind it', () => {
    const result = combined([['44', '1']], [['44', '0.5', past, july]], 'merge');
    assert.deepEqual(termsOf(result), [term('44', '1'), term('44', '0.5', past, july)]);
  });

  it('ends an older rate that would end within it, and is refused where it ends within a later one', () => {
    const cut = combined([['44', '1', undefined, august]], [['44', '2', july]], 'merge');
    assert.deepEqual(termsOf(cut), [term('44', '1', undefined, july), term('44', '2', july)]);
    assert.deepEqual(cut.crossing, []);
    const crossing = combined([['44', '5', july]], [['44', '2', undefined, august]], 'merge');
    assert.deepEqual(crossing.crossing, [0]);
  });

  it('takes the place of a pending rate with the same time', () => {
    const result = combined(
      [
        ['44', '1'],
        ['44', '2', july],
      ],
      [['44', '3', july]],
      'merge',
    );
    assert.deepEqual(termsOf(result), [term('44', '1'), term('44', '3', july)]);
  });
});

describe('a deck in itself', () => {
  it('may not rate a prefix twice for a time', () => {
    const builder = (terms: readonly Term[]) =>
      packRates(
        terms.map(([prefix, ratePerMinute, effectiveAt, expiresAt]) => ({
          ...ratesOf([['1', '1']])[0]!,
          prefix,
          ratePerMinute,
          effectiveAt,
          expiresAt,
        })),
      );
    assert.deepEqual(
      conflictsWithin(
        builder([
          ['44', '1'],
          ['44', '2'],
          ['45', '1'],
        ]),
      ),
      [{ row: 1, other: 0, field: 'prefix' }],
    );
    assert.deepEqual(
      conflictsWithin(
        builder([
          ['44', '1', past, august],
          ['44', '2', july],
        ]),
      ),
      [{ row: 0, other: 1, field: 'expiresAt' }],
    );
    assert.deepEqual(
      conflictsWithin(
        builder([
          ['44', '1'],
          ['44', '2', past, july],
          ['44', '3', july],
        ]),
      ),
      [],
    );
  });
});

/** Of one prefix's rates in effect the one that began last counts. */
function priceAt(rates: readonly Term[], prefix: string, at: number): string | undefined {
  let best: { from: number; price: string } | undefined;
  for (const [own, price, effectiveAt, expiresAt] of rates) {
    const from = effectiveAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(effectiveAt);
    const until = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
    if (own !== prefix || from > at || until <= at) continue;
    if (best === undefined || from >= best.from) best = { from, price };
  }
  return best?.price;
}

const times = [undefined, past, july, august, september];
const prefixes = ['1', '2', '22', '3'];
const openTerm = fc
  .tuple(fc.constantFrom(...prefixes), fc.integer({ min: 1, max: 9 }), fc.constantFrom(...times))
  .map(([prefix, price, from]): Term => [prefix, String(price), from]);
const openTerms = fc.uniqueArray(openTerm, {
  minLength: 1,
  maxLength: 10,
  selector: ([prefix, , from]) => `${prefix} ${from}`,
});
const instants = [now, ...[july, august, september].map((time) => Date.parse(time))];

describe('any deck of rates without an end', () => {
  it('is what counts from its time on; until then the table does', () => {
    fc.assert(
      fc.property(openTerms, openTerms, (table, deck) => {
        const begins = deck.map(([, , from]) => (from === undefined ? 0 : Date.parse(from)));
        const deckFrom = Math.max(now, Math.min(...begins));
        const result = termsOf(combined(table, deck, 'replace'));
        for (const prefix of prefixes) {
          const own = deck.filter(([each]) => each === prefix);
          for (const at of instants) {
            const fallsBack = own.length > 0 || at < deckFrom;
            const wanted =
              priceAt(deck, prefix, at) ?? (fallsBack ? priceAt(table, prefix, at) : undefined);
            assert.equal(
              priceAt(result, prefix, at) ?? 'none',
              expectedOf(own, at, wanted),
              `${prefix} ${at}`,
            );
          }
        }
      }),
    );

    /** Between the beginning of the deck's own rates nothing of the table comes through. */
    function expectedOf(own: readonly Term[], at: number, wanted: string | undefined): string {
      return priceAt(own, own[0]?.[0] ?? '', at) ?? wanted ?? 'none';
    }
  });

  it('merged, counts beside later rates of the table', () => {
    fc.assert(
      fc.property(openTerms, openTerms, (table, deck) => {
        const result = termsOf(combined(table, deck, 'merge'));
        for (const prefix of prefixes) {
          const hasNow = priceAt(deck, prefix, now) !== undefined;
          for (const at of instants) {
            // An earlier rate of the table no longer counts once the deck says what is in effect.
            const old = table.filter(
              ([own, , from]) =>
                !deck.some(([other, , begins]) => other === own && begins === from) &&
                !(own === prefix && hasNow && (from === undefined || Date.parse(from) <= now)),
            );
            assert.equal(priceAt(result, prefix, at), priceAt([...old, ...deck], prefix, at));
          }
        }
      }),
    );
  });
});
