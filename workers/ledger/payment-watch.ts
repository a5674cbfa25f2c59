// Which payments the engine has not heard of yet. With several nodes on one database a payment may be
// committed after another one with a higher number: the last numbers are looked at again each time, and
// each payment is handed on once.
import { paymentOverlap } from './ledger-store.ts';

export class PaymentWatch {
  #highest: number;
  readonly #seen = new Set<number>();

  /** `highest`: of the payments that were seen before. */
  constructor(highest = 0) {
    this.#highest = highest;
  }

  get highest(): number {
    return this.#highest;
  }

  /** From here on recent payments are asked for. */
  get after(): number {
    return Math.max(0, this.#highest - paymentOverlap);
  }

  /** Those of `payments` that were not seen before. */
  unseen<Numbered extends { readonly number: number }>(payments: readonly Numbered[]): Numbered[] {
    const found = payments.filter(({ number }) => number > this.after && !this.#seen.has(number));
    for (const { number } of found) {
      this.#seen.add(number);
      this.#highest = Math.max(this.#highest, number);
    }
    const { after } = this;
    for (const number of this.#seen) if (number <= after) this.#seen.delete(number);
    return found;
  }
}
