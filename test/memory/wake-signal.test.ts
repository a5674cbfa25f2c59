import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allocateSharedMemory,
  mainSignal,
  workerSignal,
} from '../../workers/memory/shared-memory.ts';
import { WakeSignal } from '../../workers/memory/wake-signal.ts';

const memory = allocateSharedMemory({ workers: 2 });
// A wait does not keep the event loop alive, and nothing else does here.
const longMs = 60_000;
const keptAlive = setInterval(() => {}, longMs);
test.after(() => clearInterval(keptAlive));

test('a consumer with work does not sleep', async () => {
  await new WakeSignal(memory, mainSignal).sleep(() => false, longMs);
});

test('a record published between the consumer flag and its second look is seen', async () => {
  const signal = new WakeSignal(memory, mainSignal);
  let published = false;
  const isEmpty = (): boolean => {
    const seenEmpty = !published;
    // The producer pushes right after this look: the flag is set already, so it notifies, and the
    // wait that follows must not begin.
    published = true;
    signal.wake();
    return seenEmpty;
  };
  await signal.sleep(isEmpty, longMs);
});

test('a sleeper is woken by another view of its signal, not by that of another consumer', async () => {
  const sleeper = new WakeSignal(memory, workerSignal(0));
  let woken = false;
  const slept = sleeper
    .sleep(() => true, longMs)
    .then(() => {
      woken = true;
    });
  new WakeSignal(memory, mainSignal).wake();
  new WakeSignal(memory, workerSignal(1)).wake();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(woken, false);
  new WakeSignal(memory, workerSignal(0)).wake();
  await slept;
});

test('a wake without a sleeper is forgotten; a missed one costs the poll time', async () => {
  const signal = new WakeSignal(memory, workerSignal(1));
  signal.wake();
  let looks = 0;
  await signal.sleep(() => {
    looks++;
    return true;
  }, 5);
  assert.equal(looks, 1);
});
