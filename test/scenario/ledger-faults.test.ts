import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAcknowledged, faultsUnderCalls } from './ledger-faults.ts';
import { assertDurations } from './measured-durations.ts';

const short = { rate: 40, upMs: 1_500, awayMs: [2_000] };

for (const fault of ['nodeKilled', 'databaseKilled', 'databaseHangs'] as const) {
  test(`every call that the far end answered has one CDR in MariaDB: ${fault}`, async () => {
    const result = await faultsUnderCalls({
      ...short,
      // A second death finds what the first recovery has written.
      times: fault === 'nodeKilled' ? 2 : 1,
      fault,
    });
    const { placed, acknowledged, rows, failed, unacknowledged } = result;
    assertDurations(result, 0.01);
    assert.ok(acknowledged > 20, `${acknowledged} calls`);
    assert.ok(rows >= acknowledged);
    // Calls go on whatever becomes of the database; only the death of the node itself cuts them.
    if (fault === 'nodeKilled') return;
    assert.equal(failed, 0, 'calls that failed meanwhile');
    assertAcknowledged({ placed, unacknowledged });
  });
}
