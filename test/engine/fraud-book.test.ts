// The main thread's fraud limits: opened with what the ledger says, kept over configurations, ready for the day to
// come, told of alarms once, and right after a worker's death.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endUsage, takeUsage, UsageKind, usageCell } from '../../core/admission/day-usage.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import type { AccountDocument } from '../../core/configuration/model.ts';
import { FraudAlarm } from '../../core/metrics/fraud-alarm.ts';
import { compileFraudLimits } from '../../workers/configuration/compile-fraud-limits.ts';
import { fraudSlotName } from '../../workers/configuration/slot-registry.ts';
import { FraudBook } from '../../workers/fraud-book.ts';
import { fraudCounters, raiseAlarm } from '../../workers/memory/fraud-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { UsageBook, usageKey } from '../../workers/usage-book.ts';

const day = 20_000;
const time = { carryMs: 1000, freeSeconds: 0 };

function openBook(known: readonly Usage[] = []) {
  const memory = allocateSharedMemory({ workers: 1 });
  const clock = { wallMs: day * 86_400_000 + 1 };
  const lines: object[] = [];
  const usage = new UsageBook(memory);
  const book = new FraudBook({
    memory,
    book: usage,
    log: { warn: ((fields: object) => void lines.push(fields)) as never },
    wallClock: () => clock.wallMs,
    clock: () => clock.wallMs,
  });
  const activate = async (fraudLimits: AccountDocument['fraudLimits']): Promise<void> => {
    const account = { name: 'acme', timeZone: 'UTC', fraudLimits } as unknown as AccountDocument;
    const names = fraudLimits.map(({ prefix }) => fraudSlotName('acme', prefix));
    const slots = book.assign(names)!;
    const { all } = compileFraudLimits(
      [account],
      (name, prefix) => slots.get(fraudSlotName(name, prefix))!,
    );
    const used = new Map(known.map((each) => [usageKey(each), each]));
    await book.open(all, book.rulesOf(all, time), used);
    book.settle(slots, all);
  };
  return { book, usage, activate, clock, lines, counters: fraudCounters(memory, 0) };
}

const used = { account: 'acme', item: 'fraud/881', day, seconds: 90, money: 150_000_000n };

describe('the fraud book', () => {
  it('opens a limit with what its day has used, and keeps it over configurations', async () => {
    const { book, activate, counters } = openBook([used, { ...used, day: day - 1, seconds: 999 }]);
    await activate([{ prefix: '881', minutesPerDay: { block: 10 }, moneyPerDay: { warn: '5' } }]);
    const [state] = book.stateOf('acme');
    assert.deepEqual(state!.minutesPerDay, { value: 1.5, warn: null, block: 10 });
    assert.deepEqual(state!.moneyPerDay, { value: '1.5', warn: '5', block: null });
    assert.equal(state!.day, '2024-10-04');
    assert.ok(takeUsage(counters.usage, usageCell(1, UsageKind.seconds, day), 30n, -1n) > 0n);
    await activate([
      { prefix: '', callsAtOnce: { block: 5 } },
      { prefix: '881', minutesPerDay: { block: 20 } },
    ]);
    const [whole, narrow] = book.stateOf('acme');
    assert.equal(whole!.minutesPerDay.value, 0);
    assert.deepEqual(narrow!.minutesPerDay, { value: 2, warn: null, block: 20 });
  });

  it('has an empty day after every midnight, for calls that are up over it too', async () => {
    const { book, activate, clock, counters } = openBook([used]);
    await activate([{ prefix: '881', minutesPerDay: { block: 10 } }]);
    const cellOf = (of: number) => usageCell(1, UsageKind.seconds, of);
    takeUsage(counters.usage, cellOf(day), 60n, 600n);
    for (let of = day + 1; of < day + 12; of++) {
      clock.wallMs = of * 86_400_000;
      book.look();
      assert.equal(book.stateOf('acme')[0]!.minutesPerDay.value, of % 4 === day % 4 ? 1 : 0);
      const total = takeUsage(counters.usage, cellOf(of), 120n, -1n);
      endUsage(counters.usage, cellOf(of), 120n, 120n);
      assert.equal(total, of % 4 === day % 4 ? 180n : 120n);
    }
  });

  it('empties days that a clock set forward has left out', async () => {
    const { book, activate, clock } = openBook([used]);
    await activate([{ prefix: '881', minutesPerDay: { block: 10 } }]);
    clock.wallMs = (day + 8) * 86_400_000;
    book.look();
    assert.equal(book.stateOf('acme')[0]!.minutesPerDay.value, 0);
  });

  it('gives back what a dead worker held, less what its calls used', async () => {
    const { book, usage, activate, counters } = openBook();
    await activate([{ prefix: '881', minutesPerDay: { block: 10 } }]);
    takeUsage(counters.usage, usageCell(1, UsageKind.seconds, day), 120n, 600n);
    takeUsage(counters.usage, usageCell(1, UsageKind.money, day), 700n, -1n);
    const held = usage.takeOver(0);
    assert.equal(book.stateOf('acme')[0]!.minutesPerDay.value, 2);
    usage.release([held], [{ ...used, seconds: 30, money: 200n }], (each) => book.find(each));
    const [state] = book.stateOf('acme');
    assert.deepEqual([state!.minutesPerDay.value, state!.moneyPerDay.value], [0.5, '0.000002']);
  });

  it('tells each alarm once a day', async () => {
    const { book, activate, clock, lines, counters } = openBook();
    await activate([{ prefix: '881', moneyPerDay: { warn: '1', block: '2' } }]);
    const raise = (alarm: number, of: number) => raiseAlarm(counters.alarmWords, 1, alarm, of);
    assert.deepEqual(
      [1, 2, 3].map(() => raise(FraudAlarm.moneyWarn, day)),
      [true, false, false],
    );
    book.look();
    book.look();
    assert.equal(lines.length, 1);
    assert.deepEqual(lines[0], {
      account: 'acme',
      prefix: '881',
      kind: 'moneyPerDay',
      value: '0',
      warn: '1',
      block: '2',
      heldBack: 0,
    });
    raise(FraudAlarm.moneyBlock, day);
    book.look();
    assert.equal(lines.length, 2);
    assert.deepEqual(book.figures(), {
      limits: 1,
      warning: 0,
      blocking: 1,
      alarms: [
        { account: 'acme', prefix: '881', warned: ['moneyPerDay'], blocked: ['moneyPerDay'] },
      ],
    });
    clock.wallMs += 86_400_000;
    assert.equal(book.figures().blocking, 0);
    assert.ok(raise(FraudAlarm.moneyWarn, day + 1));
    assert.equal(raise(FraudAlarm.moneyWarn, day), false);
    book.look();
    assert.equal(lines.length, 3);
  });
});
