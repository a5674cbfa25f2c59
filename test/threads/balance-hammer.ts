// Worker thread: sets money aside and settles it as fast as it can, until told to stop; then gives back what
// it holds. `spent` counts the units that it was charged.
import { workerData } from 'node:worker_threads';
import {
  openBalances,
  purseOf,
  reserveUnits,
  settleUnits,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import type { SharedMemory } from '../../workers/memory/shared-memory.ts';

export interface BalanceHammer {
  readonly memory: SharedMemory;
  readonly worker: number;
  readonly slot: number;
  /** Reserve this often and keep it; 0: reserve and settle until told to stop. */
  readonly calls: number;
  readonly price: bigint;
  readonly control: SharedArrayBuffer;
}

/** BigInt64 words of `control`. */
export const stopWord = 0;
export const admittedWord = 1;
export const spentWord = 2;
export const startWord = 3;

if (workerData !== null) hammer(workerData as BalanceHammer);

function hammer(load: BalanceHammer): void {
  const { memory, worker, slot, calls, price } = load;
  const control = new BigInt64Array(load.control);
  const purse = purseOf(openBalances(memory), workerPurse(worker));
  // All begin at once.
  Atomics.add(control, startWord, -1n);
  while (Atomics.load(control, startWord) > 0n);
  for (let n = 0; n < calls; n++) {
    if (reserveUnits(purse, slot, price)) Atomics.add(control, admittedWord, 1n);
  }
  const held: bigint[] = [];
  for (let turn = 0; calls === 0 && Atomics.load(control, stopWord) === 0n; turn++) {
    const units = BigInt(turn % 7) + 1n;
    if (reserveUnits(purse, slot, units)) {
      held.push(units);
      Atomics.add(control, admittedWord, 1n);
      if (held.length < 5) continue;
    }
    const ended = held.shift();
    if (ended === undefined) continue;
    const charged = turn % 3 === 0 ? ended : 0n;
    settleUnits(purse, slot, ended, charged);
    Atomics.add(control, spentWord, charged);
  }
  for (const units of held) settleUnits(purse, slot, units, 0n);
}
