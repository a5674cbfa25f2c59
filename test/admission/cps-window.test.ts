import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  acquireCps,
  cpsDirectoryWords,
  cpsSealed,
  cpsWindowHeaderWords,
  minuteMs,
  reachedCps,
} from '../../core/admission/cps-window.ts';
import { CpsWindows } from '../../workers/memory/cps-windows.ts';
import { cpsWords } from '../../workers/memory/shared-memory.ts';

const slot = 3;
// Starting points of the clock: boot, 25 and 50 days (where 31 and 32 bits come round), a real one.
const starts = [0, 2 ** 31 - 1500, 2 ** 32 - 1500, 87_654_321.25];

/** Nothing else of the shared memory: it is made anew for every arrival pattern. */
function windowsOf(arenaWords: number): { cpsWindows: SharedArrayBuffer } {
  return { cpsWindows: new SharedArrayBuffer((cpsDirectoryWords + arenaWords) * 4) };
}

function open(limit: number, nowMs: number, cpsArenaWords = 4096) {
  const memory = windowsOf(cpsArenaWords);
  const windows = new CpsWindows(memory);
  windows.place([{ slot, limit }], nowMs);
  return { words: cpsWords(memory), windows };
}

/** What an exact window admits: no more than `limit` within less than 1000 ms. */
function admits(admissions: readonly number[], limit: number, nowMs: number): boolean {
  return admissions.filter((at) => nowMs - at < 1000).length < limit;
}

