// Calls of two workers under the daily limits of an account and of a prefix, in any order of setup, top-up, end,
// failure and a worker's death: no day passes its limit by a second or a unit, and every total is what ended
// calls have used and those that are up have set aside.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { UsageKind, usageCell } from '../../core/admission/day-usage.ts';
import { billingRules } from '../../core/billing/billing-rules.ts';
import { chargeFor } from '../../core/billing/charge.ts';
import { type DayStake, reserveStakes } from '../../core/billing/day-stake.ts';
import type { Party } from '../../core/billing/reservation.ts';
import { defaultParameters } from '../../core/configuration/model.ts';
import type { FraudLimit } from '../../core/configuration/snapshot.ts';
import { isBlockAlarm } from '../../core/metrics/fraud-alarm.ts';
import { UsageJournal } from '../../workers/call/usage-journal.ts';
import {
  alarmWords,
  fraudCounters,
  openUsage,
  raiseAlarm,
  releaseUsage,
  takeOverUsage,
  usageLedger,
  usageOf,
} from '../../workers/memory/fraud-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { termsWith } from '../billing/terms.ts';

const rules = billingRules(defaultParameters);
const memory = allocateSharedMemory({ workers: 2 });
const ledger = usageLedger(memory);
const words = alarmWords(memory);
const none = { warn: -1, block: -1 };

/** Seconds and money of a day; a call is under the account's limit, and half of them under the prefix's. */
const limits: readonly FraudLimit[] = [
  {
    slot: 1,
    prefix: '',
    callsAtOnce: none,
    callsPerMinute: none,
    daySeconds: { warn: 400n, block: 900n },
    dayMoney: { warn: -1n, block: 90_000n },
    callSeconds: none,
  },
  {
    slot: 2,
    prefix: '881',
    callsAtOnce: none,
    callsPerMinute: none,
    daySeconds: { warn: -1n, block: 300n },
    dayMoney: { warn: 10_000n, block: -1n },
    callSeconds: none,
  },
];

interface RunningCall {
  readonly worker: number;
  readonly party: Party;
  readonly stakes: readonly DayStake[];
}

type Step =
  | { kind: 'begin'; worker: number; narrow: boolean; day: number; seconds: number }
  | { kind: 'extend' | 'end' | 'fail'; call: number; seconds: number }
  | { kind: 'die'; worker: number };

const seconds = fc.integer({ min: 1, max: 200 });
const worker = fc.constantFrom(0, 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('begin' as const),
      worker,
      narrow: fc.boolean(),
      day: fc.constantFrom(19_000, 19_001),
      seconds,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('extend' as const, 'end' as const, 'fail' as const),
      call: fc.nat({ max: 1000 }),
      seconds,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), worker }) },
);

class World {
  readonly journals = [0, 1].map((each) => new UsageJournal(fraudCounters(memory, each).usage));
  running: RunningCall[] = [];
  /** What ended calls have used, by cell. */
  readonly used = new Map<number, bigint>();
  readonly blocks = new Map<number, bigint>();

  constructor() {
    // What an attempt that failed has left.
    for (const each of [0, 1]) takeOverUsage(ledger, each);
    for (const { slot } of limits) openUsage(ledger, slot, { day: 19_000, seconds: 0n, money: 0n });
  }

