// Fraud limits of a call, on a clock driven by hand: what is refused, what is cut at the second, what is warned
// about, and whose day it is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acquireCps, minuteMs, reachedCps } from '../../core/admission/cps-window.ts';
import { UsageKind, usageCell } from '../../core/admission/day-usage.ts';
import { accountLineSlot, fraudLineSlot } from '../../core/admission/line-limits.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import { FraudAlarm } from '../../core/metrics/fraud-alarm.ts';
import { CpsWindows } from '../../workers/memory/cps-windows.ts';
import { fraudCounters } from '../../workers/memory/fraud-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import {
  type Changes,
  cent,
  documentOf,
  hangUp,
  type MoneyStage,
  moneyStage,
} from '../doubles/money-stage.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import { answeredCall, inviteText, responseTo } from '../doubles/switch-stage.ts';

/** The stage's clock begins at 2023-11-14T22:13:21Z. */
const firstDay = 19_675;

interface FraudStage extends MoneyStage {
  /** Of acme's limit of this prefix. */
  readonly used: (kind: UsageKind, prefix?: string, day?: number) => bigint;
  readonly alarms: (prefix?: string) => number[];
  readonly linesHeld: () => number;
}

/** Lines and minutes are really limited. */
function fraudStage(fraudLimits: readonly object[], changes: Changes = {}): FraudStage {
  const acme = { fraudLimits, timeZone: 'UTC', ...changes.acme };
  const all = { ...changes, acme };
  const stage = moneyStage(all);
  const snapshot = snapshotOf(documentOf(all));
  const limits = accountAt(snapshot, accountRowByName(snapshot, 'acme')).fraudLimits;
  const slotOf = (prefix: string): number => limits.find((limit) => limit.prefix === prefix)!.slot;
  const { effects } = stage;
  effects.acquireLine = (slot, most) => {
    if (most > 0 && effects.linesUsed(slot) >= most) return false;
    effects.lines.push(slot);
    return true;
  };
  const memory = allocateSharedMemory({ workers: 1 });
  const { minuteWords } = fraudCounters(memory, 0);
  const windows = new CpsWindows({ cpsWindows: memory.minuteWindows }, minuteMs);
  windows.place(
    limits.map(({ slot, callsPerMinute: { warn, block } }) => ({
      slot,
      limit: Math.max(0, warn, block),
    })),
    0,
  );
  let nowMs = 1000;
  effects.acquireMinute = (slot, most) => acquireCps(minuteWords, slot, most, nowMs);
  effects.reachedMinute = (slot, calls) => reachedCps(minuteWords, slot, calls, nowMs);
  return {
    ...stage,
    pass: (ms) => {
      nowMs += ms;
      stage.pass(ms);
    },
    used: (kind, prefix = '', day = firstDay) =>
      effects.usage.get(usageCell(slotOf(prefix), kind, day)) ?? 0n,
    alarms: (prefix = '') =>
      [...effects.alarms]
        .map((text) => text.split(' ').map(Number))
        .filter(([slot]) => slot === slotOf(prefix))
        .map(([, alarm]) => alarm!)
        .sort(),
    linesHeld: () =>
      effects.lines.filter((slot) => slot >= fraudLineSlot(0) && slot > accountLineSlot(0)).length,
  };
}

function refusal(stage: MoneyStage, callee?: string): string {
  stage.caller.send(inviteText(callee === undefined ? {} : { callee }).text);
  stage.caller.take();
  return stage.cdr().endReason;
}

function call(stage: MoneyStage, seconds: number, callee?: string): void {
  const answered = answeredCall(stage, callee === undefined ? {} : { callee });
  stage.pass(seconds * 1000);
  hangUp(stage, answered);
}

