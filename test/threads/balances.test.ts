// Balances under real threads: never spent below the limit by one unit, every unit accounted for, and the
// truth after threads that ended anywhere.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  accountState,
  addToBalance,
  holdForDead,
  mainPurse,
  openBalances,
  purseOf,
  reconcileBalances,
  releaseHeld,
  setCredit,
} from '../../workers/memory/balance-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import {
  admittedWord,
  type BalanceHammer,
  spentWord,
  startWord,
  stopWord,
} from './balance-hammer.ts';

const slot = 3;

function open(workers: number, balance: bigint, credit = 0n) {
  const memory = allocateSharedMemory({ workers });
  const ledger = openBalances(memory);
  const main = purseOf(ledger, mainPurse);
  setCredit(main, slot, credit);
  addToBalance(main, slot, balance);
  const shared = new SharedArrayBuffer(64);
  const control = new BigInt64Array(shared);
  const start = (worker: number, load: Pick<BalanceHammer, 'calls' | 'price'>): Worker => {
    const hammer: BalanceHammer = { memory, worker, slot, control: shared, ...load };
    return new Worker(new URL('./balance-hammer.js', import.meta.url), { workerData: hammer });
  };
  return { ledger, main, control, start };
}

async function admitted(control: BigInt64Array, more: bigint): Promise<void> {
  const goal = Atomics.load(control, admittedWord) + more;
  while (Atomics.load(control, admittedWord) < goal) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

for (const workers of [2, 4]) {
  test(`1,000 calls at once over ${workers} threads on money for 50: exact to the unit`, async () => {
    const price = 123_457n;
    const { ledger, control, start } = open(workers, 40n * price + 1n, 10n * price + 1n);
    control[startWord] = BigInt(workers);
    const threads = Array.from({ length: workers }, (_, worker) =>
      start(worker, { calls: 1000 / workers, price }),
    );
    await Promise.all(threads.map((thread) => once(thread, 'exit')));
    assert.equal(control[admittedWord], 50n);
    const { available, reserved } = accountState(ledger, slot);
    assert.deepEqual([available, reserved], [2n, 50n * price]);
  });
}

test('threads that reserve and settle beside payments and new limits lose and make no unit', async () => {
  const { ledger, main, control, start } = open(3, 0n, 20n);
  const threads = [0, 1, 2].map((worker) => start(worker, { calls: 0, price: 0n }));
  let paid = 0n;
  for (let round = 0n; round < 200n; round++) {
    const units = round % 5n === 4n ? -40n : 60n + round;
    addToBalance(main, slot, units);
    paid += units;
    setCredit(main, slot, 20n + (round % 3n));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await admitted(control, 1n);
  Atomics.store(control, stopWord, 1n);
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
  const { balance, available, reserved, credit } = accountState(ledger, slot);
  assert.equal(reserved, 0n);
  assert.equal(balance, paid - control[spentWord]!);
  assert.equal(available, balance + credit);
});

test('threads terminated anywhere while another goes on: what they held is known to the unit', async () => {
  const { ledger, control, start } = open(2, 1_000_000_000n);
  const survivor = start(0, { calls: 0, price: 0n });
  for (let round = 0; round < 10; round++) {
    const victim = start(1, { calls: 0, price: 0n });
    await admitted(control, 2000n);
    await victim.terminate();
    const { held } = holdForDead(ledger, 1);
    releaseHeld(ledger, held, new Map());
    // The survivor never rests, yet the account is seen at rest sooner or later.
    while (reconcileBalances(ledger, slot + 1).unsettled > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(holdForDead(ledger, 1), { held: new Map(), torn: false });
  }
  Atomics.store(control, stopWord, 1n);
  await once(survivor, 'exit');
  const { available, balance, reserved } = accountState(ledger, slot);
  assert.equal(reserved, 0n);
  assert.equal(available, balance);
});
