// Line limits under real threads: never over the limit, back to zero, and the truth after deaths.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { linesUsed, reconcileLines, returnWorkerLines } from '../../core/admission/line-limits.ts';
import { allocateSharedMemory, lineLedger } from '../../workers/memory/shared-memory.ts';
import {
  type LineHammer,
  overWord,
  refusedWord,
  stopWord,
  takenWord,
  truthWord,
} from './line-hammer.ts';

const limits = [3, 1, 0, 7];

function open(workers: number) {
  const memory = allocateSharedMemory({ workers });
  const shared = new SharedArrayBuffer((truthWord + limits.length) * 4);
  const start = (worker: number): Worker => {
    const load: LineHammer = { memory, worker, limits, appetite: 3, control: shared };
    return new Worker(new URL('./line-hammer.js', import.meta.url), { workerData: load });
  };
  return { ledger: lineLedger(memory), control: new Int32Array(shared), start };
}

/** Resolves once `more` further lines were taken. */
async function taken(control: Int32Array, more: number): Promise<void> {
  const goal = Atomics.load(control, takenWord) + more;
  for (;;) {
    const seen = Atomics.load(control, takenWord);
    if (seen >= goal) return;
    const wait = Atomics.waitAsync(control, takenWord, seen);
    if (wait.async) await wait.value;
  }
}

test('four threads on one limit: never above, and zero when all have given back', async () => {
  const { ledger, control, start } = open(4);
  const threads = [0, 1, 2, 3].map(start);
  await taken(control, 200_000);
  Atomics.store(control, stopWord, 1);
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
  assert.equal(control[overWord], 0);
  assert.ok(control[refusedWord]! > 0, 'no limit was ever reached');
  for (const slot of limits.keys()) {
    assert.equal(linesUsed(ledger, slot), 0, `slot ${slot}`);
    assert.equal(control[truthWord + slot], 0);
  }
  for (const share of ledger.shares) assert.ok(share.every((held) => held === 0));
});

test('threads terminated anywhere while another goes on: the truth comes back, no limit was broken', async () => {
  const { ledger, control, start } = open(2);
  const survivor = start(0);
  let torn = 0;
  for (let round = 0; round < 12; round++) {
    const victim = start(1);
    await taken(control, 3000);
    await victim.terminate();
    const { torn: insideStep } = returnWorkerLines(ledger, 1);
    if (insideStep) torn++;
    // The survivor never rests, yet each slot is seen at rest sooner or later.
    for (;;) {
      const { unsettled } = reconcileLines(ledger);
      if (unsettled === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(returnWorkerLines(ledger, 1), { returned: 0, torn: false });
  }
  Atomics.store(control, stopWord, 1);
  await once(survivor, 'exit');
  for (const slot of limits.keys()) {
    assert.equal(linesUsed(ledger, slot), 0, `slot ${slot}, ${torn} torn steps`);
  }
});
