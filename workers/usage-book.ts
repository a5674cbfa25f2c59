// The main thread's side of what is counted by days or longer periods (core/admission/day-usage.ts): fraud limits,
// and packages. Cells are opened with what the ledger says, made ready for periods to come, and
// freed of what a dead worker held.
import { UsageKind, usageCell } from '../core/admission/day-usage.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import {
  clearDay,
  type FraudMemory,
  openUsage,
  releaseUsage,
  takeOverUsage,
  type UsageLedger,
  usageLedger,
  usageOf,
} from './memory/fraud-block.ts';

export interface Period {
  /** Periods follow each other by one. */
  readonly number: number;
  /** Its first day since 1970, as the ledger has it. */
  readonly day: number;
}

/** Something that is counted: one slot of cells. */
export interface CountedItem {
  readonly slot: number;
  readonly account: string;
  /** Its name in the ledger. */
  readonly item: string;
  /** Which one of those that share that name and differ in the day. */
  readonly series?: string;
  readonly periodAt: (ms: number) => Period;
  /** Number of the period that begins on this day. */
  readonly periodOfDay: (day: number) => number;
}

export class UsageBook {
  readonly #ledger: UsageLedger;
  /** By slot: whose figures its cells hold. */
  readonly #owners = new Map<number, string>();
  /** By slot: the period that its cells are ready for. */
  readonly #periods = new Map<number, number>();

  constructor(memory: FraudMemory) {
    this.#ledger = usageLedger(memory);
  }

  /** Before the first call may count for it. True where its cells begin anew. */
  open(each: CountedItem, used: ReadonlyMap<string, Usage>, nowMs: number): boolean {
    const { slot } = each;
    const owner = `${each.account}\n${each.item}\n${each.series ?? ''}`;
    if (this.#owners.get(slot) === owner) {
      this.turn(each, nowMs);
      return false;
    }
    this.#owners.set(slot, owner);
    const { number, day } = each.periodAt(nowMs);
    const usage = used.get(usageKey({ account: each.account, item: each.item, day }));
    openUsage(this.#ledger, slot, {
      day: number,
      seconds: BigInt(usage?.seconds ?? 0),
      money: usage?.money ?? 0n,
    });
    this.#periods.set(slot, number);
    return true;
  }

  /** The period after the next one gets an empty cell; where the clock was set on, so do those that begin at once. */
  turn({ slot, periodAt }: CountedItem, nowMs: number): void {
    const now = periodAt(nowMs).number;
    const known = this.#periods.get(slot)!;
    if (now === known) return;
    this.#periods.set(slot, now);
    const from = now > known ? Math.max(known + 3, now) : now + 2;
    for (let number = from; number <= now + 2; number++) clearDay(this.#ledger, slot, number);
  }

  /** Of what only the main thread counts. */
  set(slot: number, kind: UsageKind, number: number, units: bigint): void {
    Atomics.store(this.#ledger.totals, usageCell(slot, kind, number), units);
  }

  /** What the period that `ms` is in has used, with what calls hold. */
  used({ slot, periodAt }: CountedItem, kind: UsageKind, ms: number): bigint {
    return usageOf(this.#ledger, usageCell(slot, kind, periodAt(ms).number)).total;
  }

  /** No call that is up has set anything of it aside. */
  isIdle(slot: number): boolean {
    for (const kind of [UsageKind.seconds, UsageKind.money]) {
      for (let period = 0; period < 4; period++) {
        if (usageOf(this.#ledger, usageCell(slot, kind, period)).held !== 0n) return false;
      }
    }
    return true;
  }

  /** What a worker whose thread has ended held; it counts as used until `release`. */
  takeOver(worker: number): ReadonlyMap<number, bigint> {
    return takeOverUsage(this.#ledger, worker);
  }

  /** The calls of a dead worker are closed. `find`: what counts a usage. */
  release(
    held: readonly ReadonlyMap<number, bigint>[],
    usages: readonly Usage[],
    find: (usage: Usage) => CountedItem | undefined,
  ): void {
    const used = new Map<number, bigint>();
    const add = (cell: number, units: bigint): void => {
      used.set(cell, (used.get(cell) ?? 0n) + units);
    };
    for (const usage of usages) {
      const each = find(usage);
      if (each === undefined) continue;
      const number = each.periodOfDay(usage.day);
      add(usageCell(each.slot, UsageKind.seconds, number), BigInt(usage.seconds));
      add(usageCell(each.slot, UsageKind.money, number), usage.money);
    }
    for (const each of held) releaseUsage(this.#ledger, each, new Map());
    releaseUsage(this.#ledger, new Map(), used);
  }
}

export function usageKey({ account, item, day }: Pick<Usage, 'account' | 'item' | 'day'>): string {
  return `${account}\n${item}\n${day}`;
}
