// The minimum of packages as the main thread charges it, and what it tells of them, on a clock driven by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { minimumGraceMs } from '../../workers/package-dues.ts';
import { failedCdr } from '../cdr/sample-records.ts';
import { batchOf, commit, rowOf } from '../ledger/ledger-suite.ts';
import { at, Node, nodeWith, one } from './package-node.ts';

describe('the minimum of a package', () => {
  const march = Date.UTC(2026, 2, 1) / 86_400_000;
  const spent = (money: bigint, day = march) => ({
    account: 'acme',
    item: 'package/gold/spent',
    day,
    seconds: 0,
    money,
  });
  const post = (store: LedgerStore, version: number, money: bigint, day?: number) =>
    commit(
      store,
      batchOf(version, [
        rowOf(failedCdr(`c${version}`), 8 + version * 300, { usages: [spent(money, day)] }),
      ]),
    );

  it('is charged once the period is over and its CDRs are in, less what was spent', async () => {
    const node = await nodeWith({ minConsumption: '20' }, { now: '2026-03-15T00:00:00Z' });
    await node.look();
    await post(node.store, 0, 5n * one);
    await node.look('2026-03-31T23:00:00Z');
    // A call of March that ended in April.
    await post(node.store, 1, 2n * one);
    node.clock.ms = at('2026-03-31T23:00:00Z') + minimumGraceMs - 1;
    await node.look();
    assert.deepEqual(await node.charged(), []);
    node.clock.ms++;
    node.behind = true;
    await node.look();
    assert.deepEqual(await node.charged(), []);
    node.behind = false;
    node.clock.ms += 30_000;
    await node.look();
    await node.look('2026-04-20T00:00:00Z');
    assert.deepEqual(await node.charged(), [
      'minimum 13: minimum consumption of gold from 2026-03-01',
    ]);
    await node.look('2026-05-02T00:00:00Z');
    assert.deepEqual((await node.charged()).slice(1), [
      'minimum 20: minimum consumption of gold from 2026-04-01',
    ]);
  });

  it('is charged by the next start where no node was running', async () => {
    const gold = { minConsumption: '20', rentFee: '1' };
    const node = await nodeWith(gold, { now: '2026-03-15T00:00:00Z' });
    await node.look();
    const started = new Node(node.store, '2026-06-15T00:00:00Z');
    await started.apply(gold, [{}]);
    await started.look();
    assert.deepEqual(await node.charged(), [
      'rent 1: rent of gold from 2026-03-01',
      'rent 1: rent of gold from 2026-06-01',
      'minimum 20: minimum consumption of gold from 2026-03-01',
    ]);
    const again = new Node(node.store, '2026-06-16T00:00:00Z');
    await again.apply(gold, [{}]);
    await again.look();
    assert.equal((await node.charged()).length, 3);
  });

  it('of the first part of a period is that of its days', async () => {
    const order = { startsAt: '2026-03-10T15:00:00Z' };
    const gold = { minConsumption: '31', partialFirstPeriod: true };
    const node = await nodeWith(gold, { order, now: '2026-03-11T00:00:00Z' });
    await node.look();
    await node.look('2026-04-02T00:00:00Z');
    assert.deepEqual(await node.charged(), [
      'minimum 22: minimum consumption of gold from 2026-03-01',
    ]);
  });

  it('is not charged for periods before there was an order, or whose rent was not paid', async () => {
    const order = { rentUnpaid: 'skip' };
    const gold = { minConsumption: '20', rentFee: '500' };
    const node = await nodeWith(gold, { order, now: '2026-03-02T00:00:00Z' });
    await node.look();
    await node.look('2026-04-02T00:00:00Z');
    assert.equal(node.rent(), 'skipped');
    assert.deepEqual(await node.charged(), []);
  });

  it('of a package that is one period is charged behind its end', async () => {
    const order = { startsAt: '2026-03-10T09:00:00Z' };
    const gold = { minConsumption: '3', period: 'once', usableSeconds: 86_400 };
    const node = await nodeWith(gold, { order, now: '2026-03-10T09:00:00Z' });
    await node.look();
    await post(node.store, 0, one, Date.UTC(2026, 2, 10) / 86_400_000);
    await node.look('2026-03-11T09:00:00Z');
    assert.deepEqual(await node.charged(), []);
    await node.look('2026-03-11T15:00:00Z');
    assert.deepEqual(await node.charged(), [
      'minimum 2: minimum consumption of gold from 2026-03-10',
    ]);
  });
});

it('what a package counts as spent and gives is told with its period', async () => {
  const gold = { rentFee: '5', minConsumption: '20', lowerConsumption: '2', giftMoney: '3' };
  const node = await nodeWith(gold, { now: '2026-03-15T00:00:00Z' });
  const state = {
    package: 'gold',
    since: '2026-03-01',
    until: '2026-03-31T23:00:00.000Z',
    rentFee: '5',
    rent: 'unpaid',
    rentPaidUntil: null,
    spent: '0',
    lowerConsumption: '2',
    minConsumption: '20',
    giftMoney: '3',
    giftMoneyLeft: '3',
    inUse: false,
  };
  assert.deepEqual(node.book.stateOf('acme'), [state]);
  await node.look();
  const used = { account: 'acme', day: Date.UTC(2026, 2, 1) / 86_400_000, seconds: 0 };
  const usages = [
    { ...used, item: 'package/gold/spent', money: 2n * one },
    { ...used, item: 'package/gold/money', money: one },
  ];
  await commit(node.store, batchOf(0, [rowOf(failedCdr('one'), 8, { usages })]));
  const started = new Node(node.store, '2026-03-16T00:00:00Z');
  await started.apply(gold, [{}]);
  assert.deepEqual(started.book.stateOf('acme'), [
    {
      ...state,
      rent: 'paid',
      rentPaidUntil: '2026-03-31T23:00:00.000Z',
      spent: '2',
      giftMoneyLeft: '2',
      inUse: true,
    },
  ]);
});
