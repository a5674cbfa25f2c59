// CPS windows under real threads: exactly what one window would admit, tick by tick, and never more than
// the limit in any 1000 ms while the main thread changes it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CpsWindows } from '../../workers/memory/cps-windows.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { admittedWord, type CpsHammer, tickWord } from './cps-hammer.ts';

const workers = 3;
const slot = 2;

function open(limit: number, ticks: readonly number[], attemptsPerTick: number) {
  const memory = allocateSharedMemory({ workers });
  const windows = new CpsWindows(memory);
  windows.place([{ slot, limit }], ticks[0]!);
  const control = new SharedArrayBuffer((admittedWord + ticks.length) * 4);
  const load: CpsHammer = { memory, workers, slot, limit, ticks, attemptsPerTick, control };
  const threads = Array.from(
    { length: workers },
    () => new Worker(new URL('./cps-hammer.js', import.meta.url), { workerData: load }),
  );
  const ended = Promise.all(threads.map((thread) => once(thread, 'exit')));
  return { windows, words: new Int32Array(control), ended };
}

/** Irregular ticks, the same in every run; the 31 bits of the clock come round in the middle. */
function irregularTicks(count: number): number[] {
  const ticks: number[] = [];
  let nowMs = 2 ** 31 - count * 25;
  for (let i = 0; i < count; i++) {
    nowMs += i % 97 === 0 ? 1000 : (i * 31) % 60;
    ticks.push(nowMs);
  }
  return ticks;
}

/** Admissions in the 1000 ms that end with tick `last`. */
function inTheSecond(admitted: ArrayLike<number>, ticks: readonly number[], last: number): number {
  let sum = 0;
  for (let i = last; i >= 0 && ticks[last]! - ticks[i]! < 1000; i--) sum += admitted[i]!;
  return sum;
}

for (const limit of [1, 7, 50]) {
  test(`limit ${limit}, three threads: exactly what one window admits`, async () => {
    const ticks = irregularTicks(1500);
    const { words, ended } = open(limit, ticks, 3);
    await ended;
    const admitted = words.subarray(admittedWord);
    const expected: number[] = [];
    for (const tick of ticks.keys()) {
      expected.push(0);
      expected[tick] = Math.min(workers * 3, limit - inTheSecond(expected, ticks, tick));
    }
    assert.deepEqual([...admitted], expected);
  });
}

test('the limit goes up and down while threads use the window: never above the higher one', async () => {
  const ticks = irregularTicks(2000);
  const [low, high] = [5, 11];
  const { words, windows, ended } = open(low, ticks, 4);
  let running = true;
  void ended.then(() => {
    running = false;
  });
  let changes = 0;
  while (running && changes < 2000) {
    const tick = Math.min(Atomics.load(words, tickWord), ticks.length - 1);
    // A minute of clock skew is allowed for, so the reading may be one tick old.
    windows.place([{ slot, limit: changes++ % 2 === 0 ? high : low }], ticks[tick]!);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  const admitted = words.subarray(admittedWord);
  let most = 0;
  for (const tick of ticks.keys()) most = Math.max(most, inTheSecond(admitted, ticks, tick));
  assert.ok(changes > 10, `only ${changes} changes of the limit`);
  assert.ok(most >= low && most <= high, `${most} admissions in one second`);
});
