// Money of a worker's calls: taken at once, given back with the batch, and back to the unit after a handler
// that threw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MoneyHold } from '../../core/effects.ts';
import { MoneyJournal } from '../../workers/call/money-journal.ts';
import {
  accountState,
  addToBalance,
  mainPurse,
  openBalances,
  purseOf,
  workerPurse,
} from '../../workers/memory/balance-block.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';

const slot = 9;

function stage(balance: bigint) {
  const ledger = openBalances(allocateSharedMemory({ workers: 1 }));
  addToBalance(purseOf(ledger, mainPurse), slot, balance);
  const purse = purseOf(ledger, workerPurse(0));
  const money = new MoneyJournal(purse);
  money.begin();
  const hold = (): MoneyHold => ({ slot, reserved: 0n });
  return { money, hold, purse, account: () => accountState(ledger, slot) };
}

test('a reservation is taken at once, its rest given back with the batch', () => {
  const { money, hold, account } = stage(100n);
  const call = hold();
  assert.ok(money.reserve(call, 60n));
  assert.ok(money.reserve(call, 30n));
  assert.equal(call.reserved, 90n);
  assert.equal(money.reserve(call, 11n), false);
  money.settle(call, 25n);
  assert.ok(money.busy);
  assert.equal(account().available, 10n);
  assert.ok(money.giveBack());
  assert.ok(!money.busy);
  assert.deepEqual(account(), { balance: 75n, reserved: 0n, available: 75n, credit: 0n });
});

test('what is released was not needed, and is free at once', () => {
  const { money, hold, account } = stage(100n);
  const call = hold();
  money.reserve(call, 60n);
  money.release(call, 20n);
  assert.deepEqual([call.reserved, account().available], [40n, 60n]);
  assert.throws(() => money.release(call, 41n), RangeError);
  assert.throws(() => money.settle(call, 41n), RangeError);
});

test('a handler that threw: what it took goes back, what its call had before stays', () => {
  const { money, hold, account } = stage(100n);
  const [running, begun, ended] = [hold(), hold(), hold()];
  money.reserve(running, 10n);
  money.begin();
  money.reserve(running, 5n);
  money.reserve(begun, 20n);
  money.reserve(begun, 7n);
  money.release(begun, 7n);
  money.reserve(ended, 30n);
  // The failed handler's call is ended by the loop; the others are left as they were.
  money.settle(ended, 0n);
  money.discard();
  money.begin();
  money.giveBack();
  assert.deepEqual([running.reserved, begun.reserved, ended.reserved], [10n, 0n, 0n]);
  assert.deepEqual(account(), { balance: 100n, reserved: 10n, available: 90n, credit: 0n });
});

test('a hold beyond what the worker holds is left out and reported', () => {
  const { money, hold, account, purse } = stage(100n);
  const call = hold();
  money.reserve(call, 50n);
  money.settle(call, 50n);
  Atomics.store(purse.reserved, slot, 40n);
  assert.equal(money.giveBack(), false);
  assert.equal(account().balance, 100n);
});
