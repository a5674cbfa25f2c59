// The ledger's faults that need a file system of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAcknowledged, faultMissing, faultsUnderCalls } from './ledger-faults.ts';

const short = { times: 1, rate: 100, upMs: 1_500, awayMs: [3_000] };

for (const fault of ['diskFull', 'databaseDiskFull'] as const) {
  const skip = faultMissing(fault) ?? false;
  const title = `every call that the far end answered has one CDR in MariaDB: ${fault}`;
  test(title, { skip }, async () => {
    const result = await faultsUnderCalls({ ...short, fault });
    const { acknowledged, rows, failed, told } = result;
    assert.ok(acknowledged > 20, `${acknowledged} calls`);
    assert.ok(rows >= acknowledged);
    // A database still has room in its files, and is only away once that is used up.
    if (fault === 'databaseDiskFull') return assertAcknowledged(result);
    assert.ok(told > 0, 'status says that CDRs cannot be written');
    assert.ok(failed > 0, 'new calls are refused');
  });
}
