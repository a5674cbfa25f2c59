// What every ledger must do, whatever it is kept in: run by embedded-ledger.test.ts and mysql-ledger.test.ts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { chargesOf } from '../../core/cdr/charges.ts';
import { balanceUnitsMax } from '../../core/money.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import type {
  CdrPlace,
  LedgerBatch,
  LedgerRow,
  LedgerStore,
  PaymentOrder,
  StoredCdr,
  StoredCdrQuery,
} from '../../workers/ledger/ledger-store.ts';
import {
  failedCdr,
  sampleCdr,
  sampleCharges,
  sampleDay,
  sampleWallMs,
} from '../cdr/sample-records.ts';

export const logSet = '6f1c2f3e-1111-4222-8333-444455556666';
const file = 'w0-1790000000000-0.log';

export function rowOf(cdr: Cdr, offset: number, changes: Partial<LedgerRow> = {}): LedgerRow {
  return {
    day: sampleDay,
    cdr,
    logId: { set: logSet, file, offset },
    charges: chargesOf(cdr),
    listed: true,
    ...changes,
  };
}

export function batchOf(
  version: number,
  rows: readonly LedgerRow[],
  changes: Partial<LedgerBatch> = {},
): LedgerBatch {
  const last = rows.at(-1);
  const places = { 'w0-1790000000000': { file, offset: (last?.logId.offset ?? 0) + 1 } };
  return { logSet, version, rows, rejected: [], places, ...changes };
}

export async function commit(
  store: LedgerStore,
  batch: LedgerBatch,
): ReturnType<LedgerStore['commit']> {
  await store.checkpoint(batch.logSet);
  return await store.commit(store.prepare(batch));
}

export async function read(
  store: LedgerStore,
  query: Partial<StoredCdrQuery> = {},
): Promise<StoredCdr[]> {
  const found: StoredCdr[] = [];
  for await (const cdr of store.cdrs({ ...query })) found.push(cdr);
  return found;
}

async function ids(store: LedgerStore, query: Partial<StoredCdrQuery> = {}): Promise<string[]> {
  return (await read(store, query)).map((cdr) => cdr.id);
}

export function billed(id: string, changes: Partial<Cdr> = {}): Cdr {
  return sampleCdr(id, { ...sampleCharges, ...changes });
}

export function order(changes: Partial<PaymentOrder>): PaymentOrder {
  return {
    account: 'acme',
    kind: 'recharge',
    units: 5_000_000_000n,
    at: sampleWallMs,
    by: 'admin',
    reason: 'bank transfer 17',
    extendDays: 365,
    expiresAt: null,
    ...changes,
  };
}

