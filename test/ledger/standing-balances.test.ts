// What a node believes its accounts have: from the ledger, or from what it kept while the ledger is away.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway, type LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { PaymentWatch } from '../../workers/ledger/payment-watch.ts';
import { Standings } from '../../workers/ledger/standing-balances.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { sampleCdr, sampleCharges, temporaryDirectory } from '../cdr/sample-records.ts';

const baseMs = Date.now() - 60_000;
const fee = 1_320_000n;
const acme = { name: 'acme', units: 100_000_000n, expiresAt: null };

/** As a ledger in MySQL that can be away. */
function awayAtTimes(store: LedgerStore): LedgerStore & { isAway: boolean } {
  const guard = <Arguments extends unknown[], Result>(
    run: (...given: Arguments) => Promise<Result>,
  ): ((...given: Arguments) => Promise<Result>) => {
    return (...given) => (guarded.isAway ? Promise.reject(new LedgerAway('gone')) : run(...given));
  };
  const guarded = {
    ...store,
    kind: 'mysql',
    isAway: false,
    openAccounts: guard(store.openAccounts),
    standing: guard(store.standing),
    commit: guard(store.commit),
  };
  return guarded;
}

test('balances are the ledger\u2019s less the log\u2019s, wherever the checkpoint is', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  const log = openLog(directory, { nowWallMs: baseMs });
  const writer = new CdrWriter({
    directory,
    store,
    parameters: () => ({ ...defaultWriterParameters, SS_CDR_FILE_WRITE_MAX: 3 }),
    onRejected: () => {},
  });
  const balance = async (): Promise<bigint> => {
    const request = { accounts: [acme], at: baseMs };
    return (await new Standings(store, directory).balancesOf(request)).balances[0]!;
  };
  for (let calls = 1; calls <= 10; calls++) {
    log.recordEnd(sampleCdr(`c${calls}`, { ...sampleCharges, endedAt: baseMs + calls }));
    log.flush();
    assert.equal(await balance(), acme.units - BigInt(calls) * fee);
    if (calls % 4 === 0) await writer.drain();
    assert.equal(await balance(), acme.units - BigInt(calls) * fee);
  }
  writer.close();
  log.close(baseMs);
  await store.close();
});

test('a start without the ledger goes on from what was kept', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  const log = openLog(directory, { nowWallMs: baseMs });
  const before = new Standings(store, directory);
  const request = { accounts: [acme], at: baseMs };
  await before.balancesOf(request);
  log.recordEnd(sampleCdr('before', { ...sampleCharges, endedAt: baseMs }));
  log.flush();
  await before.keep(baseMs);
  log.recordEnd(sampleCdr('after', { ...sampleCharges, endedAt: baseMs }));
  log.flush();

  store.isAway = true;
  const fresh = { name: 'fresh', units: 7n, expiresAt: null };
  const standings = new Standings(store, directory);
  const standing = await standings.balancesOf({ accounts: [acme, fresh], at: baseMs });
  assert.equal(standing.isKept, true);
  assert.deepEqual(standing.balances, [acme.units - 2n * fee, 7n]);

  store.isAway = false;
  const order = { by: 'a', reason: '', at: baseMs, extendDays: 0, expiresAt: null };
  const payment = await store.pay({ account: 'acme', kind: 'recharge', units: 5n, ...order });
  const watch = new PaymentWatch();
  watch.unseen(standing.payments);
  await standings.keep(baseMs);
  const heard = watch.unseen(await store.recentPayments(watch.after));
  assert.deepEqual(
    heard.filter(({ kind }) => kind !== 'opening'),
    [payment],
  );
  assert.equal((await store.account('fresh'))?.balance, 7n);
  log.close(baseMs);
  await store.close();
});

test('a start without the ledger, and with nothing kept, is refused', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  store.isAway = true;
  const standings = new Standings(store, directory);
  await assert.rejects(standings.balancesOf({ accounts: [acme], at: baseMs }), LedgerAway);
  await store.close();
});

test('a node without accounts needs nothing of a ledger that is away', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  const rules = { carryMs: 0, freeSeconds: 0, limits: new Map() };
  store.isAway = true;
  assert.deepEqual(await new Standings(store, directory).usagesOf(rules, baseMs), []);
  store.isAway = false;
  await new Standings(store, directory).keep(baseMs);
  store.isAway = true;
  assert.deepEqual(await new Standings(store, directory).usagesOf(rules, baseMs), []);
  await store.close();
});

test('with accounts, and with nothing kept, what they have used is not guessed', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  const standings = new Standings(store, directory);
  await standings.balancesOf({ accounts: [acme], at: baseMs });
  store.isAway = true;
  const rules = { carryMs: 0, freeSeconds: 0, limits: new Map() };
  await assert.rejects(standings.usagesOf(rules, baseMs), LedgerAway);
  await store.close();
});

test('a thread that takes over keeps what all accounts have, not only those it is asked for', async () => {
  const directory = temporaryDirectory();
  const store = awayAtTimes(await openEmbeddedLedger(directory));
  const order = { by: 'a', reason: '', at: baseMs, extendDays: 0, expiresAt: null };
  await new Standings(store, directory).balancesOf({ accounts: [acme], at: baseMs });
  await store.pay({ account: 'acme', kind: 'deduction', units: 1n, ...order });
  const second = new Standings(store, directory, ['acme']);
  const fresh = { name: 'fresh', units: 7n, expiresAt: null };
  await second.balancesOf({ accounts: [fresh], at: baseMs });
  await second.keep(baseMs);
  store.isAway = true;
  const request = { accounts: [acme, fresh], at: baseMs };
  const { balances } = await new Standings(store, directory).balancesOf(request);
  assert.deepEqual(balances, [acme.units - 1n, 7n]);
  await store.close();
});

test('each payment is heard once, whatever the order of the commits', () => {
  const watch = new PaymentWatch();
  const payments = (...numbers: number[]): { number: number }[] => {
    return numbers.map((number) => ({ number }));
  };
  assert.deepEqual(watch.unseen(payments(1, 2, 5)), payments(1, 2, 5));
  assert.deepEqual(watch.unseen(payments(1, 2, 3, 5, 6)), payments(3, 6));
  assert.deepEqual(watch.unseen(payments(4, 5, 6)), payments(4));
  assert.deepEqual(watch.unseen(payments(5_000)), payments(5_000));
  assert.equal(watch.after, 4_000);
  assert.deepEqual(watch.unseen(payments(4, 4_001, 5_000)), payments(4_001));
});
