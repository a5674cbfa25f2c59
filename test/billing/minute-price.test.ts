// The price of a minute by which carriers are compared is the price of 60 seconds, to the unit.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { accountMinutePrice } from '../../core/billing/minute-price.ts';
import { priceOf } from '../../core/billing/price.ts';
import { findRate, isRefusal } from '../../core/billing/rate-lookup.ts';
import { accountAt } from '../../core/configuration/open-billing.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const money = fc.integer({ min: 0, max: 9_000_000_000 }).map((units) => {
  const text = String(units).padStart(9, '0');
  return `${text.slice(0, -8)}.${text.slice(-8)}`;
});
const perMinute = fc.record({
  ratePerMinute: money,
  connectionFee: money,
  firstIncrementSeconds: fc.constantFrom(1, 30, 60, 90),
  nextIncrementSeconds: fc.constantFrom(1, 6, 60),
  taxPercent: fc.constantFrom('0', '0', '7.5'),
});
const perCycle = fc.record({
  ratePerCycle: money,
  cycleSeconds: fc.constantFrom(1, 7, 60, 3600),
  connectionFee: money,
});

describe('the price of a minute', () => {
  it('is what price.ts makes of 60 seconds, for any rate', () => {
    fc.assert(
      fc.property(fc.oneof(perMinute, perCycle), (fields) => {
        const snapshot = snapshotOf({
          rateTables: [{ name: 't', rates: [{ prefix: '44', ...fields }] }],
          accounts: [{ name: 'a', kind: 'clearing', rateTable: 't' }],
        });
        const found = findRate(snapshot.billing, accountAt(snapshot, 0), { number: '442', at: 0 });
        assert.ok(!isRefusal(found));
        assert.equal(accountMinutePrice(snapshot, 0, '442', 0), Number(priceOf(found, 60, 1n).fee));
      }),
      { numRuns: 200 },
    );
  });

  it('is not known without a rate, or with a locked one', () => {
    const snapshot = snapshotOf({
      rateTables: [{ name: 't', rates: [{ prefix: '1', ratePerMinute: '1', locked: true }] }],
      accounts: [{ name: 'a', kind: 'clearing', rateTable: 't' }],
    });
    assert.ok(Number.isNaN(accountMinutePrice(snapshot, 0, '44', 0)));
    assert.ok(Number.isNaN(accountMinutePrice(snapshot, 0, '1', 0)));
  });
});
