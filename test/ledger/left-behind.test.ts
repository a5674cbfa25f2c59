// The embedded ledger of a node that has been given a database.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway } from '../../workers/ledger/ledger-store.ts';
import { leftBehind } from '../../workers/ledger/left-behind.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';

const accounts = ['acme', 'fresh', 'known'].map((name) => ({ name, units: 7n, expiresAt: null }));
const names = accounts.map(({ name }) => name);

test('an account with payments in the embedded ledger that the database does not know is named', async () => {
  const directory = temporaryDirectory();
  const database = { ...(await openEmbeddedLedger(temporaryDirectory())), kind: 'mysql' };
  assert.equal(await leftBehind(database, directory, names), undefined, 'no embedded ledger');
  const embedded = await openEmbeddedLedger(directory);
  await embedded.openAccounts(accounts, 0);
  for (const account of ['acme', 'known']) {
    const order = { kind: 'recharge', units: 5n, at: 0, by: 'test', reason: '' } as const;
    await embedded.pay({ account, ...order, extendDays: 0, expiresAt: null });
  }
  await embedded.close();
  await database.openAccounts([accounts[2]!], 0);
  assert.equal(await leftBehind(database, directory, names), 'acme');
  assert.equal(await leftBehind(database, directory, ['fresh', 'known']), undefined);
  assert.equal(await leftBehind({ ...database, kind: 'lmdb' }, directory, names), undefined);
  const away = { ...database, account: () => Promise.reject(new LedgerAway('gone')) };
  assert.equal(await leftBehind(away, directory, names), undefined);
  await database.openAccounts(accounts, 0);
  assert.equal(await leftBehind(database, directory, names), undefined, 'opened');
  await database.close();
});
