// The counters of fraud limits in shared memory, all by the limit's slot; lines are with those of gateways
// (shared-memory.ts), minutes are windows as those of CPS:
//
//   usage    behind the limits those of the gifts of packages: totals, then a row of `held` a worker (core/admission/day-usage.ts)
//   alarms   16 words a limit, one each alarm (core/metrics/fraud-alarm.ts): the account's day + 1 for which it
//            was raised last; any worker, by compare-and-swap. Word 0 of slot 0, which no limit has, counts
//            all that were raised, so that the main thread looks through them only where there is news

import {
  type UsageCells,
  UsageKind,
  usageCell,
  usageCellsPerLimit,
} from '../../core/admission/day-usage.ts';
import { fraudSlotsMax, giftSlotsMax } from '../../core/admission/line-limits.ts';
import type { SharedMemory } from './shared-memory.ts';

export const alarmWordsPerLimit = 16;
const usageCells = (fraudSlotsMax + giftSlotsMax) * usageCellsPerLimit;

export type FraudMemory = Pick<SharedMemory, 'fraudUsage' | 'fraudAlarms' | 'workers'>;

/** What a worker needs. */
export interface FraudCounters {
  readonly usage: UsageCells;
  /** Windows of a minute, for `acquireCps`. */
  readonly minuteWords: Int32Array;
  readonly alarmWords: Int32Array;
}

/** What the main thread sees: the rows of all workers. */
export interface UsageLedger {
  readonly totals: BigInt64Array;
  readonly held: readonly BigInt64Array[];
}

export function fraudUsageBytes(workers: number): number {
  return usageCells * 8 * (1 + workers);
}

export const fraudAlarmBytes: number = fraudSlotsMax * alarmWordsPerLimit * 4;

export function usageLedger({
  fraudUsage,
  workers,
}: Pick<FraudMemory, 'fraudUsage' | 'workers'>): UsageLedger {
  const rowAt = (row: number): BigInt64Array =>
    new BigInt64Array(fraudUsage, row * usageCells * 8, usageCells);
  return {
    totals: rowAt(0),
    held: Array.from({ length: workers }, (_, worker) => rowAt(1 + worker)),
  };
}

/** As one worker writes them. */
export function fraudCounters(
  memory: FraudMemory & Pick<SharedMemory, 'minuteWindows'>,
  worker: number,
): FraudCounters {
  const { totals, held } = usageLedger(memory);
  return {
    usage: { totals, held: held[worker]! },
    minuteWords: new Int32Array(memory.minuteWindows),
    alarmWords: alarmWords(memory),
  };
}

export function alarmWords({ fraudAlarms }: FraudMemory): Int32Array {
  return new Int32Array(fraudAlarms);
}

/** True for the first of all that raise it for this day or a later one. */
export function raiseAlarm(words: Int32Array, slot: number, alarm: number, day: number): boolean {
  const word = slot * alarmWordsPerLimit + alarm;
  for (;;) {
    const seen = Atomics.load(words, word);
    if (seen > day) return false;
    if (Atomics.compareExchange(words, word, seen, day + 1) !== seen) continue;
    Atomics.add(words, 0, 1);
    return true;
  }
}

/** Main thread: what a day has used so far, and how much of that calls which are up have set aside. */
export function usageOf(
  ledger: UsageLedger,
  cell: number,
): { readonly total: bigint; readonly held: bigint } {
  let held = 0n;
  for (const row of ledger.held) held += Atomics.load(row, cell);
  return { total: Atomics.load(ledger.totals, cell), held };
}

/** Main thread, while no call of the limit is up: another limit gets the slot, or the same one begins anew. */
export function openUsage(
  ledger: UsageLedger,
  slot: number,
  today: { readonly day: number; readonly seconds: bigint; readonly money: bigint },
): void {
  const first = slot * usageCellsPerLimit;
  for (let cell = first; cell < first + usageCellsPerLimit; cell++) {
    Atomics.store(ledger.totals, cell, 0n);
  }
  Atomics.store(ledger.totals, usageCell(slot, UsageKind.seconds, today.day), today.seconds);
  Atomics.store(ledger.totals, usageCell(slot, UsageKind.money, today.day), today.money);
}

/** Main thread: makes the cell ready for a day that has not begun. What calls still hold there, which are up
 *  for the third day, stays. */
export function clearDay(ledger: UsageLedger, slot: number, day: number): void {
  for (const kind of [UsageKind.seconds, UsageKind.money]) {
    const cell = usageCell(slot, kind, day);
    const { total, held } = usageOf(ledger, cell);
    if (total !== held) Atomics.sub(ledger.totals, cell, total - held);
  }
}

/** What a worker whose thread has ended held, by cell. It counts as used until `releaseUsage`. Call it before
 *  a new thread takes the worker's place. */
export function takeOverUsage(ledger: UsageLedger, worker: number): Map<number, bigint> {
  const row = ledger.held[worker]!;
  const held = new Map<number, bigint>();
  for (let cell = 0; cell < row.length; cell++) {
    if (Atomics.load(row, cell) !== 0n) held.set(cell, Atomics.exchange(row, cell, 0n));
  }
  return held;
}

/** The calls of a dead worker are closed: what they held goes back, what they used counts. */
export function releaseUsage(
  ledger: UsageLedger,
  held: ReadonlyMap<number, bigint>,
  used: ReadonlyMap<number, bigint>,
): void {
  for (const [cell, units] of used) Atomics.add(ledger.totals, cell, units);
  for (const [cell, units] of held) Atomics.sub(ledger.totals, cell, units);
}
