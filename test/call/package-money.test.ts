// Gift money of packages, what they count as spent, and on what their gifts depend, in calls on a clock driven by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageKind, usageCell } from '../../core/admission/day-usage.ts';
import { giftUsageSlot } from '../../core/admission/line-limits.ts';
import { chargeClosedCall } from '../../core/billing/call-charge.ts';
import { explainRate } from '../../core/billing/explain-rate.ts';
import { RentState } from '../../core/billing/package-items.ts';
import { decodeFrame, encodeAnswer } from '../../core/cdr/cdr-codec.ts';
import { chargesOf } from '../../core/cdr/charges.ts';
import { moneyText } from '../../core/money.ts';
import { type Changes, cent, hangUp, type MoneyStage } from '../doubles/money-stage.ts';
import { firstDay, goldStage, month } from '../doubles/package-stage.ts';
import { answeredCall, inviteText, responseTo } from '../doubles/switch-stage.ts';

interface PackageStage extends MoneyStage {
  /** A cell of acme's first package. */
  readonly cell: (counter: 'rent' | 'spent' | 'money', period?: number) => number;
  readonly used: (counter: 'spent' | 'money') => bigint;
}

function packageStage(gold: object, changes: Changes = {}): PackageStage {
  const { stage, order } = goldStage(gold, changes);
  const cell = (counter: 'rent' | 'spent' | 'money', period = month): number =>
    usageCell(
      giftUsageSlot(order[`${counter}Slot`]),
      counter === 'rent' ? UsageKind.seconds : UsageKind.money,
      period,
    );
  return {
    ...stage,
    cell,
    used: (counter) => stage.effects.usage.get(cell(counter)) ?? 0n,
  };
}

function refusal(stage: MoneyStage): string {
  stage.caller.send(inviteText().text);
  stage.caller.take();
  return stage.cdr().endReason;
}

describe('gift money', () => {
  it('pays before the balance, which pays the rest; the CDR says both', () => {
    const stage = packageStage({ giftMoney: '0.09' }, { money: { acme: 100n * cent } });
    const call = answeredCall(stage);
    assert.equal(stage.used('money'), 9n * cent);
    stage.pass(120_000);
    hangUp(stage, call);
    const cdr = stage.cdr();
    assert.deepEqual([cdr.fee, cdr.giftFee, cdr.billedSeconds], [12n * cent, 9n * cent, 120]);
    assert.deepEqual(cdr.packageUses, [
      { account: 'acme', item: 'package/gold/money', day: firstDay, seconds: 0, money: 9n * cent },
    ]);
    assert.equal(stage.left('acme'), 97n * cent);
    assert.deepEqual(
      chargesOf(cdr).filter(({ account }) => account === 'acme'),
      [{ account: 'acme', units: 3n * cent }],
    );
  });

  it('is enough for an account without money, which is cut when it is gone', () => {
    const stage = packageStage({ giftMoney: '0.09' });
    answeredCall(stage);
    stage.pass(89_990);
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(20);
    const { fee, giftFee, endReason } = stage.cdr();
    assert.deepEqual(
      [fee, giftFee, endReason],
      [9n * cent, 9n * cent, 'Balance exhausted during call'],
    );
    assert.equal(stage.left('acme'), 0n);
    stage.caller.take();
    stage.carrierA.take();
    assert.equal(refusal(stage), 'Insufficient balance');
  });

  it('is held for an hour of the call, and what it has not used goes back', () => {
    const stage = packageStage({ giftMoney: '5' });
    const call = answeredCall(stage);
    assert.equal(stage.used('money'), 360n * cent);
    const other = answeredCall(stage);
    assert.equal(stage.used('money'), 500n * cent);
    assert.equal(refusal(stage), 'Insufficient balance');
    stage.pass(60_000);
    hangUp(stage, call);
    hangUp(stage, other);
    assert.equal(stage.used('money'), 12n * cent);
    stage.caller.send(inviteText().text);
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('INVITE'), 600));
    assert.equal(stage.used('money'), 12n * cent);
  });

  it('pays for what free seconds leave over', () => {
    const gifts = [{ prefixes: ['44'], seconds: 60 }];
    const stage = packageStage({ gifts, giftMoney: '0.03' });
    const call = answeredCall(stage);
    stage.pass(80_000);
    hangUp(stage, call);
    const { packageSeconds, fee, giftFee } = stage.cdr();
    assert.deepEqual([packageSeconds, fee, giftFee], [60, 2n * cent, 2n * cent]);
    assert.equal(stage.used('money'), 2n * cent);
  });

  it('of several packages goes by their order, and begins anew with a period', () => {
    const packages = ['gold', 'silver'].map((name) => ({
      name,
      timeZone: 'UTC',
      giftMoney: '0.02',
    }));
    const acme = {
      packages: [
        { package: 'gold', priority: 2 },
        { package: 'silver', priority: 1 },
      ],
    };
    const stage = packageStage({}, { packages, acme });
    const call = answeredCall(stage);
    stage.pass(30_000);
    hangUp(stage, call);
    assert.deepEqual(
      stage.cdr().packageUses!.map(({ item, money }) => [item, money]),
      [
        ['package/silver/money', 2n * cent],
        ['package/gold/money', cent],
      ],
    );
  });

  it('of an agent pays for its own part', () => {
    const stage = packageStage(
      { giftMoney: '0.01' },
      {
        acme: { agent: 'north', packages: [] },
        north: { packages: [{ package: 'gold' }] },
        money: { acme: 100n * cent, north: 100n * cent },
      },
    );
    const call = answeredCall(stage);
    stage.pass(60_000);
    hangUp(stage, call);
    const { fee, giftFee, agentFees } = stage.cdr();
    assert.deepEqual([fee, giftFee], [6n * cent, 0n]);
    assert.deepEqual(agentFees, [
      { account: 'north', fee: 3n * cent, giftFee: cent, billedSeconds: 60 },
    ]);
    assert.equal(stage.left('north'), 98n * cent);
  });

  it('is charged after a crash as it was held, and no more than the balance had set aside', () => {
    const stage = packageStage(
      { giftMoney: '0.05', lowerConsumption: '0', minConsumption: '1' },
      { money: { acme: 100n * cent } },
    );
    answeredCall(stage);
    stage.pass(100_000);
    const [answer] = stage.effects.answers;
    const frame = decodeFrame(encodeAnswer(answer!, 20_231_114));
    assert.ok(frame.kind === 'answer');
    const closed = { ...frame.answer.cdr, holdTimeMs: 100_000 };
    chargeClosedCall(closed, frame.answer.terms!);
    assert.deepEqual([closed.fee, closed.giftFee], [10n * cent, 5n * cent]);
    const use = { account: 'acme', day: firstDay, seconds: 0, money: 5n * cent };
    assert.deepEqual(closed.packageUses, [
      { ...use, item: 'package/gold/money' },
      { ...use, item: 'package/gold/spent' },
    ]);
  });
});

