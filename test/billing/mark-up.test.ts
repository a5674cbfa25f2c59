// Rates made dearer: exact, rounded half up once; against a slow fraction.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { markUpFee, markUpPrice } from '../../core/billing/mark-up.ts';
import { moneyText, parseMoney } from '../../core/money.ts';

function marked(
  ...parts: [price: string, percent: string, perMinute: string, decimals?: number, seconds?: number]
): string | undefined {
  const [price, percent, perMinute, decimals = 8, seconds = 60] = parts;
  const markUp = { percent: parseMoney(percent)!, perMinute: parseMoney(perMinute)!, decimals };
  const made = markUpPrice(parseMoney(price)!, seconds, markUp);
  return made === undefined ? undefined : moneyText(made);
}

describe('a mark-up', () => {
  it('adds a percentage, and an amount a minute', () => {
    assert.equal(marked('0.0125', '10', '0'), '0.01375');
    assert.equal(marked('0.0125', '0', '0.001'), '0.0135');
    assert.equal(marked('0.0125', '-50', '0'), '0.00625');
    assert.equal(marked('0.0125', '10', '0.001', 4), '0.0148');
  });

  it('gives a rate per cycle its share of the amount', () => {
    assert.equal(marked('0.001', '0', '0.01', 8, 6), '0.002');
    assert.equal(marked('0', '0', '0.01', 8, 7), '0.00116667');
  });

  it('rounds half up, once', () => {
    assert.equal(marked('0.00005', '0', '0', 4), '0.0001');
    assert.equal(marked('0.00004999', '0', '0', 4), '0');
    assert.equal(marked('0.00000001', '49.99999999', '0'), '0.00000001');
    assert.equal(marked('0.00000001', '50', '0'), '0.00000002');
  });

  it('never goes below nothing', () => {
    assert.equal(marked('0.01', '-100', '0'), '0');
    assert.equal(marked('0.01', '-100.00000001', '0'), undefined);
    assert.equal(marked('0.01', '0', '-0.02'), undefined);
  });

  it('of a fee is the percentage alone', () => {
    assert.equal(markUpFee(100n, { percent: 1_000_000_000n, perMinute: 5n, decimals: 8 }), 110n);
  });

  it('is within half of its last decimal, for any rate', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        fc.bigInt({ min: 0n, max: 10n ** 11n }),
        fc.integer({ min: 0, max: 8 }),
        (price, percent, decimals) => {
          const made = markUpPrice(price, 60, { percent, perMinute: 0n, decimals })!;
          const step = 10n ** BigInt(8 - decimals);
          assert.equal(made % step, 0n);
          const difference = made * 10n ** 10n - price * (10n ** 10n + percent);
          const half = (step * 10n ** 10n) / 2n;
          assert.ok(difference <= half && difference > -half - 1n, String(difference));
        },
      ),
    );
  });
});
