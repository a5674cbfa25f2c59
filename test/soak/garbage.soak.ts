import assert from 'node:assert/strict';
import { it } from 'node:test';
import { watchStolenTime } from '../../bench/stolen-time.ts';
import { floodWithGarbage } from '../scenario/garbage.ts';

const seed = Number(process.env.TANDEM_SEED ?? Date.now() % 1_000_000);

/** The gauge of stalls forgets after a minute. */
const settleMs = 61_000;
/** No input may hold a worker for so long; what the hypervisor takes is not the input's. */
const stallMsMax = 50;

for (const callWorkers of [1, 2]) {
  it(`100,000 messages of garbage beside 500 calls a second, ${callWorkers} call workers (TANDEM_SEED=${seed})`, async (test) => {
    const stolen = watchStolenTime();
    try {
      const run = { messages: 100_000, rate: 1000, callRate: 500, seed, callWorkers, settleMs };
      const result = await floodWithGarbage(run);
      const { longestStallMs } = result;
      const stolenMs = stolen.longestMs();
      test.diagnostic(
        `${result.answers} answers; resident memory ${result.rssMegabytes.join(', ')} MB; ` +
          `longest stall of a worker's loop ${longestStallMs} ms, ` +
          `the machine itself was taken away for up to ${stolenMs} ms`,
      );
      assert.deepEqual(result.wrongAnswers, []);
      // by half of the run transactions linger in full number: from there on it stays
      const [, half, after] = result.rssMegabytes;
      assert.ok(after! - half! < 150, `resident memory grew from ${half} to ${after} MB`);
      assert.ok(
        longestStallMs < stallMsMax + stolenMs,
        `a worker stood still for ${longestStallMs} ms`,
      );
    } finally {
      stolen.stop();
    }
  });
}