describe('the explanation of a price', () => {
  const seconds = (of: number, more: object = {}): object => ({
    gifts: [{ prefixes: ['44'], seconds: of, ...more }],
  });
  const agentToo = {
    acme: { agent: 'north' },
    north: { packages: [{ package: 'gold' }] },
  };
  const rows: [string, object, Changes, [packageSeconds: number, gift: bigint, fee: bigint]][] = [
    ['ten free hours', seconds(36_000), {}, [3600, 0n, 360n]],
    ['ten of whole cycles', seconds(36_000, { cycleSeconds: 3500 }), {}, [7000, 0n, 20n]],
    [
      'half an hour, then gift money',
      { ...seconds(1800), giftMoney: '99' },
      {},
      [1800, 180n, 540n],
    ],
    ['gift money alone, and an agent', { giftMoney: '99' }, agentToo, [0, 360n, 720n]],
    ['less than an hour of both', { ...seconds(60), giftMoney: '0.1' }, {}, [60, 10n, 714n]],
  ];
  for (const [what, gold, changes, [packageSeconds, gift, fee]] of rows) {
    it(`says what a call of two hours was charged: ${what}`, () => {
      const { stage, snapshot } = goldStage(gold, { money: {}, ...changes });
      const call = answeredCall(stage);
      const { startedAt: at, calleeAccess: callee } = stage.effects.answers[0]!.cdr;
      stage.pass(7_200_000);
      hangUp(stage, call);
      const cdr = stage.cdr();
      assert.deepEqual(
        [cdr.packageSeconds, cdr.giftFee, cdr.fee],
        [packageSeconds, gift * cent, fee * cent],
      );
      const told = explainRate(snapshot, { account: 'acme', callee, at, holdMs: cdr.holdTimeMs });
      assert.ok(typeof told !== 'string');
      assert.deepEqual(
        [told.packageSeconds, told.giftMoney, told.fee, told.billedSeconds],
        [packageSeconds, moneyText(cdr.giftFee), moneyText(cdr.fee!), cdr.billedSeconds],
      );
      assert.deepEqual(
        told.agentFees.map((each) => [each.fee, each.giftMoney]),
        cdr.agentFees.map((each) => [moneyText(each.fee), moneyText(each.giftFee)]),
      );
      assert.deepEqual(
        told.steps.find(({ step }) => step === 'acme: packages')?.result,
        'free seconds for 3600 s of a call, in whole cycles; gift money for what is left of them',
      );
    });
  }
});

