// What every ledger must do with packages: rent and minimum once, and gift money in the books. Run as ledger-suite.ts
// is.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { RentState } from '../../core/billing/package-items.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
import type { MinimumDue, RentDue } from '../../workers/ledger/package-due.ts';
import { failedCdr, sampleWallMs } from '../cdr/sample-records.ts';
import { batchOf, billed, commit, order, read, rowOf } from './ledger-suite.ts';

const dayMs = 86_400_000;
const periodDay = Math.floor(sampleWallMs / dayMs);

export function rentDue(changes: Partial<RentDue> = {}): RentDue {
  return {
    account: 'acme',
    packageName: 'gold',
    day: periodDay,
    at: sampleWallMs,
    reason: 'rent of gold',
    units: 3_000_000_000n,
    credit: 0n,
    affordable: true,
    unpaid: 'wait',
    orderDay: 0,
    ...changes,
  };
}

function minimumDue(changes: Partial<MinimumDue> = {}): MinimumDue {
  const { account, packageName, day, at } = rentDue();
  return { account, packageName, day, at, reason: 'minimum of gold', minimum: 500n, ...changes };
}

export function packageSuite(kind: string, open: () => Promise<LedgerStore>): void {
  describe(`packages in the ledger on ${kind}`, () => {
    let store: LedgerStore;

    beforeEach(async () => {
      store = await open();
      await store.openAccounts(
        [
          { name: 'acme', units: 10_000_000_000n, expiresAt: sampleWallMs + dayMs },
          { name: 'north', units: 0n, expiresAt: null },
        ],
        sampleWallMs,
      );
    });

    afterEach(async () => {
      const difference = await auditLedger(store);
      await store.close();
      assert.equal(difference, undefined);
    });

    const balance = async (account: string): Promise<bigint | undefined> =>
      (await store.account(account))?.balance;
    const usageOf = async (item: string): Promise<Usage | undefined> =>
      (await store.usages(0)).find((usage) => usage.item === item);

    it('charges the rent of a period once, and marks it', async () => {
      const first = await store.chargeRent(rentDue());
      assert.equal(first.state, RentState.paid);
      assert.deepEqual(first.payment, {
        number: first.payment!.number,
        account: 'acme',
        kind: 'rent',
        units: -3_000_000_000n,
        balanceAfter: 7_000_000_000n,
        at: sampleWallMs,
        by: 'packages',
        reason: 'rent of gold',
        expiresAt: sampleWallMs + dayMs,
      });
      const again = await store.chargeRent(rentDue({ units: 1n }));
      assert.deepEqual(again, { state: RentState.paid, payment: undefined });
      assert.equal(await balance('acme'), 7_000_000_000n);
      assert.deepEqual(await usageOf('package/gold/rent'), {
        account: 'acme',
        item: 'package/gold/rent',
        day: periodDay,
        seconds: RentState.paid,
        money: 3_000_000_000n,
      });
      const next = await store.chargeRent(rentDue({ day: periodDay + 30 }));
      assert.equal(next.payment?.balanceAfter, 4_000_000_000n);
      const other = await store.chargeRent(rentDue({ packageName: 'silver' }));
      assert.equal(other.payment?.balanceAfter, 1_000_000_000n);
      const kinds = (await store.payments({ account: 'acme' })).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['opening', 'rent', 'rent', 'rent']);
    });

    it('charges it once where many ask at the same time', async () => {
      const asked = Array.from({ length: 20 }, () => store.chargeRent(rentDue()));
      const charged = (await Promise.all(asked)).filter(({ payment }) => payment !== undefined);
      assert.equal(charged.length, 1);
      assert.equal(await balance('acme'), 7_000_000_000n);
    });

    it('leaves no payment behind where the account has less, and does as the order says', async () => {
      const dear = { units: 10_000_000_001n };
      assert.equal((await store.chargeRent(rentDue(dear))).state, RentState.open);
      assert.equal(await usageOf('package/gold/rent'), undefined);
      const byCalls = await store.chargeRent(rentDue({ affordable: false }));
      assert.equal(byCalls.state, RentState.open);
      const onCredit = await store.chargeRent(rentDue({ ...dear, credit: 1n }));
      assert.equal(onCredit.payment?.balanceAfter, -1n);
      const skipped = { packageName: 'silver', unpaid: 'skip' as const };
      assert.equal((await store.chargeRent(rentDue(skipped))).state, RentState.skipped);
      // It has money now: this period was given up all the same, the next one is not.
      await store.pay(order({ units: 90_000_000_000n }));
      assert.equal((await store.chargeRent(rentDue(skipped))).state, RentState.skipped);
      const later = await store.chargeRent(rentDue({ ...skipped, day: periodDay + 30 }));
      assert.equal(later.state, RentState.paid);
    });

    it('ends an order that was dropped, for all its periods', async () => {
      const due = { unpaid: 'drop' as const, orderDay: periodDay - 5 };
      const first = rentDue({ ...due, affordable: false });
      assert.equal((await store.chargeRent(first)).state, RentState.dropped);
      const next = rentDue({ ...due, day: periodDay + 30 });
      assert.equal((await store.chargeRent(next)).state, RentState.dropped);
      // A later order.
      const again = rentDue({ ...due, day: periodDay + 60, orderDay: periodDay + 60 });
      assert.equal((await store.chargeRent(again)).state, RentState.paid);
      assert.equal(await balance('acme'), 7_000_000_000n);
    });

    it('begins a period that costs nothing, without a payment', async () => {
      const outcome = await store.chargeRent(rentDue({ units: 0n }));
      assert.deepEqual(outcome, { state: RentState.paid, payment: undefined });
      assert.equal((await store.account('acme'))?.payments, 0);
    });

    it('charges what is missing to the minimum once, of periods that have begun', async () => {
      const none = await store.chargeMinimum(minimumDue());
      assert.deepEqual(none, { state: RentState.open, payment: undefined });
      await store.chargeRent(rentDue({ units: 0n }));
      const usage = {
        account: 'acme',
        item: 'package/gold/spent',
        day: periodDay,
        seconds: 0,
        money: 120n,
      };
      await commit(store, batchOf(0, [rowOf(failedCdr('one'), 8, { usages: [usage] })]));
      const charged = await store.chargeMinimum(minimumDue());
      assert.deepEqual(
        [charged.payment?.kind, charged.payment?.units, charged.payment?.balanceAfter],
        ['minimum', -380n, 10_000_000_000n - 380n],
      );
      const again = await store.chargeMinimum(minimumDue());
      assert.deepEqual(again, { state: RentState.paid, payment: undefined });
      const enough = { packageName: 'silver', minimum: 0n };
      await store.chargeRent(rentDue({ units: 0n, packageName: 'silver' }));
      const nothing = await store.chargeMinimum(minimumDue(enough));
      assert.deepEqual(nothing, { state: RentState.paid, payment: undefined });
      assert.equal(await balance('acme'), 10_000_000_000n - 380n);
    });

    it('has no minimum for a period whose rent was not paid', async () => {
      await store.chargeRent(rentDue({ affordable: false, unpaid: 'skip' }));
      assert.equal((await store.chargeMinimum(minimumDue())).state, RentState.open);
    });

    it('may bring the balance below zero by a minimum', async () => {
      await store.chargeRent(rentDue({ units: 0n, account: 'north' }));
      const charged = await store.chargeMinimum(minimumDue({ account: 'north' }));
      assert.equal(charged.payment?.balanceAfter, -500n);
    });

    it('keeps names that are as long as names may be', async () => {
      const long = { account: 'ä'.repeat(64), packageName: 'ö'.repeat(64) };
      await store.openAccounts([{ name: long.account, units: 1n, expiresAt: null }], 0);
      assert.equal((await store.chargeRent(rentDue({ ...long, units: 1n }))).payment?.units, -1n);
      const item = `package/${long.packageName}/rent`;
      assert.equal((await usageOf(item))?.account, long.account);
      const again = await store.chargeRent(rentDue({ ...long, units: 1n }));
      assert.deepEqual(again, { state: RentState.paid, payment: undefined });
    });

    it('posts to the balance what gift money did not pay, and checks it', async () => {
      const agentFees = [{ account: 'north', fee: 500n, giftFee: 200n, billedSeconds: 1 }];
      const cdr = billed('one', { fee: 1_320_000n, giftFee: 1_000_000n, agentFees });
      await commit(store, batchOf(0, [rowOf(cdr, 8)]));
      assert.equal(await balance('acme'), 10_000_000_000n - 320_000n);
      assert.equal(await balance('north'), -300n);
      const [stored] = await read(store);
      assert.deepEqual([stored!.giftFee, stored!.agentFees], [1_000_000n, agentFees]);
      assert.equal(await auditLedger(store), undefined);
    });

    it('refuses an account that it does not know', async () => {
      await assert.rejects(store.chargeRent(rentDue({ account: 'nobody' })), /nobody: expected/);
    });
  });
}
