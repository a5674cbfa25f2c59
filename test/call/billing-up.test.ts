// The money of calls that are up and that end: topped up, cut at the second, charged to the unit, on a clock
// driven by hand (reference 6.1, 6.2, 6.5).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Changes, cent, documentOf, hangUp, moneyStage } from '../doubles/money-stage.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import { answeredCall, methodsOf } from '../doubles/switch-stage.ts';

describe('a call that ends', () => {
  it('is charged to the unit, for customer, agent and carrier', () => {
    const stage = moneyStage({
      acme: { agent: 'north' },
      money: { acme: 100n * cent, north: 100n * cent, alpha: 1000n * cent },
    });
    const call = answeredCall(stage);
    stage.pass(61_500);
    hangUp(stage, call);
    const cdr = stage.cdr();
    assert.equal(cdr.endReason, 'Normal release');
    assert.deepEqual([cdr.fee, cdr.billedSeconds, cdr.ratePrefix], [6_100_000n, 61, '44']);
    assert.deepEqual(cdr.agentFees, [
      { account: 'north', fee: 3_050_000n, giftFee: 0n, billedSeconds: 61 },
    ]);
    assert.deepEqual([cdr.cost, cdr.clearingBilledSeconds], [66n * cent, 66]);
    assert.equal(cdr.calleeBilling, '442071234567');
    assert.equal(cdr.billedParty, 'caller');
    assert.equal(stage.left('acme'), 100n * cent - 6_100_000n);
    assert.equal(stage.left('north'), 100n * cent - 3_050_000n);
    assert.equal(stage.left('alpha'), 934n * cent);
    assert.equal(stage.effects.held.size, 0);
    assert.deepEqual(stage.effects.lines, []);
    assert.equal(stage.effects.ends.length, 1);
  });

  it('within its first second costs nothing', () => {
    const stage = moneyStage({ money: { acme: 100n * cent } });
    const call = answeredCall(stage);
    stage.pass(990);
    hangUp(stage, call);
    assert.deepEqual([stage.cdr().fee, stage.cdr().cost], [0n, 0n]);
    assert.equal(stage.left('acme'), 100n * cent);
  });

  it('to a free number is paid for by nobody, and the carrier is paid all the same', () => {
    const stage = moneyStage({
      parameters: { SERVER_BILLING_FREE_E164S: ['44*'] },
      money: { acme: 0n, alpha: 1000n * cent },
    });
    const call = answeredCall(stage);
    stage.pass(60_000);
    hangUp(stage, call);
    const { fee, billedSeconds, cost, calleeBilling } = stage.cdr();
    assert.deepEqual(
      [fee, billedSeconds, cost, calleeBilling],
      [0n, 0, 60n * cent, '442071234567'],
    );
  });

  it('of a gateway without an account is paid for by nobody', () => {
    const stage = moneyStage({ mapping: { account: undefined }, routing: { account: undefined } });
    const call = answeredCall(stage);
    hangUp(stage, call);
    const { fee, cost, billedParty, calleeBilling } = stage.cdr();
    assert.deepEqual([fee, cost, billedParty, calleeBilling], [null, null, null, null]);
    assert.equal(stage.effects.answers[0]!.terms, null);
  });

  it('keeps the terms of its start when rates change', () => {
    const stage = moneyStage({ money: { acme: 100n * cent } });
    const call = answeredCall(stage);
    const changed = documentOf({ rates: [{ prefix: '44', ratePerMinute: '60' }] });
    stage.shard.onConfiguration(snapshotOf(changed, 2));
    stage.pass(120_000);
    hangUp(stage, call);
    assert.equal(stage.cdr().fee, 12n * cent);
  });
});