describe('what calls have cost the balance', () => {
  const gifts = [{ prefixes: ['44'], seconds: 600 }];

  it('is counted for packages that want it, and makes their gifts count', () => {
    const stage = packageStage(
      { gifts, lowerConsumption: '0.06' },
      { money: { acme: 100n * cent } },
    );
    for (const [seconds, spent] of [
      [30, 3n],
      [30, 6n],
    ] as const) {
      const call = answeredCall(stage);
      stage.pass(seconds * 1000);
      assert.ok(stage.used('spent') < spent * cent, 'while it is up it has cost nothing');
      hangUp(stage, call);
      assert.equal(stage.cdr().packageSeconds, 0);
      assert.equal(stage.used('spent'), spent * cent);
      assert.deepEqual(stage.cdr().packageUses, [
        {
          account: 'acme',
          item: 'package/gold/spent',
          day: firstDay,
          seconds: 0,
          money: 3n * cent,
        },
      ]);
    }
    const covered = answeredCall(stage);
    stage.pass(30_000);
    hangUp(stage, covered);
    assert.deepEqual([stage.cdr().packageSeconds, stage.cdr().fee], [30, 0n]);
    assert.equal(stage.used('spent'), 6n * cent);
  });

  it('is not counted where no package wants it', () => {
    const stage = packageStage({ gifts: [] }, { money: { acme: 100n * cent } });
    const call = answeredCall(stage);
    stage.pass(30_000);
    hangUp(stage, call);
    assert.equal(stage.cdr().packageUses, undefined);
    assert.equal(stage.effects.usage.size, 0);
  });

  it('keeps its cells while a call is up that will count there', () => {
    const stage = packageStage({ minConsumption: '1' }, { money: { acme: 100n * cent } });
    const cell = stage.cell('spent') - 4;
    const call = answeredCall(stage);
    assert.equal(stage.effects.usage.get(cell), 1n);
    hangUp(stage, call);
    assert.equal(stage.effects.usage.get(cell), 0n);
  });

  it('does not hold what gift money has paid', () => {
    const stage = packageStage(
      { giftMoney: '0.02', minConsumption: '10' },
      { money: { acme: 100n * cent } },
    );
    const call = answeredCall(stage);
    stage.pass(30_000);
    hangUp(stage, call);
    assert.equal(stage.used('money'), 2n * cent);
    assert.equal(stage.used('spent'), cent);
  });
});

describe('gifts of a package with a rent', () => {
  const gold = { gifts: [{ prefixes: ['44'], seconds: 600 }], giftMoney: '1', rentFee: '5' };

  it('count once the rent of the period is paid', () => {
    const stage = packageStage(gold);
    assert.equal(refusal(stage), 'Insufficient balance');
    for (const state of [RentState.skipped, RentState.dropped]) {
      stage.effects.usage.set(stage.cell('rent'), BigInt(state));
      assert.equal(refusal(stage), 'Insufficient balance');
    }
    stage.effects.usage.set(stage.cell('rent', month + 1), BigInt(RentState.paid));
    assert.equal(refusal(stage), 'Insufficient balance');
    stage.effects.usage.set(stage.cell('rent'), BigInt(RentState.paid));
    const call = answeredCall(stage);
    stage.pass(10_000);
    hangUp(stage, call);
    assert.equal(stage.cdr().packageSeconds, 10);
  });
});

describe('an order', () => {
  const gold = { gifts: [{ prefixes: ['44'], seconds: 600 }] };
  const ordered = (startsAt: string): Changes => ({
    acme: { packages: [{ package: 'gold', startsAt }] },
  });

  it('that begins in the middle of a period counts from the next one, or at once where it may', () => {
    // It is the 14th.
    const middle = ordered('2023-11-10T00:00:00Z');
    assert.equal(refusal(packageStage(gold, middle)), 'Insufficient balance');
    answeredCall(packageStage({ ...gold, partialFirstPeriod: true }, middle));
    answeredCall(packageStage(gold, ordered('2023-11-01T00:00:00Z')));
  });

  it('of a package that is one period is usable for its time', () => {
    const once = { ...gold, period: 'once', usableSeconds: 7 * 86_400 };
    const stage = packageStage(once, ordered('2023-11-10T12:00:00Z'));
    const call = answeredCall(stage);
    stage.pass(10_000);
    hangUp(stage, call);
    const day = Date.UTC(2023, 10, 10) / 86_400_000;
    assert.deepEqual(stage.cdr().packageUses, [
      { account: 'acme', item: 'package/gold/0', day, seconds: 10, money: 0n },
    ]);
    for (const startsAt of ['2023-11-01T00:00:00Z', '2023-12-01T00:00:00Z']) {
      assert.equal(refusal(packageStage(once, ordered(startsAt))), 'Insufficient balance');
    }
  });
});
