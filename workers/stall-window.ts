// How long an event loop has stood still: the longest stall of each of the last seconds.
const windowSeconds = 60;

export class StallWindow {
  /** Milliseconds, overwritten in turn. */
  readonly #seconds = new Float64Array(windowSeconds);
  #second = 0;

  /** Less than nothing counts as nothing. */
  note(stallMs: number): void {
    if (stallMs > this.#seconds[this.#second]!) this.#seconds[this.#second] = stallMs;
  }

  nextSecond(): void {
    this.#second = (this.#second + 1) % windowSeconds;
    this.#seconds[this.#second] = 0;
  }

  /** Of the last minute, whole milliseconds. */
  longestMs(): number {
    return Math.round(this.#seconds.reduce((longest, one) => Math.max(longest, one), 0));
  }
}
