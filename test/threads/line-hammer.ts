// Worker thread: takes and gives back lines as fast as it can, holding a few, until told to stop; then
// gives all back. `truth` counts the lines held, by rising after a take and falling before a give: it is
// never more than were admitted, so a value over the limit is an over-admission.
import { workerData } from 'node:worker_threads';
import { acquireLine, releaseLine } from '../../core/admission/line-limits.ts';
import { type SharedMemory, workerLines } from '../../workers/memory/shared-memory.ts';

export interface LineHammer {
  readonly memory: SharedMemory;
  readonly worker: number;
  /** Limit of each slot, 0..n. */
  readonly limits: readonly number[];
  /** Lines that a worker tries to hold of each slot. */
  readonly appetite: number;
  readonly control: SharedArrayBuffer;
}

/** Int32 words of `control`; from `truthWord` on one a slot. */
export const stopWord = 0;
export const takenWord = 1;
export const refusedWord = 2;
export const overWord = 3;
export const truthWord = 8;

if (workerData !== null) hammer(workerData as LineHammer);

function hammer({ memory, worker, limits, appetite, control: shared }: LineHammer): void {
  const lines = workerLines(memory, worker);
  const control = new Int32Array(shared);
  const held = limits.map(() => 0);
  const give = (slot: number): void => {
    Atomics.sub(control, truthWord + slot, 1);
    releaseLine(lines, slot);
    held[slot]!--;
  };
  for (let turn = 0; Atomics.load(control, stopWord) === 0; turn++) {
    const slot = turn % limits.length;
    const limit = limits[slot]!;
    if (held[slot]! >= appetite) {
      give(slot);
      continue;
    }
    if (!acquireLine(lines, slot, limit)) {
      Atomics.add(control, refusedWord, 1);
      if (held[slot]! > 0) give(slot);
      continue;
    }
    held[slot]!++;
    const now = Atomics.add(control, truthWord + slot, 1) + 1;
    if (limit > 0 && now > limit) Atomics.add(control, overWord, 1);
    Atomics.add(control, takenWord, 1);
    Atomics.notify(control, takenWord);
  }
  for (const slot of held.keys()) while (held[slot]! > 0) give(slot);
}
