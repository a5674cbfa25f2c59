// The rate of new calls counts what was admitted, not what was tried or refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Gauge } from '../../core/metrics/counter-layout.ts';
import { createFigures } from '../../workers/figures.ts';
import { counterBlock, workerWriter } from '../../workers/memory/counter-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';

test('calls a second are admitted calls; the CDR queue is the sum of the workers', () => {
  const memory = allocateSharedMemory({ workers: 2 });
  const read = createFigures({
    version: '0.1.0',
    node: 'edge-1',
    cdrDirectory: '/data/cdr',
    memory,
    listeners: [],
    startedAt: 10_000,
    draining: () => false,
    snapshot: () => undefined,
    workers: () => [],
    accounts: () => ({ count: 0, reserved: '0', exhausted: 0 }),
    sockets: () => [],
    streams: () => ({ streamConnections: 3, streamQueueBytes: 70 }),
    loopStallMs: () => 12,
    admittedLastSecond: () => null,
    cdrStore: () => null,
    cdrHandOff: () => ({ files: null, push: null }),
  });
  for (const worker of [0, 1]) {
    const block = counterBlock(memory, workerWriter(worker));
    block[Counter.invites] = 100;
    block[Counter.refusedLocked] = 60;
    block[Counter.callsAdmitted] = 20;
    block[Counter.cdrFramesLost] = 1;
    block[Gauge.cdrUnsyncedBytes] = 500;
    block[Gauge.cdrOldestMs] = 300 + worker;
  }
  const figures = read(12_000);
  assert.equal(figures.cps, 20);
  assert.deepEqual(figures.cdrLog.queue, {
    waitingFrames: 0,
    waitingBytes: 0,
    unsyncedFrames: 0,
    unsyncedBytes: 1000,
    oldestMs: 301,
  });
  assert.equal(figures.cdrLog.lostFrames, 2);
  assert.deepEqual(figures.ingress, {
    loopStallMs: 12,
    streamConnections: 3,
    streamQueueBytes: 70,
  });
});
