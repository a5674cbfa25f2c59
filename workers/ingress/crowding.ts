// When new INVITEs are refused because what came before them waits too long. Only a queue that stays long is
// crowded: one that a stall has filled runs empty by itself, and to refuse its calls would lose them for nothing.
// Once it is crowded it is kept short, so that nothing waits until it is repeated, the calls that are let in are
// served fast, and the others are told at once (the reasoning of RFC 8289, whose queue is a router's).

/** A wait above this is a queue that does not run empty; collections and the scheduler hold a thread for less. */
const longMs = 30;
/** A wait above this is a crowd, if the queue has been long for `patienceMs` and empties too slowly: far below the
 *  0.5 s after which an INVITE is repeated (RFC 3261 17.1.1.2), for its responses wait in the same queue. */
const crowdedMs = 100;
const patienceMs = 250;
/** Nothing judged for so long: the thread stood still, and patience begins anew. */
const stallMs = 50;
/** After a stall a thread with a quarter of its time left brings the wait down so fast, milliseconds each. */
const fallMin = 0.25;
/** After a crowd the queue is kept short for so long: who offers too much does so for a while. */
const memoryMs = 3_000;

export class Crowding {
  /** Since when every wait was above `longMs`, and the first of them. */
  #longSinceMs = Number.POSITIVE_INFINITY;
  #firstLongMs = 0;
  #judgedAtMs = Number.NEGATIVE_INFINITY;
  #crowdedAtMs = Number.NEGATIVE_INFINITY;

  /** Whether a new INVITE is to be refused. `waitedMs`: how long the oldest message of its queue has waited. */
  judge(waitedMs: number, nowMs: number): boolean {
    const stoodStill = nowMs - this.#judgedAtMs > stallMs;
    this.#judgedAtMs = nowMs;
    if (waitedMs < longMs) {
      this.#longSinceMs = Number.POSITIVE_INFINITY;
      return false;
    }
    if (this.#longSinceMs > nowMs || stoodStill) {
      this.#longSinceMs = nowMs;
      this.#firstLongMs = waitedMs;
    }
    if (!this.#isCrowd(waitedMs, nowMs) && nowMs - this.#crowdedAtMs > memoryMs) return false;
    this.#crowdedAtMs = nowMs;
    return true;
  }

  #isCrowd(waitedMs: number, nowMs: number): boolean {
    const longForMs = nowMs - this.#longSinceMs;
    if (longForMs < patienceMs || waitedMs < crowdedMs) return false;
    return waitedMs > this.#firstLongMs - longForMs * fallMin;
  }
}
