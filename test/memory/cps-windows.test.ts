import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquireCps } from '../../core/admission/cps-window.ts';
import { admissionSlotsMax } from '../../core/admission/line-limits.ts';
import { CpsWindows } from '../../workers/memory/cps-windows.ts';
import { allocateSharedMemory, cpsWords } from '../../workers/memory/shared-memory.ts';

const arenaWords = 1024;

function open() {
  const memory = allocateSharedMemory({ workers: 1, cpsArenaWords: arenaWords });
  return { windows: new CpsWindows(memory), words: cpsWords(memory) };
}

test('an arena without room names the slot, the limit and what is free, and changes nothing', () => {
  const { windows } = open();
  windows.place([{ slot: 1, limit: 500 }], 0);
  const change = [
    { slot: 1, limit: 10 },
    { slot: 2, limit: 20 },
    { slot: 3, limit: 900 },
  ];
  assert.throws(
    () => windows.place(change, 0),
    /CPS limit of slot 3: 900 needs 903 words; the largest free region has 485/,
  );
  assert.deepEqual(
    [1, 2, 3].map((slot) => windows.limitOf(slot)),
    [500, 0, 0],
  );
  // What the refused change had taken is free again.
  windows.place([{ slot: 3, limit: 518 }], 0);
});

test('the region of a replaced window is used again only after reclaimRetired', () => {
  const { windows } = open();
  windows.place([{ slot: 1, limit: 600 }], 0);
  windows.place([{ slot: 1, limit: 0 }], 0);
  assert.throws(() => windows.refuseWithoutRoom([{ slot: 2, limit: 600 }]), RangeError);
  assert.throws(() => windows.place([{ slot: 2, limit: 600 }], 0), RangeError);
  windows.reclaimRetired();
  windows.place([{ slot: 2, limit: 1021 }], 0);
  assert.equal(windows.limitOf(2), 1021);
});

test('freed regions join: after any order of frees the whole arena fits one window', () => {
  const orders = [
    [1, 2, 3, 4],
    [4, 3, 2, 1],
    [2, 4, 1, 3],
    [3, 1, 4, 2],
  ];
  for (const order of orders) {
    const { windows } = open();
    windows.place(
      [1, 2, 3, 4].map((slot) => ({ slot, limit: 253 })),
      0,
    );
    for (const slot of order) windows.place([{ slot, limit: 0 }], 0);
    windows.reclaimRetired();
    windows.place([{ slot: 9, limit: arenaWords - 3 }], 0);
    assert.equal(windows.limitOf(9), arenaWords - 3);
  }
});

test('a limit that stays keeps its window and its history', () => {
  const { windows, words } = open();
  windows.place([{ slot: 1, limit: 1 }], 0);
  assert.ok(acquireCps(words, 1, 1, 0));
  const place = Atomics.load(words, 1);
  windows.place([{ slot: 1, limit: 1 }], 500);
  assert.equal(Atomics.load(words, 1), place);
  assert.equal(acquireCps(words, 1, 1, 999), false);
});

test('a changed limit keeps what was admitted in the last second', () => {
  const { windows, words } = open();
  windows.place([{ slot: 1, limit: 3 }], 0);
  for (const nowMs of [0, 100, 200]) assert.ok(acquireCps(words, 1, 3, nowMs));
  windows.place([{ slot: 1, limit: 4 }], 300);
  assert.ok(acquireCps(words, 1, 4, 300));
  assert.equal(acquireCps(words, 1, 4, 300), false);
  windows.place([{ slot: 1, limit: 2 }], 400);
  assert.equal(acquireCps(words, 1, 2, 1199), false);
  assert.ok(acquireCps(words, 1, 2, 1200));
});

test('a worker on the old configuration obeys the window, and is free once the limit is lifted', () => {
  const { windows, words } = open();
  windows.place([{ slot: 1, limit: 1 }], 0);
  assert.ok(acquireCps(words, 1, 50, 0));
  assert.equal(acquireCps(words, 1, 50, 0), false);
  windows.place([{ slot: 1, limit: 0 }], 0);
  assert.equal(windows.limitOf(1), 0);
  assert.ok(acquireCps(words, 1, 50, 0));
});

test('wrong slots and limits are refused by name', () => {
  const { windows } = open();
  const place = (slot: number, limit: number) => () => windows.place([{ slot, limit }], 0);
  assert.throws(place(admissionSlotsMax, 1), /CPS slot: 16384; expected an integer below 16384/);
  assert.throws(place(-1, 1), /CPS slot: -1/);
  assert.throws(place(1, 1.5), /CPS limit of slot 1: 1.5; expected an integer/);
  assert.throws(place(1, -1), /CPS limit of slot 1: -1/);
});

test('the admissions of the last second can be read where a window is placed', () => {
  const { windows, words } = open();
  assert.equal(windows.admittedOf(1, 0), null);
  windows.place([{ slot: 1, limit: 3 }], 1000);
  assert.equal(windows.admittedOf(1, 1000), 0);
  for (let i = 0; i < 5; i++) acquireCps(words, 1, 3, 1000 + i);
  assert.equal(windows.admittedOf(1, 1500), 3);
  assert.equal(windows.admittedOf(1, 2001), 1);
  assert.equal(windows.admittedOf(1, 3000), 0);
});