describe('calls at once', () => {
  it('are refused beyond the limit, and a place that is given back is taken again', () => {
    const stage = fraudStage([{ callsAtOnce: { warn: 1, block: 2 } }]);
    const first = answeredCall(stage);
    assert.deepEqual(stage.alarms(), [FraudAlarm.callsWarn]);
    answeredCall(stage);
    assert.equal(refusal(stage), 'Connection limit exceeded');
    assert.equal(stage.effects.counted('refusedFraudCalls'), 1);
    assert.equal(stage.linesHeld(), 2);
    assert.deepEqual(stage.alarms(), [FraudAlarm.callsWarn, FraudAlarm.callsBlock]);
    hangUp(stage, first);
    answeredCall(stage);
  });

  it('of a prefix and of the account are both limited', () => {
    const stage = fraudStage(
      [{ callsAtOnce: { block: 2 } }, { prefix: '4420', callsAtOnce: { block: 1 } }],
      {},
    );
    answeredCall(stage, { callee: '442071234567' });
    assert.equal(refusal(stage, '442071234567'), 'Connection limit exceeded');
    answeredCall(stage, { callee: '441511234567' });
    assert.equal(refusal(stage, '441511234567'), 'Connection limit exceeded');
    assert.deepEqual(stage.alarms('4420'), [FraudAlarm.callsBlock]);
  });

  it('to a prefix with a limit of 0 are none', () => {
    const stage = fraudStage([{ prefix: '44207', callsAtOnce: { block: 0 } }]);
    assert.equal(refusal(stage), 'Connection limit exceeded');
    answeredCall(stage, { callee: '441511234567' });
  });

  it('are those of accounts below an agent too', () => {
    const stage = fraudStage([{ callsAtOnce: { warn: 5 } }], {
      acme: { agent: 'north' },
      north: { fraudLimits: [{ callsAtOnce: { block: 1 } }] },
    });
    answeredCall(stage);
    assert.equal(refusal(stage), 'Connection limit exceeded');
  });
});

describe('calls a minute', () => {
  it('are refused beyond the limit, in any sixty seconds', () => {
    const stage = fraudStage([{ callsPerMinute: { warn: 2, block: 3 } }]);
    call(stage, 1);
    assert.deepEqual(stage.alarms(), []);
    call(stage, 1);
    assert.deepEqual(stage.alarms(), [FraudAlarm.rateWarn]);
    call(stage, 1);
    stage.caller.send(inviteText().text);
    const refused = stage.caller.takeOne('SIP/2.0 503');
    assert.equal(refused.header('Retry-After'), '', 'calls elsewhere may be allowed');
    assert.equal(stage.cdr().endReason, 'Call rate limited');
    assert.equal(stage.effects.counted('refusedFraudRate'), 1);
    assert.deepEqual(stage.alarms(), [FraudAlarm.rateWarn, FraudAlarm.rateBlock]);
    stage.pass(56_990);
    assert.equal(refusal(stage), 'Call rate limited');
    stage.pass(10);
    call(stage, 1);
  });

  it('are only warned about without a threshold that blocks', () => {
    const stage = fraudStage([{ callsPerMinute: { warn: 2 } }]);
    for (let n = 0; n < 5; n++) call(stage, 1);
    assert.deepEqual(stage.alarms(), [FraudAlarm.rateWarn]);
  });
});

describe('minutes a day', () => {
  it('cut a call at the second at which they are used up', () => {
    const stage = fraudStage([{ minutesPerDay: { warn: 2, block: 3 } }]);
    call(stage, 100);
    assert.equal(stage.used(UsageKind.seconds), 100n);
    answeredCall(stage);
    assert.deepEqual(stage.alarms(), [FraudAlarm.minutesWarn]);
    stage.pass(79_990);
    assert.equal(stage.effects.ends.length, 1);
    stage.pass(20);
    assert.equal(stage.cdr().endReason, 'Daily minutes limited');
    assert.equal(stage.cdr().endedBy, 'server');
    assert.equal(stage.cdr().billedSeconds, 80);
    assert.equal(stage.used(UsageKind.seconds), 180n);
    assert.equal(stage.effects.counted('callsCutFraud'), 1);
    assert.deepEqual(stage.alarms(), [FraudAlarm.minutesWarn, FraudAlarm.minutesBlock]);
    assert.equal(refusal(stage), 'Daily minutes limited');
    assert.equal(stage.effects.counted('refusedFraudDay'), 1);
    assert.equal(stage.used(UsageKind.seconds), 180n);
    assert.equal(stage.linesHeld(), 0);
  });

  it('are shared by calls that are up at once', () => {
    const stage = fraudStage([{ minutesPerDay: { block: 3 } }]);
    for (let n = 0; n < 3; n++) answeredCall(stage);
    assert.equal(stage.used(UsageKind.seconds), 180n);
    assert.equal(refusal(stage), 'Daily minutes limited');
    stage.pass(60_020);
    assert.deepEqual(
      stage.effects.ends.slice(1).map(({ endReason, billedSeconds }) => [endReason, billedSeconds]),
      [1, 2, 3].map(() => ['Daily minutes limited', 60]),
    );
    assert.equal(stage.used(UsageKind.seconds), 180n);
  });

  it('hold for numbers free of charge too', () => {
    const stage = fraudStage([{ minutesPerDay: { block: 1 } }], {
      parameters: { SERVER_BILLING_FREE_E164S: ['44*'] },
    });
    answeredCall(stage);
    stage.pass(60_020);
    assert.equal(stage.cdr().endReason, 'Daily minutes limited');
    assert.equal(stage.cdr().fee, 0n);
  });

  it('begin anew at the midnight of the account, for calls that begin then', () => {
    // 23:13:21 in Berlin.
    const stage = fraudStage([{ minutesPerDay: { block: 60 } }], {
      acme: { timeZone: 'Europe/Berlin' },
    });
    stage.pass(46 * 60_000);
    const late = answeredCall(stage);
    stage.pass(38_990);
    assert.equal(stage.used(UsageKind.seconds, '', firstDay), 60n);
    call(stage, 5);
    stage.pass(100_000);
    hangUp(stage, late);
    // Both began before midnight or at it: 23:59:21 and 23:59:59.990.
    assert.equal(stage.used(UsageKind.seconds, '', firstDay), 143n + 5n);
    call(stage, 7);
    assert.equal(stage.used(UsageKind.seconds, '', firstDay + 1), 7n);
  });
});

