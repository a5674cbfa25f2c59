// What the calls of a worker take and give back of the days of fraud limits: as money (money-journal.ts) taken at
// once, given back when the CDRs are written; what a handler that threw had taken goes back.
import {
  endUsage,
  takeUsage,
  takeUsageUpTo,
  type UsageCells,
} from '../../core/admission/day-usage.ts';
import type { UsageBound, UsageHold } from '../../core/effects.ts';
import { HandlerHolds } from './handler-holds.ts';

export class UsageJournal {
  readonly #usage: UsageCells;
  // What ends with this batch, three values each; `#ended` of them, for an array that is cut to nothing is
  // allocated anew.
  #ended = 0;
  readonly #endCells: number[] = [];
  readonly #endUnits: bigint[] = [];
  readonly #endUsed: bigint[] = [];
  readonly #holds = new HandlerHolds<UsageHold>();

  constructor(usage: UsageCells) {
    this.#usage = usage;
  }

  get busy(): boolean {
    return this.#ended > 0;
  }

  /** A new handler. */
  begin(): void {
    this.#holds.begin();
  }

  take(hold: UsageHold, units: bigint, most: bigint): bigint {
    const total = takeUsage(this.#usage, hold.cell, units, most);
    if (total >= 0n) this.#holds.note(hold, units);
    return total;
  }

  /** As many whole steps below `most` as make up `wanted`. */
  takeUpTo(hold: UsageHold, wanted: bigint, below: UsageBound): bigint {
    const taken = takeUsageUpTo(this.#usage, hold.cell, wanted, below);
    if (taken > 0n) this.#holds.note(hold, taken);
    return taken;
  }

  /** With what calls that are up have set aside. */
  read(cell: number): bigint {
    return Atomics.load(this.#usage.totals, cell);
  }

  /** Used without having been set aside; counted when the CDR is written. */
  add(cell: number, units: bigint): void {
    this.#note(cell, 0n, units);
  }

  giveBack(hold: UsageHold, units: bigint): void {
    if (units > hold.reserved) {
      throw new RangeError(`usage cell ${hold.cell}: ${units} given back of ${hold.reserved}`);
    }
    endUsage(this.#usage, hold.cell, units, 0n);
    this.#holds.note(hold, -units);
  }

  settle(hold: UsageHold, used: bigint): void {
    if (used > hold.reserved) {
      throw new RangeError(`usage cell ${hold.cell}: ${used} used of ${hold.reserved}`);
    }
    if (hold.reserved === 0n) return;
    this.#note(hold.cell, hold.reserved, used);
    hold.reserved = 0n;
  }

  /** The handler threw, and its call has ended or stays as it was before. */
  discard(): void {
    this.#holds.discard((hold, taken) => endUsage(this.#usage, hold.cell, taken, 0n));
  }

  /** False where a hold was larger than all that this worker holds: a bug of ours, and it is left out. */
  flush(): boolean {
    let sound = true;
    for (let at = 0; at < this.#ended; at++) {
      const cell = this.#endCells[at]!;
      const units = this.#endUnits[at]!;
      if (units > this.#usage.held[cell]!) sound = false;
      else endUsage(this.#usage, cell, units, this.#endUsed[at]!);
    }
    this.#ended = 0;
    return sound;
  }

  #note(cell: number, units: bigint, used: bigint): void {
    const at = this.#ended++;
    this.#endCells[at] = cell;
    this.#endUnits[at] = units;
    this.#endUsed[at] = used;
  }
}
