// Rate terms for tests: one cent a minute by the second, but for what a test says.
import assert from 'node:assert/strict';
import type { RateTerms } from '../../core/billing/rate-terms.ts';
import { parseMoney } from '../../core/money.ts';

export function termsWith(fields: Partial<RateTerms>): RateTerms {
  return {
    rateTable: 'retail',
    prefix: '44',
    area: '',
    callType: 5,
    locked: false,
    price: money('0.01'),
    perSeconds: 60,
    connectionFee: 0n,
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    sections: [],
    taxPercent: 0n,
    effectiveAt: 0,
    expiresAt: 0,
    ...fields,
  };
}

export function money(text: string): bigint {
  const units = parseMoney(text);
  assert.notEqual(units, undefined, text);
  return units!;
}
