// Two arenas of shared memory, used in turn, for compiled configuration: one is read by the workers, the
// other is filled with the next version. (A fresh buffer a swap is not given back soon enough: it grew
// to gigabytes.) What the bytes mean is the compiler's matter.
//
//   begin(bytes) -> the idle arena      publish(version) -> ticket to every worker      adopt(epoch)
//
//   arena A   | version 7, epoch 3 |    <- workers 0, 2       epochs   | 3 | 4 | 3 | 0 |
//   arena B   | version 8, epoch 4 |    <- worker 1                      one word a worker, 0 no thread
//
// `begin` gives out arena A only when no worker's epoch is 3: a worker adopts between two batches, when
// nothing of it looks into the tables (calls copy their terms), so after that nobody reads the arena.
// Epochs, not versions: a rollback publishes an old version anew.
import { wordsPerLine } from '../../core/admission/line-limits.ts';
import type { SharedMemory } from './shared-memory.ts';

/** What a worker needs to take up a published version; survives structured cloning. */
export interface SnapshotTicket {
  readonly version: number;
  readonly epoch: number;
  readonly arena: SharedArrayBuffer;
}

/** Arenas grow in steps, so that a slightly longer configuration fits the one there is. */
const arenaStepBytes = 1_048_576;
const arenaBytesMax = 2_147_483_648;

interface Arena {
  buffer: SharedArrayBuffer | null;
  /** Epoch published in it, 0 none. */
  epoch: number;
}

/** Main thread. */
export class SnapshotStore {
  /** What a starting worker runs on; null before the first `publish`. */
  current: SnapshotTicket | null = null;
  readonly #epochs: Int32Array;
  readonly #workers: number;
  #published: Arena = { buffer: null, epoch: 0 };
  #idle: Arena = { buffer: null, epoch: 0 };
  #epoch = 0;

  constructor(memory: Pick<SharedMemory, 'snapshotEpochs' | 'workers'>) {
    this.#epochs = epochWords(memory);
    this.#workers = memory.workers;
  }

  /** The arena to fill next, at least `bytesNeeded` long, its old bytes still in it. Waits up to `waitMs`
   *  for workers that still read it; throws, naming one, when they do not leave. Once it has returned,
   *  every live worker runs on the current version. One change at a time: the caller sees to it that no
   *  second `begin` runs before `publish`, unless the first change was given up. */
  async begin(bytesNeeded: number, waitMs: number): Promise<SharedArrayBuffer> {
    if (!Number.isInteger(bytesNeeded) || bytesNeeded < 0 || bytesNeeded > arenaBytesMax) {
      throw new RangeError(`snapshot bytes: ${bytesNeeded}; expected 0 to ${arenaBytesMax}`);
    }
    for (let worker = 0; worker < this.#workers; worker++) await this.#left(worker, waitMs);
    const idle = this.#idle;
    idle.epoch = 0;
    if (idle.buffer === null || idle.buffer.byteLength < bytesNeeded) {
      const steps = Math.max(1, Math.ceil(bytesNeeded / arenaStepBytes));
      idle.buffer = null;
      idle.buffer = new SharedArrayBuffer(steps * arenaStepBytes);
    }
    return idle.buffer;
  }

  /** Puts a larger buffer, which holds the next version already, in the place of the arena that `begin`
   *  returned: whoever fills it finds out how long it must be. */
  replaceIdle(buffer: SharedArrayBuffer): void {
    const idle = this.#idle;
    if (idle.buffer === null || idle.epoch !== 0) {
      throw new Error('snapshot: an arena was replaced without begin');
    }
    if (buffer.byteLength > arenaBytesMax) {
      throw new RangeError(`snapshot bytes: ${buffer.byteLength}; expected 0 to ${arenaBytesMax}`);
    }
    idle.buffer = buffer;
  }

  /** Makes the arena that `begin` returned current; send the ticket to every worker. */
  publish(version: number): SnapshotTicket {
    const arena = this.#idle;
    if (arena.buffer === null || arena.epoch !== 0) {
      throw new Error(`snapshot version ${version}: published without begin`);
    }
    this.#epoch = this.#epoch === 0x7fffffff ? 1 : this.#epoch + 1;
    arena.epoch = this.#epoch;
    this.#idle = this.#published;
    this.#published = arena;
    this.current = { version, epoch: arena.epoch, arena: arena.buffer };
    return this.current;
  }

  /** Before a worker's thread is started on `current`: the arena is held for it from now on. */
  assign(worker: number): SnapshotTicket {
    if (this.current === null)
      throw new Error('snapshot: a worker started before the first version');
    adoptSnapshot(this.#epochs, worker, this.current.epoch);
    return this.current;
  }

  /** When a worker's thread has ended: it reads nothing any more. */
  release(worker: number): void {
    adoptSnapshot(this.#epochs, worker, 0);
  }

  /** True once every live worker runs on the current version. */
  isAdopted(): boolean {
    for (let worker = 0; worker < this.#workers; worker++) {
      const epoch = Atomics.load(this.#epochs, worker * wordsPerLine);
      if (epoch !== 0 && epoch !== this.#epoch) return false;
    }
    return true;
  }

  /** Resolves when `worker` does not read the idle arena. */
  async #left(worker: number, waitMs: number): Promise<void> {
    const { epoch } = this.#idle;
    const word = worker * wordsPerLine;
    if (epoch === 0 || Atomics.load(this.#epochs, word) !== epoch) return;
    const wait = Atomics.waitAsync(this.#epochs, word, epoch, waitMs);
    if (wait.async && (await wait.value) === 'timed-out') {
      throw new Error(
        `snapshot: worker ${worker} still runs on the version before the current one after ${waitMs} ms`,
      );
    }
  }
}

/** Epoch words, for `adoptSnapshot`. */
export function epochWords(memory: Pick<SharedMemory, 'snapshotEpochs'>): Int32Array {
  return new Int32Array(memory.snapshotEpochs);
}

/** Worker, between two batches: from here on it reads the arena of `epoch` and no other. */
export function adoptSnapshot(epochs: Int32Array, worker: number, epoch: number): void {
  Atomics.store(epochs, worker * wordsPerLine, epoch);
  Atomics.notify(epochs, worker * wordsPerLine);
}
