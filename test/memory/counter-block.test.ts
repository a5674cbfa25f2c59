import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, countersMax, Gauge } from '../../core/metrics/counter-layout.ts';
import {
  clearGauges,
  counterBlock,
  counterBlocks,
  mainWriter,
  sumCounters,
  sumGauge,
  workerWriter,
} from '../../workers/memory/counter-block.ts';
import { allocateSharedMemory, counterBlockSlots } from '../../workers/memory/shared-memory.ts';

test('blocks are summed slot by slot and do not overlap', () => {
  const memory = allocateSharedMemory({ workers: 2 });
  const main = counterBlock(memory, mainWriter);
  const workers = [0, 1].map((worker) => counterBlock(memory, workerWriter(worker)));
  main[Counter.datagramsIn] = 7;
  workers[0]![Counter.invites] = 2;
  workers[1]![Counter.invites] = 3;
  workers[0]![counterBlockSlots - 1] = 99;
  const sums = sumCounters(counterBlocks(memory));
  assert.equal(sums.length, countersMax);
  assert.equal(sums[Counter.datagramsIn], 7);
  assert.equal(sums[Counter.invites], 5);
  assert.equal(
    sums.reduce((a, b) => a + b),
    12,
  );
});

test('a restarted worker goes on with its counters and starts with empty gauges', () => {
  const memory = allocateSharedMemory({ workers: 1 });
  const first = counterBlock(memory, workerWriter(0));
  first[Counter.invites] = 2 ** 52;
  first[Gauge.callsUp] = 12;
  clearGauges(first);
  const second = counterBlock(memory, workerWriter(0));
  second[Counter.invites]! += 1;
  const blocks = counterBlocks(memory);
  assert.equal(sumCounters(blocks)[Counter.invites], 2 ** 52 + 1);
  assert.equal(sumGauge(blocks, Gauge.callsUp), 0);
  second[Gauge.callsUp] = 3;
  blocks[0]![Gauge.callsUp] = 1;
  assert.equal(sumGauge(blocks, Gauge.callsUp), 4);
});
