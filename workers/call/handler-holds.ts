// What the handler at work has set aside of something that is shared by all workers, or given back: if it throws,
// what no call's end has settled goes back.

/** What a call has set aside. */
export interface Hold {
  reserved: bigint;
}

export class HandlerHolds<Each extends Hold> {
  // `#count` of them are this handler's, for an array that is cut to nothing is allocated anew.
  #count = 0;
  readonly #holds: Each[] = [];
  /** Given back where negative. */
  readonly #units: bigint[] = [];

  /** A new handler. */
  begin(): void {
    this.#count = 0;
  }

  note(hold: Each, units: bigint): void {
    hold.reserved += units;
    const at = this.#count++;
    this.#holds[at] = hold;
    this.#units[at] = units;
  }

  /** The handler threw, and its call has ended or stays as it was before. */
  discard(giveBack: (hold: Each, units: bigint) => void): void {
    for (let first = 0; first < this.#count; first++) {
      const hold = this.#holds[first]!;
      let taken = 0n;
      for (let at = first; at < this.#count; at++) {
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
