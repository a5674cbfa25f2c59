// Worker thread: takes messages out of a ring, says for each which number it was, and throws at the
// poisoned one, as a handler's bug would.
import { workerData } from 'node:worker_threads';
import { workerSignal } from '../../workers/memory/shared-memory.ts';
import { createRingRecord, RingReader } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';
import type { RingLoad } from './ring-load.ts';

const { memory, ring, messages, handled, poison } = workerData as RingLoad;
const reader = new RingReader(ring);
const record = createRingRecord();
const signal = new WakeSignal(memory, workerSignal(0));
const handledWord = new Int32Array(handled);
const keptAlive = setInterval(() => {}, 1000);

for (;;) {
  while (reader.pop(record)) {
    const sequence = record.hop.connection;
    if (sequence === poison) throw new Error(`poisoned message ${sequence}`);
    Atomics.store(handledWord, 0, sequence + 1);
    Atomics.notify(handledWord, 0);
  }
  if (Atomics.load(handledWord, 0) === messages) break;
  await signal.sleep(() => reader.isEmpty(), 100);
}
clearInterval(keptAlive);
