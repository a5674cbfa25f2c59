// Free seconds of packages in calls, on a clock driven by hand: before money, shared by calls at once to the second,
// given back where they were not used, and exact after a crash too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageKind, usageCell } from '../../core/admission/day-usage.ts';
import { giftUsageSlot } from '../../core/admission/line-limits.ts';
import { chargeClosedCall } from '../../core/billing/call-charge.ts';
import { termsOf, termsValues } from '../../core/cdr/billing-values.ts';
import { type Changes, cent, hangUp, type MoneyStage } from '../doubles/money-stage.ts';
import { firstDay, goldStage, month } from '../doubles/package-stage.ts';
import { answeredCall, inviteText, responseTo } from '../doubles/switch-stage.ts';

interface PackageStage extends MoneyStage {
  /** Seconds that are gone of acme's gift, with those that calls hold. */
  readonly used: (gift?: number, period?: number) => bigint;
}

function packageStage(gifts: readonly object[], changes: Changes = {}): PackageStage {
  const { stage, order } = goldStage({ gifts }, changes);
  return {
    ...stage,
    used: (gift = 0, period = month) => {
      const slot = giftUsageSlot(order.giftSlots[gift]!);
      return stage.effects.usage.get(usageCell(slot, UsageKind.seconds, period)) ?? 0n;
    },
  };
}

const gift = (seconds: number, more: object = {}): object => ({
  prefixes: ['44'],
  seconds,
  ...more,
});

describe('free seconds', () => {
  it('are used before money, which pays for the rest', () => {
    const stage = packageStage([gift(90)], { money: { acme: 100n * cent } });
    const call = answeredCall(stage);
    assert.equal(stage.used(), 90n);
    stage.pass(100_000);
    hangUp(stage, call);
    const { packageSeconds, billedSeconds, fee, packageUses } = stage.cdr();
    assert.deepEqual([packageSeconds, billedSeconds, fee], [90, 10, cent]);
    assert.deepEqual(packageUses, [
      { account: 'acme', item: 'package/gold/0', day: firstDay, seconds: 90, money: 0n },
    ]);
    assert.equal(stage.left('acme'), 99n * cent);
  });

  it('are enough for an account without money, which is cut when they are gone', () => {
    const stage = packageStage([gift(90)]);
    answeredCall(stage);
    stage.pass(89_990);
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(20);
    const { packageSeconds, fee, endReason } = stage.cdr();
    assert.deepEqual([packageSeconds, fee, endReason], [90, 0n, 'Balance exhausted during call']);
    stage.caller.take();
    stage.carrierA.take();
    stage.caller.send(inviteText().text);
    stage.caller.takeOne('SIP/2.0 403');
    assert.equal(stage.cdr().endReason, 'Insufficient balance');
  });

  it('go back where a call has not used them, in whole cycles', () => {
    const stage = packageStage([gift(600, { cycleSeconds: 30 })]);
    const call = answeredCall(stage);
    stage.pass(61_000);
    hangUp(stage, call);
    assert.equal(stage.cdr().packageSeconds, 90);
    assert.equal(stage.used(), 90n);
    stage.caller.send(inviteText().text);
    assert.equal(stage.used(), 600n);
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('INVITE'), 600));
    assert.equal(stage.used(), 90n);
  });

  it('are held by one call alone, an hour at most', () => {
    const stage = packageStage([gift(5400)]);
    answeredCall(stage);
    assert.equal(stage.used(), 3600n);
    answeredCall(stage);
    assert.equal(stage.used(), 5400n);
    stage.caller.send(inviteText().text);
    assert.deepEqual(
      stage.caller.take().map(({ status }) => status),
      [403],
    );
  });

  it('are those of the prefix, the window and the period of the call', () => {
    // 22:13:21 UTC, two days and some before the clock is moved into December.
    const gifts = [
      gift(100, { prefixes: ['1'] }),
      gift(200, { from: '08:00', to: '18:00' }),
      gift(300, { from: '18:00', to: '08:00' }),
    ];
    const stage = packageStage(gifts);
    answeredCall(stage);
    assert.deepEqual([stage.used(0), stage.used(1), stage.used(2)], [0n, 0n, 300n]);
  });

  it('of a package whose term is over, or that wants money spent first, are not used', () => {
    const over = { packages: [{ package: 'gold', expiresAt: '2023-11-14T00:00:00Z' }] };
    const wanting = [{ name: 'gold', timeZone: 'UTC', gifts: [gift(60)], lowerConsumption: '1' }];
    for (const stage of [
      packageStage([gift(60)], { acme: over }),
      packageStage([], { packages: wanting }),
    ]) {
      stage.caller.send(inviteText().text);
      assert.equal(stage.cdr().endReason, 'Insufficient balance');
    }
  });

  it('are those of an agent too, for its own part', () => {
    const stage = packageStage([gift(600)], {
      acme: { agent: 'north' },
      north: { packages: [{ package: 'gold' }] },
      money: { acme: 0n, north: 0n },
    });
    const call = answeredCall(stage);
    stage.pass(10_000);
    hangUp(stage, call);
    assert.deepEqual(
      stage.cdr().packageUses!.map(({ account, seconds }) => [account, seconds]),
      [
        ['acme', 10],
        ['north', 10],
      ],
    );
    assert.equal(stage.cdr().agentFees[0]!.fee, 0n);
  });
});

it('a call that a crash ends is charged with the free seconds that it held, and no more', () => {
  const stage = packageStage([gift(90)], { money: { acme: 100n * cent } });
  answeredCall(stage);
  stage.pass(100_000);
  const { cdr, terms } = stage.effects.answers[0]!;
  const read = termsOf(termsValues(terms))!;
  const closed = { ...cdr, holdTimeMs: 100_000 };
  chargeClosedCall(closed, read);
  assert.deepEqual([closed.packageSeconds, closed.billedSeconds, closed.fee], [90, 10, cent]);
  assert.deepEqual(closed.packageUses, [
    { account: 'acme', item: 'package/gold/0', day: firstDay, seconds: 90, money: 0n },
  ]);
});
