// Prices worked out by hand, and against a slow oracle that counts second by second with exact fractions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { holdSeconds, lastMsOf } from '../../core/billing/hold-time.ts';
import { priceOf, secondsFor, taxWithin } from '../../core/billing/price.ts';
import type { RateTerms } from '../../core/billing/rate-terms.ts';
import { moneyText } from '../../core/money.ts';
import { money, termsWith } from './terms.ts';

/** SERVER_BILLING_FEE_PRECISION 7. */
const sevenDecimals = 10n;

function feeOf(terms: RateTerms, seconds: number, unit = sevenDecimals): string {
  return moneyText(priceOf(terms, seconds, unit).fee);
}

describe('the vectors of hold time and price', () => {
  const perCycle = (price: string, cycle: number): Partial<RateTerms> => ({
    price: money(price),
    perSeconds: cycle,
    firstIncrementSeconds: cycle,
    nextIncrementSeconds: cycle,
  });
  const sections = [{ seconds: 30, fee: money('0.005') }];
  const vectors: [string, Partial<RateTerms>, number, number, number, string][] = [
    // 61 s are two cycles of 60 s: 2 × 0.01, and 0.01 for the connection.
    [
      'two cycles',
      { ...perCycle('0.01', 60), connectionFee: money('0.01') },
      61_000,
      1000,
      120,
      '0.03',
    ],
    // 29 s are within the first section.
    ['a section', { ...perCycle('0.001', 6), sections }, 29_999, 1000, 30, '0.005'],
    // 31 s (49 ms do not carry at 50): the section and one cycle.
    ['section and cycle', { ...perCycle('0.001', 6), sections }, 31_049, 50, 36, '0.006'],
    // 37 s (50 ms carry): the section, then 7 s are two cycles.
    ['a carried second', { ...perCycle('0.001', 6), sections }, 36_050, 50, 42, '0.007'],
    ['less than a second', perCycle('0.0001', 1), 999, 1000, 0, '0'],
  ];
  for (const [what, fields, holdMs, carryMs, billed, fee] of vectors) {
    it(`hold: ${what}`, () => {
      const seconds = holdSeconds(holdMs, { carryMs, freeSeconds: 0 });
      const price = priceOf(termsWith(fields), seconds, sevenDecimals);
      assert.equal(price.billedSeconds, billed);
      assert.equal(moneyText(price.fee), fee);
    });
  }
});

describe('a price', () => {
  it('is one exact product, not a sum of rounded seconds', () => {
    // 0.01 a minute: 60 minutes are 0.60, although a second is 0.000166...
    assert.equal(feeOf(termsWith({}), 3600), '0.6');
    // One second: 0.01 / 60 = 0.00016666..., half up at 7 decimals 0.0001667.
    assert.equal(feeOf(termsWith({}), 1), '0.0001667');
    assert.equal(feeOf(termsWith({}), 1, 1n), '0.00016667');
  });

  it('counts a first and then next increments', () => {
    // 60/6 at 0.0120: 60 s are 0.012; 61 s are billed as 66 s: 0.012 × 66 / 60 = 0.0132.
    const terms = termsWith({
      price: money('0.0120'),
      firstIncrementSeconds: 60,
      nextIncrementSeconds: 6,
    });
    assert.equal(feeOf(terms, 1), '0.012');
    assert.equal(feeOf(terms, 60), '0.012');
    assert.equal(feeOf(terms, 61), '0.0132');
    assert.equal(feeOf(terms, 66), '0.0132');
    assert.equal(feeOf(terms, 67), '0.0144');
  });

  it('enters sections in turn, each charged whole', () => {
    const terms = termsWith({
      price: money('0.03'),
      nextIncrementSeconds: 10,
      connectionFee: money('0.002'),
      sections: [
        { seconds: 20, fee: money('0.05') },
        { seconds: 40, fee: money('0.04') },
      ],
    });
    assert.equal(feeOf(terms, 20), '0.052');
    assert.equal(feeOf(terms, 21), '0.092');
    // 75 s: both sections are 60 s for 0.09; 15 s are 20 s of 0.03 a minute: 0.01; and 0.002.
    assert.equal(feeOf(terms, 75), '0.102');
    assert.equal(priceOf(terms, 75, sevenDecimals).billedSeconds, 80);
  });

  it('has its tax in the fee, and net and tax add up to it', () => {
    // (0.012 + 0.10) × 1.19 = 0.13328; net 0.112, tax 0.02128.
    const terms = termsWith({
      price: money('0.012'),
      firstIncrementSeconds: 60,
      connectionFee: money('0.10'),
      taxPercent: money('19'),
    });
    const price = priceOf(terms, 5, sevenDecimals);
    assert.equal(moneyText(price.fee), '0.13328');
    assert.equal(moneyText(price.tax), '0.02128');
    // At whole cents 0.13328 is 0.13 and net 0.112 is 0.11.
    const cents = priceOf(terms, 5, money('0.01'));
    assert.deepEqual([moneyText(cents.fee), moneyText(cents.tax)], ['0.13', '0.02']);
    // 0.119 with 19 % is 0.1 and 0.019.
    assert.equal(moneyText(taxWithin(terms, money('0.119'), sevenDecimals)), '0.019');
  });

  it('is rounded half up to the unit, once', () => {
    // 0.25 a minute for 6 s: 0.025; to cents 0.03. For 5 s: 0.0208333...; to cents 0.02.
    const terms = termsWith({ price: money('0.25') });
    assert.equal(feeOf(terms, 6, money('0.01')), '0.03');
    assert.equal(feeOf(terms, 5, money('0.01')), '0.02');
  });

  it('is nothing without a second, not even a connection fee', () => {
    const terms = termsWith({ connectionFee: money('1') });
    assert.deepEqual(priceOf(terms, 0, sevenDecimals), { fee: 0n, tax: 0n, billedSeconds: 0 });
  });

  it('holds at the largest amounts: nothing overflows', () => {
    // 90,000,000,000 a minute for 30 days of 1440 minutes each.
    const terms = termsWith({ price: money('90000000000') });
    assert.equal(feeOf(terms, 2_592_000), String(90_000_000_000n * 43_200n));
  });
});

