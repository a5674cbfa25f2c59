// Decimal strings in and out, and the one rounding.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { divideHalfUp, moneyText, parseMoney } from '../../core/money.ts';

describe('money', () => {
  it('is read from decimal strings and nothing else', () => {
    assert.equal(parseMoney('0.0125'), 1_250_000n);
    assert.equal(parseMoney('-1.5'), -150_000_000n);
    assert.equal(parseMoney('90000000000'), 9_000_000_000_000_000_000n);
    assert.equal(parseMoney('0.00000001'), 1n);
    assert.equal(parseMoney('007'), 700_000_000n);
    for (const bad of ['', '.5', '1.', '1,5', '1e3', '+1', ' 1', '0.000000001', '--1', '٣']) {
      assert.equal(parseMoney(bad), undefined, bad);
    }
  });

  it('is written as the shortest decimal string', () => {
    assert.equal(moneyText(0n), '0');
    assert.equal(moneyText(3_000_000n), '0.03');
    assert.equal(moneyText(-1n), '-0.00000001');
    assert.equal(moneyText(-150_000_000n), '-1.5');
    assert.equal(moneyText(700_000_000n), '7');
  });

  it('comes back from its text', () => {
    const units = fc.bigInt({ min: -9_000_000_000_000_000_000n, max: 9_000_000_000_000_000_000n });
    fc.assert(fc.property(units, (each) => assert.equal(parseMoney(moneyText(each)), each)));
  });

  it('is rounded to the nearest whole, halves up', () => {
    assert.equal(divideHalfUp(5n, 10n), 1n);
    assert.equal(divideHalfUp(4n, 10n), 0n);
    assert.equal(divideHalfUp(7n, 5n), 1n);
    assert.equal(divideHalfUp(8n, 5n), 2n);
    const sizes = [
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      fc.bigInt({ min: 1n, max: 10n ** 20n }),
    ];
    fc.assert(
      fc.property(sizes[0]!, sizes[1]!, (dividend, divisor) => {
        const twiceError = (dividend - divideHalfUp(dividend, divisor) * divisor) * 2n;
        assert.ok(twiceError < divisor && twiceError >= -divisor);
      }),
    );
  });
});