function mostInOneSecond(stamps: readonly number[]): number {
  const sorted = [...stamps].sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [i, at] of sorted.entries()) {
    while (at - sorted[from]! >= 1000) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

test('a place is free again exactly 1000 ms after it was taken', () => {
  for (const start of starts) {
    const { words } = open(2, start);
    assert.ok(acquireCps(words, slot, 2, start));
    assert.ok(acquireCps(words, slot, 2, start + 10));
    assert.equal(acquireCps(words, slot, 2, start + 10), false);
    assert.equal(acquireCps(words, slot, 2, start + 999), false);
    assert.ok(acquireCps(words, slot, 2, start + 1000));
    assert.equal(acquireCps(words, slot, 2, start + 1009), false);
    assert.ok(acquireCps(words, slot, 2, start + 1010));
  }
});

test('limit 0 is never refused; a limit without a window is a fault of ours', () => {
  const { words } = open(1, 0);
  for (let i = 0; i < 10; i++) assert.ok(acquireCps(words, 9, 0, 0));
  assert.throws(() => acquireCps(words, 9, 5, 0), /slot 9: CPS limit 5 has no window placed/);
});

test('a worker that died after taking a cell, before moving the head, blocks nobody', () => {
  for (const limit of [1, 2, 5]) {
    const { words } = open(limit, 0);
    const window = Atomics.load(words, slot);
    Atomics.store(words, window + cpsWindowHeaderWords, 100); // the cell is taken, the head has not moved
    for (let i = 1; i < limit; i++) assert.ok(acquireCps(words, slot, limit, 100));
    assert.equal(acquireCps(words, slot, limit, 1099), false);
    for (let i = 0; i < limit; i++) assert.ok(acquireCps(words, slot, limit, 1100));
    assert.equal(acquireCps(words, slot, limit, 1100), false);
  }
});

test('a window under the seal refuses instead of looping or admitting', () => {
  const { words } = open(2, 0);
  const window = Atomics.load(words, slot);
  const cells = window + cpsWindowHeaderWords;
  words.fill(cpsSealed, cells, cells + 2);
  assert.equal(acquireCps(words, slot, 2, 5000), false);
});

test('a clock reading that happens to equal the seal still admits once', () => {
  const { words } = open(1, 2 ** 31);
  assert.equal((2 ** 31) | 0, cpsSealed);
  assert.ok(acquireCps(words, slot, 1, 2 ** 31));
  assert.equal(acquireCps(words, slot, 1, 2 ** 31 + 1), false);
  assert.ok(acquireCps(words, slot, 1, 2 ** 31 + 1001));
});

const gapMs = fc.oneof(fc.constant(0), fc.nat(3), fc.nat(400), fc.constant(1000), fc.nat(5000));

test('any arrivals: admitted exactly when an exact window admits', () => {
  const arrivals = fc.array(gapMs, { maxLength: 300, size: 'max' });
  const limits = fc.integer({ min: 1, max: 12 });
  const property = fc.property(
    arrivals,
    limits,
    fc.constantFrom(...starts),
    (gaps, limit, start) => {
      const { words } = open(limit, start);
      const admissions: number[] = [];
      let nowMs = start;
      for (const gap of gaps) {
        nowMs += gap;
        const expected = admits(admissions, limit, nowMs);
        assert.equal(acquireCps(words, slot, limit, nowMs), expected);
        if (expected) admissions.push(nowMs);
      }
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test('any changes of the limit between arrivals: the exact window of the new limit', () => {
  const step = fc.record({ gap: gapMs, limit: fc.option(fc.nat(9), { freq: 8 }) });
  const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
    const { words, windows } = open(4, 0);
    let limit = 4;
    let admissions: number[] = [];
    let nowMs = 0;
    for (const change of steps) {
      nowMs += change.gap;
      if (change.limit !== null) {
        windows.place([{ slot, limit: change.limit }], nowMs);
        windows.reclaimRetired();
        limit = change.limit;
        // While there is no limit, nothing is counted.
        if (limit === 0) admissions = [];
      }
      const expected = limit === 0 || admits(admissions, limit, nowMs);
      assert.equal(acquireCps(words, slot, limit, nowMs), expected);
      if (expected && limit > 0) admissions.push(nowMs);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('workers whose clock readings differ by up to a batch: never too many, and no place is lost', () => {
  const arrival = fc.record({ gap: fc.nat(60), late: fc.nat(40) });
  const arrivals = fc.array(arrival, { minLength: 50, maxLength: 400, size: 'max' });
  const limits = fc.integer({ min: 1, max: 10 });
  const property = fc.property(arrivals, limits, (steps, limit) => {
    const { words } = open(limit, 0);
    const stamps: number[] = [];
    let newest = 0;
    let nowMs = 1000;
    for (const { gap, late } of steps) {
      nowMs += gap;
      // An admission counts at its worker's reading, or at the newest one where that is later.
      const stamp = Math.max(nowMs - late, newest);
      const expected = admits(stamps, limit, stamp);
      const admitted = acquireCps(words, slot, limit, nowMs - late);
      assert.equal(admitted, expected);
      if (!admitted) continue;
      newest = stamp;
      stamps.push(stamp);
    }
    assert.ok(mostInOneSecond(stamps) <= limit);
  });
  fc.assert(property, { numRuns: 200 });
});

test('a window of a minute: no more than its limit in any sixty seconds, and what is reached of it', () => {
  const memory = windowsOf(1024);
  const words = cpsWords(memory);
  const windows = new CpsWindows(memory, minuteMs);
  windows.place([{ slot, limit: 3 }], 0);
  const start = 500_000;
  assert.equal(reachedCps(words, slot, 1, start), false);
  for (const after of [0, 10_000, 20_000]) assert.ok(acquireCps(words, slot, 3, start + after));
  assert.equal(acquireCps(words, slot, 3, start + 59_999), false);
  assert.equal(windows.admittedOf(slot, start + 59_999), 3);
  assert.ok(reachedCps(words, slot, 3, start + 59_999));
  assert.equal(reachedCps(words, slot, 3, start + 60_000), false);
  assert.ok(reachedCps(words, slot, 2, start + 60_000));
  assert.ok(acquireCps(words, slot, 3, start + 60_000));
  assert.ok(reachedCps(words, slot, 3, start + 60_000));
  assert.equal(reachedCps(words, slot, 4, start + 60_000), false);
});
