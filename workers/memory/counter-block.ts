// Counters and gauges of one writer (the main thread or a call worker) in shared memory: plain Float64,
// no atomics, because each block has one writer. A reader in another thread may see a value a moment
// old, on a 32-bit machine a torn one for one reading; figures bear that, limits do not live here.
import { countersMax } from '../../core/metrics/counter-layout.ts';
import { counterBlockSlots, type SharedMemory } from './shared-memory.ts';

/** Writer of a block. */
export const mainWriter = 0;
export const workerWriter = (worker: number): number => 1 + worker;

/** The block of one writer: slots of `Counter` and `Gauge`. */
export function counterBlock(memory: Pick<SharedMemory, 'counters'>, writer: number): Float64Array {
  const bytes = writer * counterBlockSlots * Float64Array.BYTES_PER_ELEMENT;
  return new Float64Array(memory.counters, bytes, counterBlockSlots);
}

/** Every block, the main thread's first. */
export function counterBlocks(memory: Pick<SharedMemory, 'counters' | 'workers'>): Float64Array[] {
  return Array.from({ length: 1 + memory.workers }, (_, writer) => counterBlock(memory, writer));
}

/** Sum of each counter over the blocks; index: slot of `Counter`. */
export function sumCounters(blocks: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(countersMax);
  for (const block of blocks) {
    for (let slot = 0; slot < countersMax; slot++) sums[slot]! += block[slot]!;
  }
  return sums;
}

/** Sum of one gauge over the blocks. */
export function sumGauge(blocks: readonly Float64Array[], gauge: number): number {
  let sum = 0;
  for (const block of blocks) sum += block[gauge]!;
  return sum;
}

/** A dead worker has no calls and no timers; its counters stay. */
export function clearGauges(block: Float64Array): void {
  block.fill(0, countersMax);
}
