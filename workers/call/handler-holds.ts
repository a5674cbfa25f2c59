// What the handler at work has set aside of something that is shared by all workers, or given back: if it throws,
// what no call's end has settled goes back.

/** What a call has set aside. */
export interface Hold {
  reserved: bigint;
}

export class HandlerHolds<Each extends Hold> {
  readonly #holds: Each[] = [];
  /** Given back where negative. */
  readonly #units: bigint[] = [];

  /** A new handler. */
  begin(): void {
    if (this.#holds.length === 0) return;
    this.#holds.length = 0;
    this.#units.length = 0;
  }

  note(hold: Each, units: bigint): void {
    hold.reserved += units;
    this.#holds.push(hold);
    this.#units.push(units);
  }

  /** The handler threw, and its call has ended or stays as it was before. */
  discard(giveBack: (hold: Each, units: bigint) => void): void {
    for (let first = 0; first < this.#holds.length; first++) {
      const hold = this.#holds[first]!;
      let taken = 0n;
      for (let at = first; at < this.#holds.length; at++) {
        if (this.#holds[at] !== hold) continue;
        taken += this.#units[at]!;
        this.#units[at] = 0n;
      }
      // Settled by its call's end.
      if (hold.reserved === 0n || taken <= 0n) continue;
      giveBack(hold, taken);
      hold.reserved -= taken;
    }
  }
}
