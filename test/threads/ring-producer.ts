// Worker thread: pushes the messages of a RingLoad, waiting a millisecond whenever the ring is full.
import { parentPort, workerData } from 'node:worker_threads';
import { mainSignal } from '../../workers/memory/shared-memory.ts';
import { RingWriter } from '../../workers/memory/spsc-ring.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';
import { loadHop, loadText, type RingLoad } from './ring-load.ts';

const { memory, ring, messages } = workerData as RingLoad;
const writer = new RingWriter(ring);
const signal = new WakeSignal(memory, mainSignal);
const pause = new Int32Array(new SharedArrayBuffer(4));
let waits = 0;

for (let sequence = 0; sequence < messages; sequence++) {
  const payload = Buffer.from(loadText(sequence));
  const entry = {
    kind: sequence & 255,
    urgent: sequence % 3 === 0,
    nowMs: sequence,
    hop: loadHop(sequence),
  };
  while (!writer.push(entry, payload, payload.length)) {
    waits++;
    Atomics.wait(pause, 0, 0, 1);
  }
  signal.wake();
  // Now and then the consumer gets time to empty the ring and to fall asleep.
  if (sequence % 500 === 499) Atomics.wait(pause, 0, 0, 2);
}
parentPort!.postMessage({ waits });
