// After a fault of the log: what it holds is shipped as the next start would, and the books must be right.
import assert from 'node:assert/strict';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { sampleCharges } from '../cdr/sample-records.ts';

/** `calls` is how many have ended in the log, each of them charged `sampleCharges`. */
export async function assertBooks(directory: string, calls: number): Promise<void> {
  const store = await openEmbeddedLedger(directory);
  const rejected: string[] = [];
  const writer = new CdrWriter({
    directory,
    store,
    parameters: () => defaultWriterParameters,
    onRejected: ({ reason }) => rejected.push(reason),
  });
  try {
    await writer.drain();
    assert.deepEqual(rejected, []);
    const { cdrs, difference } = await auditReport(store);
    assert.deepEqual([cdrs, difference], [calls, undefined]);
    const acme = await store.account('acme');
    assert.deepEqual([acme?.calls, acme?.balance], [calls, -BigInt(calls) * sampleCharges.fee!]);
  } finally {
    writer.close();
    await store.close();
  }
}
