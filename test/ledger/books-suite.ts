// The books as of one moment, on every ledger: run by embedded-ledger.test.ts and mysql-ledger.test.ts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { auditLedger } from '../../workers/ledger/audit.ts';
import type { LedgerBooks, LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { sampleDay, sampleWallMs } from '../cdr/sample-records.ts';
import { batchOf, billed, commit, order, rowOf } from './ledger-suite.ts';

export function booksSuite(kind: string, open: () => Promise<LedgerStore>): void {
  describe(`the books on ${kind}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await open();
      await store.openAccounts(
        [{ name: 'acme', units: 10_000_000_000n, expiresAt: null }],
        sampleWallMs,
      );
    });
    afterEach(() => store.close());

    it('shows the books as of one moment, whatever is posted meanwhile', async () => {
      await commit(store, batchOf(0, [rowOf(billed('one'), 8)]));
      const cdrsOf = async (books: LedgerBooks): Promise<string[]> => {
        const found: string[] = [];
        for await (const { id } of books.cdrsOfDay(sampleDay)) found.push(id);
        return found;
      };
      const look = async (books: LedgerBooks): Promise<unknown[]> => [
        await cdrsOf(books),
        (await books.accounts()).sort((left, right) => (left.name < right.name ? -1 : 1)),
        await books.payments({}),
        (await books.dayCharges()).sort((left, right) => (left.account < right.account ? -1 : 1)),
        await books.days(),
      ];
      const before = await look(store);
      await store.view(async (books) => {
        // Whatever is read first: nothing else shows what came after it.
        await books.dayCharges();
        const later = rowOf(billed('later'), 300, { day: sampleDay + 1 });
        await commit(store, batchOf(1, [rowOf(billed('two'), 200), later]));
        await store.pay(order({}));
        await store.openAccounts([{ name: 'new', units: 5n, expiresAt: null }], sampleWallMs);
        assert.deepEqual(await look(books), before);
        assert.deepEqual((await cdrsOf(store)).sort(), ['one', 'two']);
      });
      assert.notDeepEqual(await look(store), before);
      await store.view(async (books) => assert.deepEqual(await look(books), await look(store)));
    });

    it('is audited while calls and payments are posted', async () => {
      let posting = true;
      const audits = (async () => {
        let count = 0;
        for (; posting; count++) {
          assert.equal(await auditLedger(store), undefined);
          await nextTurn();
        }
        return count;
      })();
      for (let batch = 0; batch < 25; batch++) {
        await commit(store, batchOf(batch, [rowOf(billed(`c${batch}`), 8 + batch * 400)]));
        await store.pay(order({}));
        await nextTurn();
      }
      posting = false;
      assert.ok((await audits) > 0);
    });
  });
}