  take(step: Step): void {
    if (step.kind === 'begin') return this.begin(step);
    if (step.kind === 'die') return this.die(step.worker);
    if (this.running.length === 0) return;
    const at = step.call % this.running.length;
    const call = this.running[at]!;
    const journal = this.journals[call.worker]!;
    journal.begin();
    if (step.kind === 'end') {
      this.running.splice(at, 1);
      const held = Math.min(step.seconds, ...call.stakes.map(({ paidSeconds }) => paidSeconds));
      for (const stake of call.stakes) journal.settle(stake, this.#count(stake, held));
      assert.ok(journal.flush());
      return;
    }
    const before = call.stakes.map(({ reserved, paidSeconds }) => [reserved, paidSeconds]);
    const short = this.#reserve(call, step.seconds);
    if (step.kind === 'fail') {
      journal.discard();
      // The handler that threw has not kept what it noted of its call either.
      for (const [place, stake] of call.stakes.entries()) {
        stake.paidSeconds = before[place]![1] as number;
      }
    }
    if (short < 0 && step.kind !== 'fail') return;
    const after = call.stakes.map(({ reserved }) => reserved);
    assert.deepEqual(
      after,
      before.map(([reserved]) => reserved),
    );
  }

  begin(step: Extract<Step, { kind: 'begin' }>): void {
    const party = partyOf();
    const stakes = (step.narrow ? limits : limits.slice(0, 1)).flatMap((limit) => [
      stakeOf(limit, step.day, null),
      stakeOf(limit, step.day, party),
    ]);
    for (const { cell, block } of stakes) this.blocks.set(cell, block);
    const call = { worker: step.worker, party, stakes };
    this.journals[step.worker]!.begin();
    if (this.#reserve(call, step.seconds) < 0) this.running.push(call);
    else assert.ok(stakes.every(({ reserved }) => reserved === 0n));
  }

  /** Its calls are billed for 7 seconds each, by their CDRs. */
  die(dead: number): void {
    const held = takeOverUsage(ledger, dead);
    const closed = this.running.filter((call) => call.worker === dead);
    this.running = this.running.filter((call) => call.worker !== dead);
    for (const [cell, units] of held) {
      const of = closed.flatMap(({ stakes }) => stakes).filter((stake) => stake.cell === cell);
      assert.equal(
        of.reduce((sum, { reserved }) => sum + reserved, 0n),
        units,
      );
    }
    const used = new Map<number, bigint>();
    for (const stake of closed.flatMap(({ stakes }) => stakes)) {
      const units = this.#count(stake, Math.min(7, stake.paidSeconds));
      used.set(stake.cell, (used.get(stake.cell) ?? 0n) + units);
    }
    releaseUsage(ledger, held, used);
  }

  check(): void {
    for (const [cell, block] of this.blocks) {
      const held = this.running
        .flatMap(({ stakes }) => stakes)
        .filter((stake) => stake.cell === cell)
        .reduce((sum, { reserved }) => sum + reserved, 0n);
      const state = usageOf(ledger, cell);
      assert.equal(state.held, held);
      assert.equal(state.total, (this.used.get(cell) ?? 0n) + held);
      if (block >= 0n) assert.ok(state.total <= block, `cell ${cell}: ${state.total} of ${block}`);
    }
  }

  #reserve(call: RunningCall, wanted: number): number {
    const journal = this.journals[call.worker]!;
    return reserveStakes(
      {
        takeUsage: (hold, units, most) => journal.take(hold, units, most),
        takeUsageUpTo: () => 0n,
        readUsage: (cell) => journal.read(cell),
        addUsage: (cell, units) => journal.add(cell, units),
        giveUsageBack: (hold, units) => journal.giveBack(hold, units),
        settleUsage: (hold, used) => journal.settle(hold, used),
        raiseAlarm: (slot, alarm, day) => {
          assert.ok(!isBlockAlarm(alarm));
          raiseAlarm(words, slot, alarm, day);
        },
        linesUsed: () => 0,
        acquireMinute: () => true,
        reachedMinute: () => false,
      },
      call.stakes,
      wanted,
      rules,
    );
  }

  #count(stake: DayStake, held: number): bigint {
    const { payer } = stake;
    const units = payer === null ? BigInt(held) : chargeFor(payer, held, rules.feeUnit).fee;
    this.used.set(stake.cell, (this.used.get(stake.cell) ?? 0n) + units);
    return units;
  }
}

function stakeOf(limit: FraudLimit, day: number, payer: Party | null): DayStake {
  const kind = payer === null ? UsageKind.seconds : UsageKind.money;
  const { warn, block } = payer === null ? limit.daySeconds : limit.dayMoney;
  return {
    cell: usageCell(limit.slot, kind, day),
    reserved: 0n,
    limit,
    day,
    payer,
    warn,
    block,
    paidSeconds: 0,
    reservedBefore: 0n,
    paidBefore: 0,
  };
}

function partyOf(): Party {
  return {
    slot: 1,
    reserved: 0n,
    account: 'acme',
    rate: termsWith({ price: 6000n, perSeconds: 60, firstIncrementSeconds: 30 }),
    free: false,
    gifts: [],
    giftMoney: [],
    spent: [],
    paidSeconds: 0,
    paidCharge: null,
    reservedBefore: 0n,
    paidBefore: 0,
  };
}

it('days of fraud limits agree with a model after any interleaving', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const step of steps) {
        world.take(step);
        world.check();
      }
      world.take({ kind: 'die', worker: 0 });
      world.take({ kind: 'die', worker: 1 });
      world.check();
    }),
  );
});
