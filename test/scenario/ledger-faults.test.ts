import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultMissing, faultsUnderCalls, ledgerFaults } from './ledger-faults.ts';

const short = { times: 2, rate: 40, upMs: 1_500, awayMs: [700, 2_000] };

for (const fault of ledgerFaults) {
  const skip = faultMissing(fault) ?? false;
  test(`every call that the far end answered has one CDR in MariaDB: ${fault}`, {
    skip,
  }, async () => {
    const { acknowledged, rows } = await faultsUnderCalls({ ...short, fault });
    assert.ok(acknowledged > 20, `${acknowledged} calls`);
    assert.ok(rows >= acknowledged);
  });
}
