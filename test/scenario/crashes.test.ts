// The short form: two kills.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { crashUnderCalls } from './crashes.ts';

it('twice kill -9 under calls: no CDR lost, none twice, open calls hung up', async () => {
  const { byesAnswered } = await crashUnderCalls({ kills: 2, rate: 50, upMs: 1000 });
  assert.ok(byesAnswered > 20, `${byesAnswered} calls ended in time to be counted`);
});
