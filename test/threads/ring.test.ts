// Rings between real threads: order, content, sleeping and waking, and what a dying thread leaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  allocateRing,
  allocateSharedMemory,
  mainSignal,
  workerSignal,
} from '../../workers/memory/shared-memory.ts';
import { createRingRecord, RingReader, RingWriter } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';
import { loadHop, loadText, type RingLoad } from './ring-load.ts';

function createLoad(ringBytes: number, messages: number, poison = -1): RingLoad {
  return {
    memory: allocateSharedMemory({ workers: 1 }),
    ring: allocateRing(ringBytes),
    messages,
    handled: new SharedArrayBuffer(4),
    poison,
  };
}

function startThread(script: 'ring-producer' | 'ring-consumer', load: RingLoad): Worker {
  return new Worker(new URL(`./${script}.js`, import.meta.url), { workerData: load });
}

/** Resolves once the consumer has handled `count` messages. */
async function handledAtLeast(load: RingLoad, count: number): Promise<void> {
  const word = new Int32Array(load.handled);
  for (;;) {
    const seen = Atomics.load(word, 0);
    if (seen >= count) return;
    const wait = Atomics.waitAsync(word, 0, seen);
    if (wait.async) await wait.value;
  }
}

test('a producer thread: every message once, in order, byte by byte, through full and empty', async () => {
  // 16 KiB hold about 20 messages: the ring wraps some 900 times.
  const load = createLoad(16_384, 20_000);
  const producer = startThread('ring-producer', load);
  const ended = once(producer, 'message');
  const reader = new RingReader(load.ring);
  const record = createRingRecord();
  const signal = new WakeSignal(load.memory, mainSignal);
  let sleeps = 0;
  for (let sequence = 0; sequence < load.messages; ) {
    if (!reader.pop(record)) {
      sleeps++;
      await signal.sleep(() => reader.isEmpty(), 60_000);
      continue;
    }
    assert.equal(record.payload.toString('utf8', 0, record.payloadLength), loadText(sequence));
    assert.deepEqual(record.hop, loadHop(sequence));
    assert.equal(record.kind, sequence & 255);
    assert.equal(record.enqueuedAtMs, sequence);
    sequence++;
  }
  await ended;
  // 60 s of poll time: had a wake-up been lost, the test would not have come here.
  assert.ok(sleeps > 0, 'the consumer never slept');
  assert.ok(reader.isEmpty());
});

test('a full ring loses nothing that it accepted', async () => {
  const load = createLoad(8192, 2000);
  const producer = startThread('ring-producer', load);
  const ended = once(producer, 'message');
  const reader = new RingReader(load.ring);
  const record = createRingRecord();
  let sequence = 0;
  while (sequence < load.messages) {
    if (reader.pop(record)) {
      assert.equal(record.hop.connection, sequence++);
    } else {
      // Away for a while: the producer fills the ring.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const [{ waits }] = await ended;
  assert.ok(waits > 0, 'the ring was never full');
});

function feed(load: RingLoad, from: number, to: number): void {
  const writer = new RingWriter(load.ring);
  const signal = new WakeSignal(load.memory, workerSignal(0));
  for (let sequence = from; sequence < to; sequence++) {
    const entry = { kind: 1, urgent: true, nowMs: 0, hop: loadHop(sequence) };
    assert.ok(writer.pushText(entry, 'INVITE'));
    signal.wake();
  }
}

test('a consumer that dies of a message: its successor goes on with the next', async () => {
  const load = createLoad(1 << 20, 1000, 10);
  feed(load, 0, 1000);
  const first = startThread('ring-consumer', load);
  const [error] = await once(first, 'error');
  assert.match(String(error), /poisoned message 10/);
  await handledAtLeast(load, 10);
  assert.equal(Atomics.load(new Int32Array(load.handled), 0), 10);
  // The same poison would kill the successor, were it still in the ring.
  const second = startThread('ring-consumer', load);
  const [code] = await once(second, 'exit');
  assert.equal(code, 0);
  assert.equal(Atomics.load(new Int32Array(load.handled), 0), 1000);
});

test('a consumer that is terminated anywhere: its successor starts at most one message on', async () => {
  const load = createLoad(1 << 22, 30_000);
  feed(load, 0, 15_000);
  const first = startThread('ring-consumer', load);
  await handledAtLeast(load, 1000);
  await first.terminate();
  const handled = Atomics.load(new Int32Array(load.handled), 0);
  const reader = new RingReader(load.ring);
  const record = createRingRecord();
  if (handled < 15_000) {
    assert.ok(reader.pop(record));
    assert.ok([handled, handled + 1].includes(record.hop.connection), `${record.hop.connection}`);
  }
  const second = startThread('ring-consumer', load);
  const exit = once(second, 'exit');
  feed(load, 15_000, load.messages);
  assert.equal((await exit)[0], 0);
  assert.equal(Atomics.load(new Int32Array(load.handled), 0), load.messages);
});

test('a sleeping worker thread is woken for every single message', async () => {
  const load = createLoad(1 << 16, 300);
  const consumer = startThread('ring-consumer', load);
  const exit = once(consumer, 'exit');
  for (let sequence = 0; sequence < load.messages; sequence++) {
    feed(load, sequence, sequence + 1);
    await handledAtLeast(load, sequence + 1);
  }
  assert.equal((await exit)[0], 0);
});
