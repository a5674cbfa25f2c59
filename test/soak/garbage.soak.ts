import assert from 'node:assert/strict';
import { it } from 'node:test';
import { floodWithGarbage } from '../scenario/garbage.ts';

const seed = Number(process.env.TANDEM_SEED ?? Date.now() % 1_000_000);

it(`100,000 messages of garbage beside 500 calls a second (TANDEM_SEED=${seed})`, async (test) => {
  const result = await floodWithGarbage({ messages: 100_000, rate: 1000, callRate: 500, seed });
  test.diagnostic(
    `${result.answers} answers; resident memory ${result.rssMegabytes.join(', ')} MB; ` +
      `longest stall of a worker's loop ${result.longestStallMs} ms`,
  );
  assert.deepEqual(result.wrongAnswers, []);
  // by half of the run transactions linger in full number: from there on it stays
  const [, half, after] = result.rssMegabytes;
  assert.ok(after! - half! < 150, `resident memory grew from ${half} to ${after} MB`);
});
