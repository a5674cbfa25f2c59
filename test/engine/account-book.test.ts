// The main thread's accounts: opened once, kept over configurations, paid, and not lost with money in them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { balanceUnitsMax, unlimitedCredit } from '../../core/money.ts';
import { AccountBook } from '../../workers/account-book.ts';
import type { AccountCells } from '../../workers/configuration/compile-billing.ts';
import { accountSlotName } from '../../workers/configuration/slot-registry.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import type { OpeningAccount } from '../../workers/opening-balances.ts';

interface Described {
  readonly name: string;
  readonly opening?: bigint;
  readonly credit?: bigint;
}

function openBook(charged: ReadonlyMap<string, bigint> = new Map()) {
  const asked: string[] = [];
  const memory = allocateSharedMemory({ workers: 1 });
  const openings = {
    balancesOf: async (accounts: readonly OpeningAccount[]) => {
      asked.push(...accounts.map(({ name }) => name));
      return accounts.map(({ name, opening }) => opening - (charged.get(name) ?? 0n));
    },
    usagesOf: async () => [],
    chargeRent: () => Promise.reject(new Error('nobody owes rent')),
    chargeMinimum: () => Promise.reject(new Error('nobody owes a minimum')),
    lookForPayments: async () => {},
  };
  const book = new AccountBook(memory, () => openings, {
    log: { warn: () => {} },
    wallClock: () => 0,
    clock: () => 0,
  });
  const activate = async (accounts: readonly Described[]): Promise<void> => {
    const names = accounts.map(({ name }) => accountSlotName(name));
    const slots = book.assign(names)!;
    await book.refuseLost(slots);
    const cells: AccountCells = {
      slots: Uint32Array.from(names, (name) => slots.get(name)!),
      openings: BigInt64Array.from(accounts, ({ opening }) => opening ?? 0n),
      credits: BigInt64Array.from(accounts, ({ credit }) => credit ?? 0n),
    };
    await book.open(slots, cells);
    await book.settle(slots);
  };
  return { book, activate, asked };
}

describe('the account book', () => {
  it('opens an account once, with what the source of balances says', async () => {
    const { book, activate, asked } = openBook(new Map([['acme', 30_000_000n]]));
    await activate([{ name: 'acme', opening: 100_000_000n, credit: 5n }]);
    await activate([
      { name: 'acme', opening: 900_000_000n },
      { name: 'beta', opening: 1n },
    ]);
    assert.deepEqual(asked, ['acme', 'beta']);
    assert.deepEqual(book.balanceOf('acme'), {
      account: 'acme',
      balance: '0.7',
      reserved: '0',
      available: '0.7',
      creditLimit: '0',
      linesUsed: 0,
      fraud: [],
      gifts: [],
      packagePeriods: [],
    });
    assert.equal(book.balanceOf('beta').available, '0.00000001');
  });

  it('adds payments and deductions, and refuses what it cannot add', async () => {
    const { book, activate } = openBook();
    await activate([{ name: 'acme', credit: 50_000_000n }]);
    assert.equal(book.pay({ account: 'acme', units: 150000000n }).balance, '1.5');
    const after = book.pay({ account: 'acme', units: -200000000n });
    assert.equal(after.balance, '-0.5');
    assert.equal(after.available, '0');
    assert.throws(
      () => book.pay({ account: 'nobody', units: 1n }),
      /account: "nobody": expected the name of an account/,
    );
    assert.throws(
      () =>
        book.pay({ account: 'acme', units: balanceUnitsMax }) &&
        book.pay({ account: 'acme', units: balanceUnitsMax }),
      /expected a balance of at most 45000000000 afterwards/,
    );
  });

  it('has room for the largest balance with the largest credit limit, and with none at all', async () => {
    const { book, activate } = openBook();
    const opening = balanceUnitsMax;
    await activate([
      { name: 'large', opening, credit: balanceUnitsMax },
      { name: 'unlimited', opening, credit: unlimitedCredit },
    ]);
    const large = book.balanceOf('large');
    assert.deepEqual(
      [large.balance, large.available, large.creditLimit],
      ['45000000000', '90000000000', '45000000000'],
    );
    const { available, creditLimit } = book.balanceOf('unlimited');
    assert.deepEqual([available, creditLimit], ['91116860184.27387904', 'unlimited']);
  });

  it('does not lose an account that has money or debts', async () => {
    const { book, activate } = openBook();
    await activate([{ name: 'acme', opening: 7n }, { name: 'empty' }]);
    await assert.rejects(
      activate([{ name: 'empty' }]),
      /accounts\[acme\]: is missing, but has a balance of "0.00000007"/,
    );
    book.pay({ account: 'acme', units: -7n });
    await activate([]);
    assert.throws(() => book.balanceOf('acme'), /expected the name of an account/);
  });

  it('opens a name that comes back after it was gone with nothing left', async () => {
    const { book, activate, asked } = openBook();
    await activate([{ name: 'acme' }]);
    await activate([]);
    await activate([{ name: 'acme', opening: 3n }]);
    assert.deepEqual(asked, ['acme', 'acme']);
    assert.equal(book.balanceOf('acme').balance, '0.00000003');
  });
});