const dayMs = 86_400_000;
export function ledgerSuite(kind: string, open: () => Promise<LedgerStore>): void {
  describe(`the ledger on ${kind}`, () => {
    let store: LedgerStore;

    beforeEach(async () => {
      store = await open();
      await store.openAccounts(
        [
          { name: 'acme', units: 10_000_000_000n, expiresAt: sampleWallMs + dayMs },
          { name: 'north', units: 0n, expiresAt: null },
          { name: 'carrier-a', units: 0n, expiresAt: null },
        ],
        sampleWallMs,
      );
    });

    afterEach(async () => {
      const difference = await auditLedger(store);
      await store.close();
      assert.equal(difference, undefined);
    });

    async function balance(account: string): Promise<bigint | undefined> {
      return (await store.account(account))?.balance;
    }

    it('sums what days of fraud limits have used with the rows, once, and forgets old ones', async () => {
      const usage = { account: 'acme', item: 'fraud/881', day: 20_000, seconds: 60, money: 5n };
      const whole = { ...usage, item: 'fraud/', seconds: 7, money: 90_000_000_000n };
      const earlier = { ...usage, account: 'Köln', day: 19_990 };
      const rows = [
        rowOf(billed('u1'), 1, { usages: [usage, whole] }),
        rowOf(billed('u2'), 2, { usages: [usage, earlier], listed: false }),
      ];
      await commit(store, batchOf(0, rows));
      assert.equal((await commit(store, batchOf(0, rows))).kind, 'moved');
      await commit(store, batchOf(1, [rowOf(billed('u3'), 3, { usages: [usage] })]));
      const byItem = (one: { item: string }, other: { item: string }) =>
        one.item < other.item ? -1 : 1;
      assert.deepEqual((await store.usages(19_991)).sort(byItem), [
        whole,
        { ...usage, seconds: 180, money: 15n },
      ]);
      assert.equal((await store.usages(19_990)).length, 3);
      await store.dropUsages(19_991);
      assert.equal((await store.usages(0)).length, 2);
      assert.equal(await auditLedger(store), undefined);
    });

    it('stores every field of a CDR, its postings and the checkpoint', async () => {
      const callId = Buffer.from('f\u00fcnf@\u00e9', 'utf8').toString('latin1');
      const one = billed('one', { callId, calleeOut: null });
      const two = failedCdr('two');
      const result = await commit(store, batchOf(0, [rowOf(one, 8), rowOf(two, 300)]));
      assert.deepEqual(result, { kind: 'stored', rows: 2, rejected: [] });
      const [second, first] = await read(store);
      assert.deepEqual(first, { ...one, logId: { set: logSet, file, offset: 8 } });
      assert.deepEqual(second, { ...two, logId: { set: logSet, file, offset: 300 } });
      assert.equal(await balance('acme'), 10_000_000_000n - 1_320_000n);
      assert.equal(await balance('north'), -1_100_000n);
      assert.equal(await balance('carrier-a'), -900_000n);
      assert.deepEqual(await store.checkpoint(logSet), {
        version: 1,
        places: { 'w0-1790000000000': { file, offset: 301 } },
      });
      assert.deepEqual(await store.days(), [{ day: sampleDay, rows: 2 }]);
    });

    it('refuses a batch that does not begin at the checkpoint, and changes nothing', async () => {
      const batch = batchOf(0, [rowOf(billed('one'), 8)]);
      await commit(store, batch);
      assert.deepEqual(await commit(store, batch), { kind: 'moved' });
      assert.deepEqual(await commit(store, batchOf(7, [rowOf(billed('two'), 9)])), {
        kind: 'moved',
      });
      assert.deepEqual(await ids(store), ['one']);
      assert.equal(await balance('acme'), 10_000_000_000n - 1_320_000n);
    });

    it('stores and posts a record once where it comes again behind a later checkpoint', async () => {
      const one = rowOf(billed('one'), 8);
      await commit(store, batchOf(0, [one]));
      const again = await commit(store, batchOf(1, [one, rowOf(billed('two'), 300)]));
      assert.deepEqual(again, { kind: 'stored', rows: 1, rejected: [] });
      assert.deepEqual((await ids(store)).sort(), ['one', 'two']);
      assert.equal(await balance('acme'), 10_000_000_000n - 2n * 1_320_000n);
    });

    it('sets aside a record that no table takes, and posts it', async () => {
      const bad = rowOf(billed('bad', { endedAt: Number.NaN }), 300);
      const rejected = { logId: { set: logSet, file, offset: 500 }, reason: 'odd', raw: '[3,2]' };
      const batch = batchOf(0, [rowOf(billed('one'), 8), bad], { rejected: [rejected] });
      const result = await commit(store, batch);
      assert.ok(result.kind === 'stored');
      assert.equal(result.rows, 1);
      assert.equal(result.rejected.length, 2);
      assert.deepEqual(await ids(store), ['one']);
      const rows = await store.rejectedRows();
      assert.deepEqual(
        rows.map(({ logId }) => logId.offset),
        [300, 500],
      );
      assert.match(rows[0]!.reason, /endedAt NaN/);
      assert.match(rows[0]!.raw, /"bad"/);
      assert.equal(rows[1]!.raw, '[3,2]');
      assert.deepEqual(await store.rejectedRows({ limit: 1 }), rows.slice(0, 1));
      assert.deepEqual(await store.rejectedRows({ after: rows[0]!.logId }), rows.slice(1));
      assert.deepEqual(await store.rejectedRows({ after: rows[1]!.logId }), []);
      assert.equal(await balance('acme'), 10_000_000_000n - 2n * 1_320_000n);
    });

    it('posts what parameters keep out of the tables', async () => {
      await commit(store, batchOf(0, [rowOf(billed('hidden'), 8, { listed: false })]));
      assert.deepEqual(await ids(store), []);
      assert.equal(await balance('acme'), 10_000_000_000n - 1_320_000n);
      const charges = (await store.dayCharges()).find(({ account }) => account === 'acme');
      assert.deepEqual(charges, {
        account: 'acme',
        day: sampleDay,
        listed: 0n,
        unlisted: 1_320_000n,
        calls: 1,
      });
    });

    it('finds CDRs by time, account, gateway, number, reason and Call-ID', async () => {
      const rows = [
        billed('a', { endedAt: sampleWallMs + 1000 }),
        billed('b', { endedAt: sampleWallMs + 2000, account: 'north', agentFees: [] }),
        failedCdr('c', sampleWallMs + 3000),
        billed('d', { endedAt: sampleWallMs + 4000, calleeAccess: '49301234' }),
        billed('e', {
          endedAt: sampleWallMs + 5000,
          routingGateway: 'carrier-b',
          clearingAccount: 'acme',
          attempts: [
            {
              gateway: 'carrier-x',
              callId: 'x-1',
              sipCode: 503,
              endReason: 'e',
              startedAt: 1,
              tookMs: 2,
            },
            {
              gateway: 'carrier-b',
              callId: 'x-2',
              sipCode: 200,
              endReason: '',
              startedAt: 3,
              tookMs: 4,
            },
          ],
        }),
      ].map((cdr, index) => rowOf(cdr, 8 + index * 400));
      await commit(store, batchOf(0, rows));
      assert.deepEqual(await ids(store), ['a', 'b', 'c', 'd', 'e']);
      const times = { since: sampleWallMs + 2000, until: sampleWallMs + 4000 };
      assert.deepEqual(await ids(store, times), ['b', 'c']);
      assert.deepEqual(await ids(store, { account: 'north' }), ['b']);
      assert.deepEqual(await ids(store, { agent: 'north' }), ['a', 'd', 'e']);
      assert.deepEqual(await ids(store, { agent: 'north', gateway: 'carrier-x' }), ['e']);
      assert.deepEqual(await ids(store, { agent: 'north', account: 'acme' }), ['a', 'd', 'e']);
      assert.deepEqual(await ids(store, { agent: 'nort' }), []);
      assert.deepEqual(await ids(store, { agent: 'acme' }), []);
      assert.deepEqual(await ids(store, { account: 'carrier-a' }), ['a', 'b', 'c', 'd']);
      assert.deepEqual(
        await ids(store, { gateway: 'carrier-a' }),
        ['a', 'b', 'c', 'd', 'e'].slice(0, 4),
      );
      assert.deepEqual(await ids(store, { gateway: 'carrier-x' }), ['e']);
      assert.deepEqual(await ids(store, { gateway: 'acme-in' }), ['a', 'b', 'c', 'd', 'e']);
      assert.deepEqual(await ids(store, { calleePrefix: '49' }), ['d']);
      assert.deepEqual(await ids(store, { calleePrefix: '4%' }), []);
      assert.deepEqual(await ids(store, { endReason: 'Busy' }), ['c']);
      assert.deepEqual(await ids(store, { callId: 'a@192.0.2.10' }), ['a']);
      assert.deepEqual(await ids(store, { callId: 'b-d' }), ['d']);
      assert.deepEqual(await ids(store, { callId: 'x-1' }), ['e']);
      assert.deepEqual(await ids(store, { account: 'north', gateway: 'carrier-x' }), []);
    });

    it('answers page by page, over days, in one order', async () => {
      const rows: LedgerRow[] = [];
      for (let index = 0; index < 1200; index++) {
        // Ends cross: a long call of the first day ends within the second.
        const endedAt = sampleWallMs + Math.floor(((index * 7919) % 1200) / 3);
        const day = sampleDay + (index % 2);
        rows.push(rowOf(failedCdr(`c${index}`, endedAt), 8 + index * 100, { day }));
      }
      await commit(store, batchOf(0, rows));
      const all = await ids(store);
      assert.equal(new Set(all).size, 1200);
      const paged: string[] = [];
      let after: CdrPlace | undefined;
      for (;;) {
        const page: StoredCdr[] = [];
        for await (const cdr of store.cdrs({ after })) {
          page.push(cdr);
          if (page.length === 70) break;
        }
        paged.push(...page.map((cdr) => cdr.id));
        const last = page.at(-1);
        if (page.length < 70 || last === undefined) break;
        after = { endedAt: last.endedAt, logId: last.logId };
      }
      assert.deepEqual(paged, all);
    });

    it('drops a day and keeps the books', async () => {
      const early = rowOf(billed('early'), 8, { day: sampleDay - 40 });
      await commit(store, batchOf(0, [early, rowOf(billed('late'), 300)]));
      await store.dropDay(sampleDay - 40);
      assert.deepEqual(await ids(store), ['late']);
      assert.deepEqual(await store.days(), [{ day: sampleDay, rows: 1 }]);
      assert.equal(await balance('acme'), 10_000_000_000n - 2n * 1_320_000n);
    });

    it('opens the books of an account once', async () => {
      await store.openAccounts([{ name: 'acme', units: 7n, expiresAt: null }], sampleWallMs + 1);
      assert.equal(await balance('acme'), 10_000_000_000n);
      const payments = await store.payments({ account: 'acme' });
      assert.deepEqual(
        payments.map(({ kind, units, balanceAfter }) => ({ kind, units, balanceAfter })),
        [{ kind: 'opening', units: 10_000_000_000n, balanceAfter: 10_000_000_000n }],
      );
    });

    it('recharges, deducts and zeroes, each with its balance behind it', async () => {
      const recharge = await store.pay(order({}));
      assert.equal(recharge.balanceAfter, 15_000_000_000n);
      assert.equal(recharge.expiresAt, sampleWallMs + dayMs + 365 * dayMs);
      const deduction = await store.pay(order({ kind: 'deduction', units: 1n, reason: '' }));
      assert.equal(deduction.balanceAfter, 14_999_999_999n);
      assert.equal(deduction.expiresAt, recharge.expiresAt);
      const zeroing = await store.pay(
        order({ kind: 'zeroing', units: 0n, by: 'somebody \u{1f600}' }),
      );
      assert.equal(zeroing.units, -14_999_999_999n);
      assert.equal(zeroing.balanceAfter, 0n);
      const all = await store.payments({ account: 'acme' });
      assert.deepEqual(all.slice(1), [recharge, deduction, zeroing]);
      assert.deepEqual(await store.payments({ after: recharge.number }), [deduction, zeroing]);
      assert.deepEqual(
        await store.payments({ account: 'acme', after: 0, limit: 1 }),
        all.slice(0, 1),
      );
      const account = await store.account('acme');
      assert.equal(account?.payments, 3);
    });

    it('extends an account that has expired from the day of the payment', async () => {
      const at = sampleWallMs + 30 * dayMs;
      const payment = await store.pay(order({ at, extendDays: 10 }));
      assert.equal(payment.expiresAt, at + 10 * dayMs);
      const configured = await store.pay(
        order({ account: 'carrier-a', at, extendDays: 1, expiresAt: at + 5 * dayMs }),
      );
      assert.equal(configured.expiresAt, at + 6 * dayMs);
      const forever = await store.pay(order({ account: 'north' }));
      assert.equal(forever.expiresAt, null);
    });

    it('refuses payments to unknown accounts and beyond what a balance can hold', async () => {
      await assert.rejects(store.pay(order({ account: 'nobody' })), /account nobody: expected/);
      await assert.rejects(store.pay(order({ units: balanceUnitsMax })), /beyond 45000000000/);
      assert.equal(await balance('acme'), 10_000_000_000n);
    });

    it('closes only books without money, payments and calls', async () => {
      assert.equal(await store.closeAccount('acme'), false);
      assert.equal(await store.closeAccount('north'), true);
      assert.equal(await store.account('north'), undefined);
      assert.equal(await store.closeAccount('nobody'), true);
      await commit(store, batchOf(0, [rowOf(billed('one', { agentFees: [] }), 8)]));
      await store.pay(order({ account: 'carrier-a', units: 900_000n }));
      assert.equal(await balance('carrier-a'), 0n);
      assert.equal(await store.closeAccount('carrier-a'), false);
    });

    it('keeps two log sets apart', async () => {
      await commit(store, batchOf(0, [rowOf(billed('one'), 8)]));
      const other = '11111111-1111-4222-8333-444455556666';
      const row = rowOf(billed('other'), 8, { logId: { set: other, file, offset: 8 } });
      const result = await commit(store, batchOf(0, [row], { logSet: other }));
      assert.equal(result.kind, 'stored');
      assert.equal((await ids(store)).length, 2);
      assert.equal((await store.checkpoint(other)).version, 1);
    });
  });
}
