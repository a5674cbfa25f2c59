// What `tandem rate` tells of a call's price.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRate, type RateExplanation } from '../../core/billing/explain-rate.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const at = Date.parse('2026-06-01T12:00:00Z');
const document = {
  parameters: {
    SERVER_BILLING_FREE_TIME: 2,
    SERVER_BILLING_HOLD_TIME_PRECISION: 50,
    SERVER_BILLING_GATEWAY_ROUTE_PREFIX: 2,
    SERVER_BILLING_FEE_PRECISION: '0.0000',
    SERVER_BILLING_FREE_E164S: '990800*',
  },
  rateTables: [
    {
      name: 'retail',
      rates: [
        {
          prefix: '44',
          area: 'Großbritannien',
          ratePerMinute: '0.0120',
          connectionFee: '0.01',
          firstIncrementSeconds: 60,
          nextIncrementSeconds: 6,
          taxPercent: '19',
          effectiveAt: '2026-01-01T00:00:00Z',
        },
        {
          prefix: '33',
          ratePerCycle: '0.001',
          cycleSeconds: 6,
          sections: [{ seconds: 30, fee: '0.005' }],
        },
        { prefix: '0800', ratePerMinute: '1' },
      ],
    },
    { name: 'agents', rates: [{ prefix: '4', ratePerMinute: '0.006' }] },
    {
      name: 'buy',
      rates: [
        { prefix: '44', ratePerMinute: '0.003' },
        {
          prefix: '00',
          ratePerMinute: '0.02',
          firstIncrementSeconds: 60,
          nextIncrementSeconds: 60,
        },
      ],
    },
  ],
  packages: [
    {
      name: 'bundle',
      timeZone: 'UTC',
      gifts: [{ prefixes: ['33'], seconds: 12, cycleSeconds: 6 }],
    },
  ],
  accounts: [
    {
      name: 'acme',
      kind: 'customer',
      rateTable: 'retail',
      agent: 'seller',
    },
    { name: 'plain', kind: 'customer', rateTable: 'retail', packages: [{ package: 'bundle' }] },
    { name: 'seller', kind: 'agent', rateTable: 'agents' },
    { name: 'carrier', kind: 'clearing', rateTable: 'buy' },
  ],
};
const snapshot = snapshotOf(document, 7);

function quote(account: string, callee: string, holdMs: number): RateExplanation {
  const explanation = explainRate(snapshot, { account, callee, holdMs, at });
  assert.ok(typeof explanation !== 'string', String(explanation));
  return explanation;
}

