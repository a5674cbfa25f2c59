// The rent of packages as the main thread charges it, on a clock driven by hand: months that turn, orders that begin
// in the middle, accounts that cannot pay, a ledger that is away, restarts and other nodes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Node, nodeWith, one, openLedger, recharge } from './package-node.ts';

describe('the rent of a package', () => {
  it('is charged at the start of each period, at local midnight over a change of clocks', async () => {
    const node = await nodeWith({ rentFee: '5' }, { now: '2026-03-15T12:00:00Z' });
    assert.equal(node.rent(), 'unpaid');
    await node.look();
    assert.equal(node.rent(), 'paid');
    assert.deepEqual(await node.charged(), ['rent 5: rent of gold from 2026-03-01']);
    assert.equal(node.held, 0n);
    // April begins at 23:00 UTC.
    await node.look('2026-03-31T22:59:59.999Z');
    assert.equal((await node.charged()).length, 1);
    assert.equal(node.book.stateOf('acme')[0]!.rentPaidUntil, '2026-03-31T23:00:00.000Z');
    await node.look('2026-03-31T23:00:00Z');
    await node.look('2026-04-01T00:30:00Z');
    assert.deepEqual((await node.charged()).slice(1), ['rent 5: rent of gold from 2026-04-01']);
    await node.look('2026-10-31T23:59:59Z');
    await node.look('2026-11-01T00:00:00Z');
    assert.deepEqual((await node.charged()).slice(2), [
      'rent 5: rent of gold from 2026-10-01',
      'rent 5: rent of gold from 2026-11-01',
    ]);
    assert.equal(node.balance, 80n * one);
  });

  it('is not charged again by a start, a configuration or another node', async () => {
    const node = await nodeWith({ rentFee: '5' }, { now: '2026-03-15T12:00:00Z' });
    const other = new Node(node.store, '2026-03-15T12:00:00Z');
    await other.apply({ rentFee: '5' }, [{}]);
    await Promise.all([node.look(), other.look()]);
    assert.deepEqual([node.rent(), other.rent()], ['paid', 'paid']);
    await node.apply({ rentFee: '7' }, [{}]);
    await node.look();
    const started = new Node(node.store, '2026-03-20T12:00:00Z');
    await started.apply({ rentFee: '5' }, [{}]);
    assert.equal(started.rent(), 'paid', 'before it has asked anything');
    await started.look();
    assert.equal(started.asked, 0);
    assert.equal((await node.charged()).length, 1);
  });

  it('of an order that begins in the middle of a period is that of the days left, where it may', async () => {
    const order = { startsAt: '2026-03-10T15:00:00Z', rentPercent: 50 };
    const gold = { rentFee: '31', partialFirstPeriod: true };
    const node = await nodeWith(gold, { order, now: '2026-03-10T14:59:59Z' });
    await node.look();
    assert.equal(node.asked, 0);
    await node.look('2026-03-10T15:00:00Z');
    await node.look('2026-04-02T00:00:00Z');
    assert.deepEqual(await node.charged(), [
      'rent 11: rent of gold from 2026-03-01, 22 of 31 days, 50 %',
      'rent 15.5: rent of gold from 2026-04-01, 50 %',
    ]);
    const whole = await nodeWith({ rentFee: '31' }, { order, now: '2026-03-20T00:00:00Z' });
    await whole.look();
    assert.equal(whole.asked, 0);
    await whole.look('2026-04-02T00:00:00Z');
    assert.deepEqual(await whole.charged(), ['rent 15.5: rent of gold from 2026-04-01, 50 %']);
  });

  it('of a package that is one period is charged with each order', async () => {
    const gold = { rentFee: '5', period: 'once', usableSeconds: 86_400 };
    const node = new Node(await openLedger(100n * one), '2026-03-10T08:00:00Z');
    await node.apply(gold, [
      { startsAt: '2026-03-10T09:00:00Z' },
      { startsAt: '2026-03-14T09:00:00Z' },
    ]);
    await node.look();
    assert.equal(node.asked, 0);
    await node.look('2026-03-10T09:00:00Z');
    await node.look('2026-03-11T08:59:59Z');
    assert.equal(node.book.stateOf('acme')[0]!.until, '2026-03-11T09:00:00.000Z');
    await node.look('2026-03-11T09:00:00Z');
    assert.deepEqual(node.book.stateOf('acme'), []);
    await node.look('2026-03-14T09:00:00Z');
    assert.deepEqual(await node.charged(), [
      'rent 5: rent of gold from 2026-03-10',
      'rent 5: rent of gold from 2026-03-14',
    ]);
  });

  it('is not charged outside of the terms of order and account', async () => {
    const order = { startsAt: '2026-02-01T00:00:00Z', expiresAt: '2026-03-31T23:00:00Z' };
    const node = await nodeWith({ rentFee: '5' }, { order, now: '2026-01-15T00:00:00Z' });
    for (const month of ['01', '02', '03', '04', '05']) {
      await node.look(`2026-${month}-15T00:00:00Z`);
    }
    assert.deepEqual(await node.charged(), [
      'rent 5: rent of gold from 2026-02-01',
      'rent 5: rent of gold from 2026-03-01',
    ]);
  });
});

