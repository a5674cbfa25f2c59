// The short form: 5,000 messages. The soak's is in test/soak.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { floodWithGarbage } from './garbage.ts';

const seed = Number(process.env.TANDEM_SEED ?? Date.now() % 1_000_000);

it(`garbage beside calls: they do not notice (TANDEM_SEED=${seed})`, async () => {
  const result = await floodWithGarbage({ messages: 5000, rate: 500, callRate: 20, seed });
  assert.deepEqual(result.wrongAnswers, []);
  assert.ok(result.answers > 0, 'what is a request is answered');
  const [before, , after] = result.rssMegabytes;
  assert.ok(after! - before! < 250, `resident memory grew from ${before} to ${after} MB`);
});
