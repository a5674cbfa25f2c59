// The long form: 30 of each fault at 500 calls a second. Some of the times that the database hangs are longer
// than the writer waits for an answer (15 s).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertAcknowledged,
  faultMissing,
  faultsUnderCalls,
  ledgerFaults,
} from '../scenario/ledger-faults.ts';

const long = { times: 30, rate: 500, upMs: 3_000, awayMs: [3_000] };

for (const fault of ledgerFaults) {
  const skip = faultMissing(fault) ?? false;
  test(`every answered call has one CDR in MariaDB: ${fault}, 30 times`, { skip }, async () => {
    const awayMs = fault === 'databaseHangs' ? [3_000, 3_000, 17_000] : long.awayMs;
    const result = await faultsUnderCalls({ ...long, awayMs, fault });
    console.log(`${fault}: ${JSON.stringify(result)}`);
    if (fault !== 'nodeKilled') assert.ok(result.told > 0, 'status said so');
    if (fault !== 'nodeKilled' && fault !== 'diskFull') assertAcknowledged(result);
    if (fault === 'databaseKilled' || fault === 'databaseHangs') {
      // The database is away for about half of the run; a few calls may find SIPp without a processor.
      const { failed, placed } = result;
      assert.ok(failed < placed / 100, `${failed} of ${placed} calls failed`);
    }
    assert.ok(result.acknowledged > 10_000, `${result.acknowledged} calls`);
  });
}
