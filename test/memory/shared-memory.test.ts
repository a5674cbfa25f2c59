import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { acquireLine, linesUsed } from '../../core/admission/line-limits.ts';
import {
  allocateSharedMemory,
  lineLedger,
  type SharedMemory,
  type SharedMemoryOptions,
  workerLines,
} from '../../workers/memory/shared-memory.ts';

test('the object survives the way to another thread and still is the same memory', () => {
  const memory = allocateSharedMemory({ workers: 2 });
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(memory);
  const cloned = receiveMessageOnPort(port2)?.message as SharedMemory;
  port1.close();
  assert.ok(acquireLine(workerLines(cloned, 1), 3, 1));
  assert.equal(linesUsed(lineLedger(memory), 3), 1);
  assert.equal(cloned.ingressRings.length, 2);
});

test('what two threads write lies a cache line apart', () => {
  const memory = allocateSharedMemory({ workers: 3 });
  const { steps, shares, used } = lineLedger(memory);
  const starts = [used, ...steps, ...shares].map((view) => view.byteOffset);
  for (const start of starts) assert.equal(start % 64, 0);
  assert.equal(new Set(starts).size, starts.length);
  const last = shares[2]!;
  assert.equal(last.byteOffset + last.byteLength, memory.lines.byteLength);
});

test('every size is checked by name', () => {
  const refused: [Partial<SharedMemoryOptions>, RegExp][] = [
    [{ workers: 0 }, /workers: 0; expected an integer from 1 to 64/],
    [{ workers: 65 }, /workers: 65/],
    [{ ingressRingBytes: 4096 }, /ingressRingBytes: 4096; expected an integer from 262144/],
    [{ mainRingBytes: 300_000 }, /ring bytes: 300000; expected a power of two/],
    [{ cpsArenaWords: 10 }, /cpsArenaWords: 10; expected an integer from 1024/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => allocateSharedMemory({ workers: 1, ...options }), message);
  }
});

test('memory that nobody touches costs none', () => {
  const before = process.memoryUsage().rss;
  const memory = allocateSharedMemory({ workers: 8 });
  const grown = process.memoryUsage().rss - before;
  const allocated = memory.ingressRings.length * memory.ingressRings[0]!.byteLength;
  assert.ok(allocated >= 128 * 1024 * 1024);
  assert.ok(grown < 16 * 1024 * 1024, `resident memory grew by ${grown} bytes`);
});
