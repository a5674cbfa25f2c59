// The short form: 2,500 messages each, for one call worker, which takes its datagrams itself, and for several. The
// soak's is in test/soak.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { floodWithGarbage } from './garbage.ts';

const seed = Number(process.env.TANDEM_SEED ?? Date.now() % 1_000_000);

for (const callWorkers of [1, 2]) {
  it(`garbage beside calls, ${callWorkers} call workers: they do not notice (TANDEM_SEED=${seed})`, async (test) => {
    const run = { messages: 2500, rate: 500, callRate: 20, seed, callWorkers };
    const result = await floodWithGarbage(run);
    test.diagnostic(`longest stall of a worker's loop ${result.longestStallMs} ms`);
    assert.deepEqual(result.wrongAnswers, []);
    assert.ok(result.answers > 0, 'what is a request is answered');
    const [before, , after] = result.rssMegabytes;
    assert.ok(after! - before! < 250, `resident memory grew from ${before} to ${after} MB`);
  });
}
