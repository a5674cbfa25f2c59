import assert from 'node:assert/strict';
import { it } from 'node:test';
import { handOffUnderCalls } from '../scenario/hand-off.ts';

it('thirty times kill -9 under calls: each CDR is one line of the files, and was pushed', async (test) => {
  const kills = 30;
  const result = await handOffUnderCalls({ kills, rate: 150, upMs: 2000 });
  test.diagnostic(
    `${kills} kills: ${result.byesAnswered} answered BYEs, ${result.cdrs} CDRs, ${result.repeats} pushed again`,
  );
  assert.ok(result.byesAnswered > 1000, `${result.byesAnswered} calls ended in time to be counted`);
});
