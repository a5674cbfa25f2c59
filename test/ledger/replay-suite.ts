// What comes again behind a lost or older checkpoint and has no row to be known by: run for every ledger.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { auditLedger } from '../../workers/ledger/audit.ts';
import type { LedgerRow, LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { failedCdr, sampleWallMs } from '../cdr/sample-records.ts';
import { batchOf, billed, commit, logSet, read, rowOf } from './ledger-suite.ts';

const file = 'w0-1790000000000-0.log';

export function replaySuite(kind: string, open: () => Promise<LedgerStore>): void {
  describe(`records without a row in the ledger on ${kind}`, () => {
    let store: LedgerStore;

    beforeEach(async () => {
      store = await open();
      const acme = { name: 'acme', units: 10_000_000_000n, expiresAt: null };
      await store.openAccounts([acme], sampleWallMs);
    });
    afterEach(async () => {
      const difference = await auditLedger(store);
      await store.close();
      assert.equal(difference, undefined);
    });

    const balance = async (): Promise<bigint> => (await store.account('acme'))!.balance;
    const ids = async (): Promise<string[]> => (await read(store)).map(({ id }) => id);

    it('posts once what comes again without ever having had a row', async () => {
      const usage = { account: 'acme', item: 'fraud/', day: 20_000, seconds: 60, money: 5n };
      const hidden = rowOf(billed('hidden'), 8, { listed: false, usages: [usage] });
      const bad = rowOf(billed('bad', { endedAt: Number.NaN }), 300, { usages: [usage] });
      const counted = rowOf(failedCdr('counted'), 500, { listed: false, usages: [usage] });
      const rows = [hidden, bad, counted];
      await commit(store, batchOf(0, rows));
      const fresh = rowOf(billed('fresh', { endedAt: Number.NaN }), 700, { usages: [usage] });
      const result = await commit(store, batchOf(1, [...rows, fresh]));
      assert.ok(result.kind === 'stored');
      assert.equal(result.rows, 0);
      // Once more, in other batches.
      await commit(store, batchOf(2, [bad, rowOf(billed('listed'), 900), fresh]));
      await commit(store, batchOf(3, [hidden]));
      assert.deepEqual(await ids(), ['listed']);
      assert.equal(await balance(), 10_000_000_000n - 4n * 1_320_000n);
      assert.equal((await store.account('acme'))?.calls, 4);
      assert.deepEqual(await store.usages(0), [{ ...usage, seconds: 240, money: 20n }]);
      assert.equal((await store.rejectedRows()).length, 2);
    });

    it('posts once what comes again in a batch that was taken for new', async () => {
      const hidden = rowOf(billed('hidden'), 8, { listed: false });
      await commit(store, batchOf(0, [hidden]));
      const next = rowOf(billed('next'), 300, { listed: false });
      await commit(store, batchOf(1, [hidden, next], { isNew: true }));
      assert.equal(await balance(), 10_000_000_000n - 2n * 1_320_000n);
    });

    it('posts once what comes again under other parameters', async () => {
      const shown = rowOf(billed('shown'), 8);
      const hidden = rowOf(billed('hidden'), 300, { listed: false });
      await commit(store, batchOf(0, [shown, hidden]));
      const changed = [
        { ...shown, listed: false },
        { ...hidden, listed: true },
      ];
      await commit(store, batchOf(1, [...changed, rowOf(billed('new'), 500, { listed: false })]));
      await commit(store, batchOf(2, [changed[0]!]));
      await commit(store, batchOf(3, [changed[1]!]));
      assert.deepEqual(await ids(), ['shown']);
      assert.equal(await balance(), 10_000_000_000n - 3n * 1_320_000n);
      assert.equal(await auditLedger(store), undefined);
    });

    it('forgets records without a row with their file of the log', async () => {
      const later = 'w0-1790000000000-1.log';
      const other = '11111111-1111-4222-8333-444455556666';
      const hidden = (set: string, of: string, offset: number): LedgerRow =>
        rowOf(billed(`${of}${offset}`), 0, { listed: false, logId: { set, file: of, offset } });
      const rows = [
        ...Array.from({ length: 1200 }, (_, index) => hidden(logSet, file, 8 + index)),
        hidden(logSet, later, 8),
      ];
      await commit(store, batchOf(0, rows));
      const foreign = hidden(other, file, 8);
      await commit(store, batchOf(0, [foreign], { logSet: other }));
      await store.dropUnlisted(logSet, [file, later]);
      await commit(store, batchOf(1, rows));
      assert.equal((await store.account('acme'))?.calls, 1202);
      await store.dropUnlisted(logSet, [later]);
      await commit(store, batchOf(2, rows));
      await commit(store, batchOf(1, [foreign], { logSet: other }));
      // Those of the first file count again: their places are free for whatever the file may be.
      assert.equal((await store.account('acme'))?.calls, 2402);
    });
  });
}
