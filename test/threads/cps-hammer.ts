// Worker thread: asks for places of one CPS window, several times at each tick of a clock that all
// workers share and that moves only when all have finished the tick. So every admission has one exact
// time, and the sum over the workers can be compared with a plain window.
import { workerData } from 'node:worker_threads';
import { acquireCps } from '../../core/admission/cps-window.ts';
import { cpsWords, type SharedMemory } from '../../workers/memory/shared-memory.ts';

export interface CpsHammer {
  readonly memory: SharedMemory;
  readonly workers: number;
  readonly slot: number;
  readonly limit: number;
  /** Milliseconds of each tick. */
  readonly ticks: readonly number[];
  readonly attemptsPerTick: number;
  /** Int32: `arrivedWord`, `tickWord`, then the admissions of each tick over all workers. */
  readonly control: SharedArrayBuffer;
}

export const arrivedWord = 0;
export const tickWord = 1;
export const admittedWord = 2;

if (workerData !== null) hammer(workerData as CpsHammer);

function hammer(load: CpsHammer): void {
  const words = cpsWords(load.memory);
  const control = new Int32Array(load.control);
  for (const [tick, nowMs] of load.ticks.entries()) {
    for (let i = 0; i < load.attemptsPerTick; i++) {
      if (acquireCps(words, load.slot, load.limit, nowMs)) {
        Atomics.add(control, admittedWord + tick, 1);
      }
    }
    // The last to arrive opens the next tick.
    if (Atomics.add(control, arrivedWord, 1) + 1 === load.workers) {
      Atomics.store(control, arrivedWord, 0);
      Atomics.store(control, tickWord, tick + 1);
      Atomics.notify(control, tickWord);
    } else {
      // A wake-up may be a late one, of the tick before.
      while (Atomics.load(control, tickWord) === tick) Atomics.wait(control, tickWord, tick);
    }
  }
}
