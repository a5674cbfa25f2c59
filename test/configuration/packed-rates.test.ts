// Rate tables as columns: what goes in comes out to the letter, in order of prefix and time; the same rates are
// the same bytes, in whatever order they came.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RateDocument } from '../../core/configuration/model.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import {
  openRates,
  type PackedRates,
  ratesBytes,
  ratesId,
  tableDocument,
} from '../../workers/configuration/packed-rates.ts';
import { packRates } from '../../workers/configuration/rates-builder.ts';

function ratesOf(...rates: object[]): RateDocument[] {
  const parsed = parseDocument({ rateTables: [{ name: 't', rates }] });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.document.rateTables[0]!.rates;
}

function stored(rates: PackedRates): RateDocument[] {
  return tableDocument('t', openRates(ratesBytes(rates))).rates;
}

const decimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 89_999_999_999n }), fc.integer({ min: 0, max: 8 }), fc.nat())
  .map(([whole, decimals, digits]) =>
    decimals === 0
      ? String(whole)
      : `${whole}.${String(digits).padStart(decimals, '0').slice(-decimals)}`,
  );
const rate = fc.record({
  prefix: fc.stringMatching(/^[0-9+é#]{0,12}$/),
  area: fc.option(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), { nil: undefined }),
  ratePerMinute: decimal,
  connectionFee: decimal,
  firstIncrementSeconds: fc.integer({ min: 1, max: 60 }),
  taxPercent: fc.constantFrom('0', '20', '20.0'),
  locked: fc.boolean(),
  effectiveAt: fc.constantFrom(undefined, '2026-01-01T00:00:00Z', '2026-01-01T00:30:00+01:00'),
});

describe('packed rates', () => {
  it('come back as they were, in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(rate, { selector: (each) => each.prefix }), (rates) => {
        const list = ratesOf(...rates);
        const sorted = list.toSorted((left, right) =>
          Buffer.compare(Buffer.from(left.prefix), Buffer.from(right.prefix)),
        );
        assert.deepEqual(
          JSON.parse(JSON.stringify(stored(packRates(list)))),
          JSON.parse(JSON.stringify(sorted)),
        );
      }),
    );
  });

  it('are the same bytes in whatever order they came', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(rate, { selector: (each) => each.prefix })
          .chain((rates) =>
            fc.tuple(
              fc.constant(rates),
              fc.shuffledSubarray(rates, { minLength: rates.length, maxLength: rates.length }),
            ),
          ),
        ([rates, shuffled]) => {
          const id = (list: object[]): string => ratesId(ratesBytes(packRates(ratesOf(...list))));
          assert.equal(id(rates), id(shuffled));
        },
      ),
    );
  });

  it('keep rates of one prefix in order of time, none first', () => {
    const times = ['2026-06-01T00:00:00Z', undefined, '2026-01-01T00:00:00+05:00'];
    const list = ratesOf(
      ...times.map((effectiveAt) => ({ prefix: '44', ratePerMinute: '1', effectiveAt })),
    );
    assert.deepEqual(
      stored(packRates(list)).map(({ effectiveAt }) => effectiveAt),
      [undefined, '2026-01-01T00:00:00+05:00', '2026-06-01T00:00:00Z'],
    );
  });

  it('keep the decimals of a price, the largest amount and cycles with sections', () => {
    const list = ratesOf(
      { prefix: '1', ratePerMinute: '0.0120' },
      { prefix: '2', ratePerMinute: '90000000000' },
      {
        prefix: '3',
        ratePerCycle: '0.00000001',
        cycleSeconds: 6,
        sections: [{ seconds: 30, fee: '0.10' }],
      },
    );
    assert.deepEqual(stored(packRates(list)), list);
  });

  it('are refused where their bytes are others', () => {
    const bytes = ratesBytes(packRates(ratesOf({ prefix: '44', ratePerMinute: '1' })));
    assert.throws(() => openRates(bytes.subarray(0, bytes.length - 1)), /bytes are not 1 rates/);
    assert.throws(() => openRates(Buffer.from('{"rates":[]}    ')), /expected it to begin with/);
  });
});