describe('a rent that cannot be paid', () => {
  const now = '2026-03-01T00:00:01Z';

  it('waits for a recharge, with what calls have set aside', async () => {
    const node = await nodeWith({ rentFee: '5' }, { balance: 5n, now });
    node.heldByCalls = 1n;
    await node.look();
    assert.deepEqual([node.rent(), node.asked], ['unpaid', 1]);
    // Each second a look at the account, and one at the ledger a minute.
    for (let second = 2; second < 32; second++) await node.look(`2026-03-01T00:00:${second + 10}Z`);
    assert.equal(node.asked, 1);
    await recharge(node.store, 1n);
    await node.hear();
    await node.look('2026-03-01T00:00:45Z');
    assert.equal(node.rent(), 'paid');
    assert.equal(node.balance, 1n);
  });

  it('waits on the limit of the account, too', async () => {
    const node = await nodeWith({ rentFee: '5' }, { balance: 1n, now });
    node.credit = 4n * one;
    await node.look();
    assert.equal(node.rent(), 'paid');
    assert.equal(node.balance, -4n * one);
  });

  it('is skipped for the period, also by a start with money', async () => {
    const order = { rentUnpaid: 'skip' };
    const node = await nodeWith({ rentFee: '5' }, { order, balance: 1n, now });
    await node.look();
    assert.equal(node.rent(), 'skipped');
    assert.match(node.warnings[0]!, /does not count in this period/);
    await recharge(node.store, 100n * one);
    await node.hear();
    await node.look('2026-03-10T00:00:00Z');
    const started = new Node(node.store, '2026-03-11T00:00:00Z');
    await started.apply({ rentFee: '5' }, [order]);
    await started.look();
    assert.equal(started.rent(), 'skipped');
    await started.look('2026-04-01T00:00:00Z');
    assert.equal(started.rent(), 'paid');
    assert.equal((await node.charged()).length, 1);
  });

  it('is not skipped for a recharge that was not heard of yet', async () => {
    const order = { rentUnpaid: 'skip' };
    const node = await nodeWith({ rentFee: '5' }, { order, balance: 1n, now });
    await recharge(node.store, 4n * one);
    await node.look();
    assert.equal(node.rent(), 'paid');
  });

  it('ends the order', async () => {
    const order = { rentUnpaid: 'drop' };
    const node = await nodeWith({ rentFee: '5' }, { order, balance: 1n, now });
    await node.look();
    assert.equal(node.rent(), 'dropped');
    await recharge(node.store, 100n * one);
    await node.hear();
    await node.look('2026-05-01T00:00:00Z');
    assert.equal(node.rent(), 'dropped');
    const started = new Node(node.store, '2027-08-01T00:00:00Z');
    await started.apply({ rentFee: '5' }, [order]);
    await started.look();
    assert.equal(started.rent(), 'dropped');
    // A new order begins anew, also beside the old one.
    const later = { ...order, startsAt: '2027-09-01T00:00:00+01:00' };
    await started.apply({ rentFee: '5' }, [order, later]);
    await started.look();
    assert.equal(started.rent(), 'dropped');
    await started.look('2027-09-02T00:00:00Z');
    assert.equal(started.rent(), 'paid');
    assert.deepEqual(await node.charged(), ['rent 5: rent of gold from 2027-09-01']);
  });
});

it('an order that was dropped in its partial first period is over', async () => {
  const order = { rentUnpaid: 'drop', startsAt: '2026-03-10T15:00:00Z' };
  const gold = { rentFee: '31', partialFirstPeriod: true };
  const node = await nodeWith(gold, { order, balance: 1n, now: '2026-03-10T15:00:00Z' });
  await node.look();
  await recharge(node.store, 100n * one);
  await node.hear();
  await node.look('2026-04-01T00:00:00Z');
  assert.equal(node.rent(), 'dropped');
  assert.deepEqual(await node.charged(), []);
});

describe('with the ledger away', () => {
  it('the money stays set aside until it is known whether the rent was charged', async () => {
    const node = await nodeWith({ rentFee: '5' }, { balance: 5n, now: '2026-03-01T00:00:01Z' });
    node.away = true;
    await node.look();
    assert.deepEqual([node.rent(), node.held], ['unpaid', 5n * one]);
    assert.deepEqual(node.warnings, ['packages cannot be charged now']);
    await node.look('2026-03-01T00:00:10Z');
    assert.equal(node.warnings.length, 1);
    // It was stored, by another node or by a commit whose answer was lost.
    const [of] = (await node.store.payments({})).slice(-1);
    assert.equal(of!.kind, 'opening');
    const twin = new Node(node.store, '2026-03-01T00:00:10Z');
    await twin.apply({ rentFee: '5' }, [{}]);
    await twin.look();
    node.away = false;
    await node.look('2026-03-01T00:00:20Z');
    assert.deepEqual([node.rent(), node.held, node.balance], ['paid', 0n, 0n]);
    assert.equal((await node.charged()).length, 1);
  });

  it('what is set aside for a package that is gone goes back', async () => {
    const node = await nodeWith({ rentFee: '5' }, { balance: 5n, now: '2026-03-01T00:00:01Z' });
    node.away = true;
    await node.look();
    assert.equal(node.held, 5n * one);
    await node.apply({ rentFee: '5' }, []);
    assert.equal(node.held, 0n);
  });
});
