// The long form: 30 of each fault at 500 calls a second.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsUnderCalls } from '../scenario/ledger-faults.ts';

const long = { times: 30, rate: 500, upMs: 3_000, awayMs: 3_000 };

for (const fault of ['nodeKilled', 'databaseKilled', 'databaseHangs'] as const) {
  test(`every answered call has one CDR in MariaDB: ${fault}, 30 times`, async () => {
    const { byesAnswered, rows } = await faultsUnderCalls({ ...long, fault });
    console.log(`${fault}: ${byesAnswered} calls ended in order, ${rows} rows`);
    assert.ok(byesAnswered > 10_000, `${byesAnswered} calls`);
  });
}