const anyTerms: fc.Arbitrary<RateTerms> = fc
  .record({
    price: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    perSeconds: fc.constantFrom(1, 6, 30, 60, 61),
    connectionFee: fc.bigInt({ min: 0n, max: 10n ** 10n }),
    firstIncrementSeconds: fc.integer({ min: 1, max: 90 }),
    nextIncrementSeconds: fc.integer({ min: 1, max: 90 }),
    sections: fc.array(
      fc.record({
        seconds: fc.integer({ min: 1, max: 50 }),
        fee: fc.bigInt({ min: 0n, max: 10n ** 9n }),
      }),
      { maxLength: 3 },
    ),
    taxPercent: fc.bigInt({ min: 0n, max: 10n ** 11n }),
  })
  .map(termsWith);
const anyUnit = fc.constantFrom(1n, 10n, 10n ** 6n, 7n);

/** Second by second: what is begun is paid. Then one fraction, and the multiple of `unit` nearest to it. */
function oracle(terms: RateTerms, seconds: number, unit: bigint): { fee: bigint; billed: number } {
  let paidUntil = 0;
  let fees = terms.connectionFee;
  let timed = 0;
  const steps = [...terms.sections];
  for (let second = 1; second <= seconds; second++) {
    if (second <= paidUntil) continue;
    const section = steps.shift();
    if (section !== undefined) {
      paidUntil += section.seconds;
      fees += section.fee;
    } else {
      const isFirst = paidUntil === 0;
      const step = isFirst ? terms.firstIncrementSeconds : terms.nextIncrementSeconds;
      paidUntil += step;
      timed += step;
    }
  }
  if (seconds === 0) return { fee: 0n, billed: 0 };
  const divisor = BigInt(terms.perSeconds) * 10_000_000_000n;
  const dividend =
    (fees * BigInt(terms.perSeconds) + terms.price * BigInt(timed)) *
    (10_000_000_000n + terms.taxPercent);
  let multiple = dividend / (divisor * unit);
  const rest = dividend - multiple * divisor * unit;
  if (rest >= divisor * unit - rest) multiple += 1n;
  return { fee: multiple * unit, billed: paidUntil };
}

describe('a price, for any rate', () => {
  it('is what counting second by second gives', () => {
    fc.assert(
      fc.property(anyTerms, fc.integer({ min: 0, max: 400 }), anyUnit, (terms, seconds, unit) => {
        const { fee, billedSeconds } = priceOf(terms, seconds, unit);
        assert.deepEqual({ fee, billed: billedSeconds }, oracle(terms, seconds, unit));
      }),
    );
  });

  it('never falls with time, and its tax is a part of it', () => {
    fc.assert(
      fc.property(anyTerms, fc.integer({ min: 0, max: 4000 }), anyUnit, (terms, seconds, unit) => {
        const price = priceOf(terms, seconds, unit);
        assert.ok(priceOf(terms, seconds + 1, unit).fee >= price.fee);
        assert.ok(price.tax >= 0n && price.tax <= price.fee);
      }),
    );
  });

  it('tells how long some money lasts: so long, and no second longer', () => {
    const money = fc.bigInt({ min: 0n, max: 10n ** 13n });
    fc.assert(
      fc.property(anyTerms, money, anyUnit, (terms, amount, unit) => {
        const seconds = secondsFor(terms, amount, unit, 7200);
        assert.ok(priceOf(terms, seconds, unit).fee <= amount);
        if (seconds < 7200) assert.ok(priceOf(terms, seconds + 1, unit).fee > amount);
      }),
    );
  });
});

describe('hold time', () => {
  it('loses its free seconds first', () => {
    assert.equal(holdSeconds(5_999, { carryMs: 1000, freeSeconds: 3 }), 2);
    assert.equal(holdSeconds(2_999, { carryMs: 1, freeSeconds: 3 }), 0);
    assert.equal(holdSeconds(3_001, { carryMs: 1, freeSeconds: 3 }), 1);
  });

  it('has a last millisecond for each number of seconds', () => {
    const rules = fc.record({
      carryMs: fc.integer({ min: 1, max: 1000 }),
      freeSeconds: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 4000 }), (each, seconds) => {
        assert.equal(holdSeconds(lastMsOf(seconds, each), each), seconds);
        assert.equal(holdSeconds(lastMsOf(seconds, each) + 1, each), seconds + 1);
      }),
    );
  });
});
