import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsUnderCalls } from './ledger-faults.ts';

const short = { times: 2, rate: 40, upMs: 700, awayMs: 700 };

for (const fault of ['nodeKilled', 'databaseKilled', 'databaseHangs'] as const) {
  test(`every answered call has one CDR in MariaDB: ${fault}`, async () => {
    const { byesAnswered, rows } = await faultsUnderCalls({ ...short, fault });
    assert.ok(byesAnswered > 20, `${byesAnswered} calls`);
    assert.ok(rows >= byesAnswered);
  });
}
