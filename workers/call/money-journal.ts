// The money that the calls of a worker take and give back: taken at once, given back after the sends of the
// batch, when the CDRs are written (a worker that dies in between has its calls charged by the log). What a
// handler that threw had set aside, and no call's end has settled, goes back.
import type { MoneyHold } from '../../core/effects.ts';
import { type Purse, reserveUnits, settleUnits } from '../memory/balance-block.ts';
import { HandlerHolds } from './handler-holds.ts';

export class MoneyJournal {
  readonly #purse: Purse;
  // Holds that end with this batch, three values each; `#ended` of them, for an array that is cut to nothing
  // is allocated anew.
  #ended = 0;
  readonly #endSlots: number[] = [];
  readonly #endUnits: bigint[] = [];
  readonly #endCharges: bigint[] = [];
  readonly #holds = new HandlerHolds<MoneyHold>();

  constructor(purse: Purse) {
    this.#purse = purse;
  }

  get busy(): boolean {
    return this.#ended > 0;
  }

  /** A new handler. */
  begin(): void {
    this.#holds.begin();
  }

  reserve(hold: MoneyHold, units: bigint): boolean {
    if (!reserveUnits(this.#purse, hold.slot, units)) return false;
    this.#holds.note(hold, units);
    return true;
  }

  release(hold: MoneyHold, units: bigint): void {
    if (units > hold.reserved) {
      throw new RangeError(`account slot ${hold.slot}: ${units} given back of ${hold.reserved}`);
    }
    settleUnits(this.#purse, hold.slot, units, 0n);
    this.#holds.note(hold, -units);
  }

  settle(hold: MoneyHold, charged: bigint): void {
    if (charged > hold.reserved) {
      throw new RangeError(`account slot ${hold.slot}: ${charged} charged of ${hold.reserved}`);
    }
    if (hold.reserved === 0n) return;
    const at = this.#ended++;
    this.#endSlots[at] = hold.slot;
    this.#endUnits[at] = hold.reserved;
    this.#endCharges[at] = charged;
    hold.reserved = 0n;
  }

  /** The handler threw, and its call has ended or stays as it was before. */
  discard(): void {
    this.#holds.discard((hold, taken) => settleUnits(this.#purse, hold.slot, taken, 0n));
  }

  /** False where a hold was larger than all that this worker holds: a bug of ours, and it is left out. */
  giveBack(): boolean {
    let sound = true;
    for (let at = 0; at < this.#ended; at++) {
      const slot = this.#endSlots[at]!;
      const units = this.#endUnits[at]!;
      if (units > this.#purse.reserved[slot]!) sound = false;
      else settleUnits(this.#purse, slot, units, this.#endCharges[at]!);
    }
    this.#ended = 0;
    return sound;
  }
}