describe('a call that is up', () => {
  it('is topped up two seconds before its reserve ends', () => {
    const stage = moneyStage({ money: { acme: 100n * cent, alpha: 1_000_000n * cent } });
    answeredCall(stage);
    stage.pass(57_980);
    assert.equal(stage.left('acme'), 94n * cent);
    stage.pass(40);
    assert.equal(stage.left('acme'), 88n * cent);
    stage.pass(60_000);
    assert.equal(stage.left('acme'), 82n * cent);
  });

  it('is cut at the second its money is gone, and charged what it had', () => {
    // 90.5 seconds at 0.001.
    const stage = moneyStage({ money: { acme: 9_050_000n, alpha: 1_000_000n * cent } });
    answeredCall(stage);
    stage.pass(89_990);
    assert.deepEqual(stage.caller.take(), []);
    stage.pass(20);
    assert.deepEqual(methodsOf(stage.caller.take()), ['BYE']);
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['BYE']);
    const cdr = stage.cdr();
    assert.equal(cdr.endReason, 'Balance exhausted during call');
    assert.equal(cdr.endedBy, 'server');
    assert.deepEqual([cdr.fee, cdr.billedSeconds], [9n * cent, 90]);
    assert.equal(stage.left('acme'), 50_000n);
    assert.equal(stage.effects.held.size, 0);
    assert.equal(stage.effects.counted('callsCutBalance'), 1);
  });

  it('goes on when a payment comes in the last second', () => {
    const stage = moneyStage({ money: { acme: 6n * cent, alpha: 1_000_000n * cent } });
    const call = answeredCall(stage);
    stage.pass(59_500);
    assert.equal(stage.left('acme'), 0n);
    stage.put('acme', 10n * cent);
    stage.pass(5000);
    assert.equal(stage.effects.ends.length, 0);
    hangUp(stage, call);
    assert.equal(stage.cdr().fee, 6_400_000n);
  });

  it('is cut when an agent above has no more', () => {
    const stage = moneyStage({
      acme: { agent: 'north' },
      money: { acme: 1000n * cent, north: 3n * cent, alpha: 1_000_000n * cent },
    });
    answeredCall(stage);
    stage.pass(60_020);
    const cdr = stage.cdr();
    assert.equal(cdr.endReason, 'Balance exhausted during call');
    assert.deepEqual([cdr.fee, cdr.agentFees[0]!.fee], [6n * cent, 3n * cent]);
    assert.equal(stage.left('acme'), 994n * cent);
  });

  it('is cut when the clearing account has no more', () => {
    const stage = moneyStage({ money: { acme: 1000n * cent, alpha: 12n * cent } });
    answeredCall(stage);
    stage.pass(12_020);
    const cdr = stage.cdr();
    assert.equal(cdr.endReason, 'Clearing account insufficient');
    assert.deepEqual([cdr.fee, cdr.cost], [1_200_000n, 12n * cent]);
    assert.equal(stage.left('alpha'), 0n);
  });

  it('never costs more than it holds, also when its timer comes late', () => {
    const stage = moneyStage({
      parameters: { SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
      money: { acme: 6n * cent, alpha: 1_000_000n * cent },
    });
    answeredCall(stage);
    stage.pass(60_030);
    const { fee, billedSeconds } = stage.cdr();
    assert.deepEqual([fee, billedSeconds], [6n * cent, 60]);
    assert.equal(stage.left('acme'), 0n);
  });

  it('is told its terms in the answer record', () => {
    const stage = moneyStage({ acme: { agent: 'north' } });
    answeredCall(stage);
    const { terms } = stage.effects.answers[0]!;
    assert.deepEqual(
      terms!.payers.map(({ account, rate }) => [account, rate.price]),
      [
        ['acme', 6n * cent],
        ['north', 3n * cent],
      ],
    );
    assert.equal(terms!.vendor!.account, 'alpha');
  });
});

describe('the longest time of a call', () => {
  const rows: readonly [string, Changes, number, string][] = [
    ['the system', { parameters: { SS_MAX_CALL_DURATION: 20 } }, 20, 'Maximum call duration'],
    ['the mapping gateway', { mapping: { maxCallSeconds: 15 } }, 15, 'Maximum call duration'],
    ['the routing gateway', { routing: { maxCallSeconds: 10 } }, 10, 'Maximum call duration'],
    ['the account', { acme: { maxCallSeconds: 5 } }, 5, 'Maximum call duration'],
    [
      'the smallest of them',
      {
        parameters: { SS_MAX_CALL_DURATION: 20 },
        mapping: { maxCallSeconds: 0 },
        routing: { maxCallSeconds: 30 },
        acme: { maxCallSeconds: 25 },
      },
      25,
      'Maximum call duration',
    ],
  ];
  for (const [name, changes, seconds, reason] of rows) {
    it(`is that of ${name}`, () => {
      const stage = moneyStage(changes);
      answeredCall(stage);
      stage.pass(seconds * 1000 - 10);
      assert.equal(stage.effects.ends.length, 0);
      stage.pass(20);
      assert.equal(stage.cdr().endReason, reason);
      assert.equal(stage.cdr().billedSeconds, seconds);
    });
  }
});