describe('money a day', () => {
  it('cuts a call at the second at which it is spent', () => {
    // A tenth of a cent a second.
    const stage = fraudStage([{ moneyPerDay: { warn: '0.01', block: '0.07' } }], {
      money: { acme: 100n * cent, alpha: 100_000n * cent },
    });
    answeredCall(stage);
    assert.deepEqual(stage.alarms(), [FraudAlarm.moneyWarn]);
    stage.pass(69_990);
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(20);
    assert.equal(stage.cdr().endReason, 'Daily money limited');
    assert.equal(stage.cdr().fee, 7n * cent);
    assert.equal(stage.left('acme'), 93n * cent);
    assert.equal(stage.used(UsageKind.money), 7n * cent);
    assert.equal(refusal(stage), 'Daily money limited');
    assert.equal(stage.left('acme'), 93n * cent);
    assert.equal(stage.effects.held.size, 0);
  });

  it('is that of an agent by its own rates', () => {
    const stage = fraudStage([{ minutesPerDay: { warn: 1000 } }], {
      acme: { agent: 'north' },
      north: { timeZone: 'UTC', fraudLimits: [{ moneyPerDay: { block: '0.03' } }] },
      money: { alpha: 100_000n * cent },
    });
    answeredCall(stage);
    stage.pass(60_020);
    assert.equal(stage.cdr().endReason, 'Daily money limited');
    assert.equal(stage.cdr().agentFees[0]!.fee, 3n * cent);
    assert.equal(stage.cdr().fee, 6n * cent);
  });

  it('is not spent by a call that nobody answers', () => {
    const stage = fraudStage([{ prefix: '4420', moneyPerDay: { block: '0.06' } }]);
    stage.caller.send(inviteText().text);
    assert.equal(stage.used(UsageKind.money, '4420'), 6n * cent);
    const invite = stage.carrierA.takeOne('INVITE');
    stage.carrierA.send(responseTo(invite, 600));
    assert.equal(stage.used(UsageKind.money, '4420'), 0n);
    assert.equal(stage.linesHeld(), 0);
  });
});

describe('the length of a call', () => {
  it('is warned about, and the call is cut at the limit', () => {
    const stage = fraudStage([
      { callSeconds: { warn: 10, block: 30 } },
      { prefix: '44', callSeconds: { warn: 20 } },
    ]);
    answeredCall(stage);
    stage.pass(9_990);
    assert.deepEqual(stage.alarms(), []);
    stage.pass(20);
    assert.deepEqual(stage.alarms(), [FraudAlarm.lengthWarn]);
    assert.deepEqual(stage.alarms('44'), []);
    stage.pass(10_000);
    assert.deepEqual(stage.alarms('44'), [FraudAlarm.lengthWarn]);
    stage.pass(10_000);
    assert.equal(stage.cdr().endReason, 'Maximum call duration');
    assert.equal(stage.cdr().billedSeconds, 30);
    assert.equal(stage.effects.counted('callsCutFraud'), 1);
    assert.deepEqual(stage.alarms(), [FraudAlarm.lengthWarn, FraudAlarm.lengthBlock]);
  });

  it('is not warned about after its end', () => {
    const stage = fraudStage([{ callSeconds: { warn: 10 } }]);
    call(stage, 5);
    stage.pass(20_000);
    assert.deepEqual(stage.alarms(), []);
  });
});

it('a call of an account without limits takes nothing of them', () => {
  const stage = fraudStage([], { acme: { fraudLimits: [] } });
  call(stage, 61);
  assert.equal(stage.effects.usage.size, 0);
  assert.equal(stage.cdr().endReason, 'Normal release');
});
