// When an idle worker asks for a collection, by a hand-driven clock; and that the collection is a real one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createIdleCollection,
  openCollector,
  threadMemoryBytes,
} from '../../workers/call/idle-collection.ts';

const mebibyte = 1024 * 1024;

interface Worker {
  messages: number;
  callsUp: number;
  bytes: number;
  /** What is left by a collection. */
  living: number;
  trims: number;
  readonly collectedAtMs: number[];
  /** A second with so many messages. */
  second: (messages: number) => void;
}

function createWorker(): Worker {
  let nowMs = 5000;
  const worker: Worker = {
    messages: 0,
    callsUp: 0,
    bytes: 100 * mebibyte,
    living: 10 * mebibyte,
    trims: 0,
    collectedAtMs: [],
    second(messages) {
      worker.messages += messages;
      for (let tick = 0; tick < 10; tick++) {
        nowMs += 100;
        onTick(nowMs);
      }
    },
  };
  const onTick = createIdleCollection({
    messages: () => worker.messages,
    callsUp: () => worker.callsUp,
    memoryBytes: () => worker.bytes,
    trim: () => worker.trims++,
    collect: () => {
      worker.bytes = worker.living;
      worker.collectedAtMs.push(nowMs);
    },
    onCollected: () => undefined,
  });
  return worker;
}

function seconds(worker: Worker, count: number, messages: number): void {
  for (let i = 0; i < count; i++) worker.second(messages);
}

describe('a call worker that has become idle', () => {
  it('collects once ten quiet seconds have passed, not while calls come', () => {
    const worker = createWorker();
    seconds(worker, 100, 21);
    assert.deepEqual(worker.collectedAtMs, []);
    seconds(worker, 9, 20);
    assert.deepEqual(worker.collectedAtMs, []);
    seconds(worker, 2, 20);
    assert.equal(worker.collectedAtMs.length, 1);
    assert.equal(worker.trims, 111, 'tables are trimmed each second, busy or not');
  });

  it('begins to count anew with each busy second', () => {
    const worker = createWorker();
    for (let i = 0; i < 20; i++) {
      seconds(worker, 8, 0);
      worker.second(500);
    }
    assert.deepEqual(worker.collectedAtMs, []);
  });

  it('collects again only for 8 MiB more, and a minute later', () => {
    const worker = createWorker();
    seconds(worker, 12, 0);
    assert.equal(worker.collectedAtMs.length, 1);
    worker.bytes += 7 * mebibyte;
    seconds(worker, 200, 0);
    assert.equal(worker.collectedAtMs.length, 1);
    worker.bytes += 2 * mebibyte;
    worker.second(0);
    assert.equal(worker.collectedAtMs.length, 2);
    worker.bytes += 100 * mebibyte;
    seconds(worker, 59, 0);
    assert.equal(worker.collectedAtMs.length, 2);
    seconds(worker, 2, 0);
    assert.equal(worker.collectedAtMs.length, 3);
  });

  it('waits while more than 2,000 calls are up', () => {
    const worker = createWorker();
    worker.callsUp = 2001;
    seconds(worker, 30, 0);
    assert.deepEqual(worker.collectedAtMs, []);
    worker.callsUp = 2000;
    worker.second(0);
    assert.equal(worker.collectedAtMs.length, 1);
  });

  it('with a collection that gives memory back', () => {
    const collect = openCollector();
    collect();
    const before = threadMemoryBytes();
    let rows: object[] | undefined = Array.from({ length: 100_000 }, (_, i) => ({ i, j: [i] }));
    const held = threadMemoryBytes();
    assert.equal(rows.length, 100_000);
    rows = undefined;
    collect();
    const after = threadMemoryBytes();
    assert.ok(held - before > 5 * mebibyte, `${held - before} bytes held`);
    assert.ok(after - before < 2 * mebibyte, `${after - before} bytes stayed`);
    assert.equal('gc' in globalThis, false);
  });
});
