// CDRs with texts that no column holds, in every ledger: all are rows, and all show the same. Run by
// embedded-ledger.test.ts and mysql-ledger.test.ts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Packr } from 'msgpackr';
import { encodeEnd } from '../../core/cdr/cdr-codec.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import type { LedgerStore, StoredCdrQuery } from '../../workers/ledger/ledger-store.ts';
import { sampleDay } from '../cdr/sample-records.ts';
import { batchOf, billed, commit, read, rowOf } from './ledger-suite.ts';

/** One char a byte. */
function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const packr = new Packr({ useRecords: false });

export function longTextsSuite(kind: string, open: () => Promise<LedgerStore>): void {
  it(`${kind} takes a CDR however long its texts are, and shows them cut`, async () => {
    const store = await open();
    const digits = '7'.repeat(5000);
    // Three bytes each: 84 of them and the mark.
    const asian = byteString('\u4e03'.repeat(400));
    const cdr = billed('logged', {
      callId: `${'c'.repeat(60_000)}@192.0.2.10`,
      callerAccess: asian,
      calleeAccess: digits,
      callerOut: asian,
      calleeOut: digits,
      calleeBilling: digits,
    });
    // As it comes from the log, and as it comes without its frame.
    const payload = packr.pack(encodeEnd(cdr, sampleDay));
    const rows = [rowOf(cdr, 8, { payload }), rowOf({ ...cdr, id: 'made' }, 90_000)];
    const result = await commit(store, batchOf(0, rows));
    assert.deepEqual(result, { kind: 'stored', rows: 2, rejected: [] });
    const cutDigits = byteString(`${'7'.repeat(252)}\u2026`);
    const cutAsian = byteString(`${'\u4e03'.repeat(84)}\u2026`);
    const callId = `${'c'.repeat(1021)}\u2026`;
    const texts = {
      callId: byteString(callId),
      callerAccess: cutAsian,
      calleeAccess: cutDigits,
      callerOut: cutAsian,
      calleeOut: cutDigits,
      calleeBilling: cutDigits,
    };
    assert.deepEqual(
      (await read(store)).map(({ logId: _, ...each }) => each),
      [
        { ...cdr, ...texts },
        { ...cdr, ...texts, id: 'made' },
      ],
    );
    const count = async (query: Partial<StoredCdrQuery>): Promise<number> =>
      (await read(store, query)).length;
    assert.equal(await count({ callId }), 2);
    assert.equal(await count({ calleePrefix: '7'.repeat(252) }), 2);
    assert.equal(await count({ calleePrefix: '7'.repeat(253) }), 0);
    assert.equal((await store.account('acme'))?.balance, -2n * 1_320_000n);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });
}
