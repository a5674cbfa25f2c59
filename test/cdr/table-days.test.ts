// The zone is that of the process, so each zone is asked in a process of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { addDays } from '../../workers/cdr/table-days.ts';

const module = new URL('../../workers/cdr/table-days.js', import.meta.url).href;

function daysIn(zone: string, times: readonly number[]): number[] {
  const program = `const { dayOfNode } = await import(${JSON.stringify(module)});
    console.log(JSON.stringify(${JSON.stringify(times)}.map(dayOfNode)));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  });
  return JSON.parse(output) as number[];
}

test('a call belongs to the day of the node on which it began', () => {
  const lastMs = Date.UTC(2026, 0, 31, 23, 59, 59, 999);
  assert.deepEqual(daysIn('UTC', [lastMs, lastMs + 1, 0]), [20260131, 20260201, 19700101]);
  // 18:15 UTC is midnight in Nepal, whose zone is offset by 5:45.
  const midnight = Date.UTC(2026, 1, 27, 18, 15);
  assert.deepEqual(daysIn('Asia/Kathmandu', [midnight - 1, midnight]), [20260227, 20260228]);
  const newYork = Date.UTC(2026, 0, 1, 5);
  assert.deepEqual(daysIn('America/New_York', [newYork - 1, newYork]), [20251231, 20260101]);
});

test('the day changes at local midnight on both sides of a change to summer time', () => {
  // Berlin: UTC+1 until 29 March 2026, 01:00 UTC, then UTC+2.
  const before = Date.UTC(2026, 2, 28, 23);
  const after = Date.UTC(2026, 2, 29, 22);
  assert.deepEqual(
    daysIn('Europe/Berlin', [before - 1, before, after - 1, after]),
    [20260328, 20260329, 20260329, 20260330],
  );
});

test('days are counted over months and leap years', () => {
  assert.equal(addDays(20240228, 1), 20240229);
  assert.equal(addDays(20240301, -1), 20240229);
  assert.equal(addDays(20260101, -1), 20251231);
});
