// The long form: 30 of each fault at 500 calls a second, 100 deaths of the node and 50 of the database in one run, and
// a database that is away for ten minutes. Some of the times that the database hangs are longer than the writer waits
// for an answer (15 s).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertAcknowledged,
  faultMissing,
  faultsUnderCalls,
  ledgerFaults,
} from '../scenario/ledger-faults.ts';
import { assertDurations } from '../scenario/measured-durations.ts';
import { soakShare } from './soak-share.ts';

const callsMin = soakShare(10_000);
const long = { times: soakShare(30), rate: 500, upMs: 3_000, awayMs: [3_000] };

for (const fault of ledgerFaults) {
  const skip = faultMissing(fault) ?? false;
  test(`every answered call has one CDR in MariaDB: ${fault}, ${long.times} times`, {
    skip,
  }, async () => {
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
    assertDurations(result);
    assert.ok(result.acknowledged > callsMin, `${result.acknowledged} calls`);
  });
}

const deaths = 3 * soakShare(50);
test(`every answered call has one CDR in MariaDB: ${deaths} deaths, two of the node for one of MariaDB`, async () => {
  const run = { times: deaths, rate: 60, upMs: 2_000, awayMs: [1_000] };
  const result = await faultsUnderCalls({ ...run, fault: 'eitherKilled' });
  console.log(`eitherKilled: ${JSON.stringify(result)}`);
  assertDurations(result);
  assert.ok(result.acknowledged > callsMin, `${result.acknowledged} calls`);
});

const awayMs = 1_000 * soakShare(600);
test(`every answered call has one CDR in MariaDB: away for ${awayMs / 1000} s`, async () => {
  const run = { times: 1, rate: 100, upMs: 3_000, awayMs: [awayMs] };
  const result = await faultsUnderCalls({ ...run, fault: 'databaseKilled' });
  console.log(`databaseAway: ${JSON.stringify(result)}`);
  assert.equal(result.told, 1, 'status said so');
  assertAcknowledged(result);
  assertDurations(result);
  assert.ok(result.failed < result.placed / 100, `${result.failed} of ${result.placed} failed`);
  assert.ok(result.acknowledged > callsMin, `${result.acknowledged} calls`);
});