describe('the explanation of a price', () => {
  it('names the rate, its steps, tax and total, and what the agents pay', () => {
    // 63.05 s less 2 s carry to 62 s: 66 s billed. (0.012 × 66 / 60 + 0.01) × 1.19 = 0.027608,
    // to four decimals 0.0276; without tax 0.0232. The agent: 0.006 × 62 / 60 = 0.0062.
    const { steps, ...told } = quote('acme', '99442079460000', 63_050);
    assert.deepEqual(told, {
      configurationVersion: 7,
      account: 'acme',
      calleeBilling: '442079460000',
      startedAt: '2026-06-01T12:00:00.000Z',
      holdSeconds: 62,
      fee: '0.0276',
      tax: '0.0044',
      billedSeconds: 66,
      packageSeconds: 0,
      giftMoney: '0',
      connectionFee: '0.01',
      rateTable: 'retail',
      ratePrefix: '44',
      agentFees: [
        { account: 'seller', fee: '0.0062', giftMoney: '0', billedSeconds: 62, ratePrefix: '4' },
      ],
      cost: null,
      clearingBilledSeconds: null,
      clearingRatePrefix: null,
      profit: null,
      endReason: null,
      sipCode: null,
    });
    assert.deepEqual(
      steps.map(({ step, result }) => `${step}: ${result}`),
      [
        'number: 442079460000, without the first 2',
        'acme: account rates: retail: prefix "44"',
        'seller: account rates: agents: prefix "4"',
        'hold time: 63.05 s less 2 s free: 62 s',
        'acme: rate: 0.012 a minute, Großbritannien, from 2026-01-01T00:00:00.000Z',
        'acme: increments: 62 s by 60/6: 66 s',
        'acme: connection fee: 0.01',
        'acme: tax: 0.0044 (19 %)',
        'acme: total: 0.0276, rounded half up to 0.0001',
        'seller: rate: 0.006 a minute',
        'seller: increments: 62 s by 1/1: 62 s',
        'seller: connection fee: 0',
        'seller: tax: 0 (0 %)',
        'seller: total: 0.0062, rounded half up to 0.0001',
      ],
    );
  });

  it('tells what the carrier costs, and the profit, by the number that it is rated by', () => {
    const asked = { account: 'acme', callee: '99442079460000', holdMs: 63_050, at };
    const told = (more: object): unknown[] => {
      const explained = explainRate(snapshot, { ...asked, clearingAccount: 'carrier', ...more });
      assert.ok(typeof explained !== 'string', String(explained));
      const { fee, cost, profit, clearingBilledSeconds, clearingRatePrefix, steps } = explained;
      const last = steps.at(-1);
      return [fee, cost, profit, clearingBilledSeconds, clearingRatePrefix, last?.result];
    };
    // 62 s at 0.003 a minute are 0.0031; two whole minutes at 0.02 are 0.04.
    assert.deepEqual(told({}), [
      '0.0276',
      '0.0031',
      '0.0245',
      62,
      '44',
      '0.0276 less 0.0031: 0.0245',
    ]);
    assert.deepEqual(told({ calleeOut: '00442079460000' }), [
      '0.0276',
      '0.04',
      '-0.0124',
      120,
      '00',
      '0.0276 less 0.04: -0.0124',
    ]);
    const unrated = told({ calleeOut: '7' });
    assert.deepEqual(unrated, ['0.0276', null, null, null, null, 'No matching rate']);
    assert.equal(
      explainRate(snapshot, { ...asked, clearingAccount: 'x' }),
      'clearingAccount: "x": expected the name of an account',
    );
  });

  it('tells package seconds and sections', () => {
    // 60 s less 2 s are 58 s; 12 s of the package; 46 s: the section of 30 s, then 16 s are 3 cycles.
    const { fee, billedSeconds, packageSeconds, steps } = quote('plain', '9933123', 60_000);
    assert.deepEqual([fee, billedSeconds, packageSeconds], ['0.008', 48, 12]);
    const told = steps.map(({ step, result }) => `${step}: ${result}`);
    assert.ok(told.includes('plain: package seconds: 12 s of bundle, gift 1'));
    assert.ok(
      told.includes('plain: increments: 46 s: 1 sections for 0.005, then 18 s by 6: 48 s'),
      told.join('\n'),
    );
  });

  it('tells gift money, and on what packages depend', () => {
    const priced = snapshotOf({
      rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] }],
      packages: [
        { name: 'gold', timeZone: 'UTC', giftMoney: '0.02', rentFee: '5' },
        { name: 'silver', timeZone: 'UTC', giftMoney: '9', lowerConsumption: '20' },
      ],
      accounts: [
        {
          name: 'acme',
          kind: 'customer',
          rateTable: 'retail',
          packages: [{ package: 'gold' }, { package: 'silver' }],
        },
      ],
    });
    const asked = { account: 'acme', callee: '44', holdMs: 60_000, at };
    const explained = explainRate(priced, asked);
    assert.ok(typeof explained !== 'string');
    const { fee, giftMoney, steps } = explained;
    assert.deepEqual([fee, giftMoney], ['0.06', '0.02']);
    assert.deepEqual(
      steps
        .map(({ step, result }) => `${step}: ${result}`)
        .filter((text) => /gold|silver/.test(text)),
      [
        'acme: package: gold counts once its rent of 5 a month is paid',
        'acme: package: silver counts once 20 is spent in the period',
        'acme: gift money: 0.02 of gold',
      ],
    );
  });

  it('tells that a number is free', () => {
    const { fee, steps } = quote('plain', '9908001', 60_000);
    assert.equal(fee, '0');
    assert.deepEqual(steps[0], { step: 'number', result: '08001, without the first 2, free' });
  });

  it('tells why a call would be refused', () => {
    const { fee, endReason, sipCode, steps } = quote('acme', '99332', 1000);
    assert.deepEqual([fee, endReason, sipCode], [null, 'No matching rate', 403]);
    assert.deepEqual(steps.at(-1), { step: 'outcome', result: 'No matching rate' });
    assert.equal(
      explainRate(snapshot, { account: 'x', callee: '1', holdMs: 1, at }),
      'account: "x": expected the name of an account',
    );
  });
});
