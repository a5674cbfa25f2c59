import assert from 'node:assert/strict';
import { it } from 'node:test';
import { crashUnderCalls } from '../scenario/crashes.ts';
import { soakShare } from './soak-share.ts';

const kills = soakShare(30);

it(`${kills} times kill -9 under calls: no CDR lost, none twice, open calls hung up`, async (test) => {
  const result = await crashUnderCalls({ kills, rate: 150, upMs: 2000 });
  test.diagnostic(
    `${kills} kills: ${result.byesAnswered} answered BYEs, ${result.forcedReleases} calls closed by a start`,
  );
  assert.ok(
    result.byesAnswered > soakShare(1000),
    `${result.byesAnswered} calls ended in time to be counted`,
  );
});
