import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overspendRuns } from '../scenario/overspend.ts';
import { soakShare } from './soak-share.ts';

const runs = soakShare(100);
const run = { runs, attempts: 4_000, rate: 1_000, callsAtOnce: 200 };

test(`${runs} times ${run.callsAtOnce} calls at once and ${run.rate} attempts a second on one prepaid account`, async () => {
  const result = await overspendRuns(run);
  console.log(`overspend: ${JSON.stringify(result)}`);
  assert.ok(result.answered > runs * 10, `${result.answered} answered calls`);
  assert.ok(result.cut > 0, 'calls that were up ran out of money');
  assert.ok(result.refused > 0, 'calls were refused for want of money');
});
