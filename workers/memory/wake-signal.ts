// Puts a consumer to sleep while its rings are empty, and wakes it. A producer that finds the consumer
// awake pays one load; only the first push into a sleeping consumer's rings pays for a notification.
//
// Why no wake-up is lost. Consumer: (1) asleep = 1, (2) look at the rings again, (3) wait while
// asleep = 1. Producer: (a) publish the record, (b) read `asleep`, and if it is 1 set it to 0 and notify.
// All are sequentially consistent. If (2) did not see the record, then (2) came before (a), so (1) came
// before (b): the producer sees 1 and wakes. If it does so between (2) and (3), the wait finds 0 and
// does not begin. Turned round, (2) before (1), a record published in between would lie until the next.
//
// The wait also ends after `pollMs`: should a notification ever be missed, a record waits that long and
// not for ever. A wait does not keep the event loop alive; the thread's port or sockets do.
import { wordsPerLine } from '../../core/admission/line-limits.ts';
import type { SharedMemory } from './shared-memory.ts';

const awake = 0;
const asleep = 1;

/** One consumer's signal; any number of producers may wake it. */
export class WakeSignal {
  readonly #word: Int32Array;
  readonly #ringDoorbell: (() => void) | undefined;

  /** @param signal `mainSignal` or `workerSignal(i)` of shared-memory.ts
   *  @param ringDoorbell producer: wakes a consumer that waits in `blockOn` */
  constructor(
    memory: Pick<SharedMemory, 'signals'>,
    signal: number,
    ringDoorbell?: (() => void) | undefined,
  ) {
    this.#word = new Int32Array(memory.signals, signal * wordsPerLine * 4, 1);
    this.#ringDoorbell = ringDoorbell;
  }

  /** Producer, after a push. */
  wake(): void {
    if (Atomics.load(this.#word, 0) === awake) return;
    // One of several producers notifies.
    if (Atomics.compareExchange(this.#word, 0, asleep, awake) === asleep) {
      Atomics.notify(this.#word, 0);
      this.#ringDoorbell?.();
    }
  }

  /** Consumer thread (never the main thread): as `sleep`, but holds the thread. Waking it costs one futex;
   *  through the event loop a wake is a pipe, a poll, a task and a promise, three times as much. */
  block(isEmpty: () => boolean, timeoutMs: number): void {
    const word = this.#word;
    Atomics.store(word, 0, asleep);
    if (isEmpty()) Atomics.wait(word, 0, asleep, timeoutMs);
    Atomics.store(word, 0, awake);
  }

  /** Consumer: as `block`, in a wait of its own that the doorbell ends. */
  blockOn(isEmpty: () => boolean, wait: () => void): void {
    const word = this.#word;
    Atomics.store(word, 0, asleep);
    if (isEmpty()) wait();
    Atomics.store(word, 0, awake);
  }

  /** Consumer: resolves once a producer has pushed, or after `pollMs`; at once (in this turn of the
   *  event loop, so let others run after a full batch) when `isEmpty` is false. */
  async sleep(isEmpty: () => boolean, pollMs: number): Promise<void> {
    const word = this.#word;
    Atomics.store(word, 0, asleep);
    if (isEmpty()) {
      const wait = Atomics.waitAsync(word, 0, asleep, pollMs);
      if (wait.async) await wait.value;
    }
    Atomics.store(word, 0, awake);
  }
}
