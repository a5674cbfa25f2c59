// When a hand-off looks, and how long it waits after failures.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { HandOffFailed } from '../../workers/hand-off/hand-off-failed.ts';
import { HandOffLoop, retryDelayMs } from '../../workers/hand-off/hand-off-loop.ts';

const retryMsMax = 60_000;

test('waits twice as long after each failure, up to the ceiling, with jitter of a half', () => {
  const full = [1, 2, 3, 7, 8, 100].map((failures) =>
    retryDelayMs(failures, { retryMsMax, retryAfterMs: 0, chance: 1 }),
  );
  assert.deepEqual(full, [500, 1000, 2000, 32_000, 60_000, 60_000]);
  assert.equal(retryDelayMs(1, { retryMsMax, retryAfterMs: 0, chance: 0 }), 250);
});

test('what the receiver asks for counts where it is longer, up to an hour', () => {
  const asked = (retryAfterMs: number): number =>
    retryDelayMs(1, { retryMsMax, retryAfterMs, chance: 1 });
  assert.deepEqual([100, 5000, 90_000_000].map(asked), [500, 5000, 3_600_000]);
});

test('property: never beyond the ceiling, never below half of it, whatever the chance', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (n, chance) => {
        const waitMs = retryDelayMs(n, { retryMsMax, retryAfterMs: 0, chance });
        assert.ok(waitMs >= 250 && waitMs <= retryMsMax);
      },
    ),
  );
});

/** Steps that the test lets end one by one. */
class SteppedHandOff {
  steps = 0;
  taken = 0;
  outcome: () => 'idle' | 'more' | Error = () => 'idle';
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  async step(): Promise<'idle' | 'more'> {
    this.steps++;
    for (const { count, resolve } of this.#waiting) if (this.steps >= count) resolve();
    const outcome = this.outcome();
    if (outcome instanceof Error) throw outcome;
    this.taken++;
    return outcome;
  }

  handedOff(): number {
    return this.taken;
  }

  stepsAre(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.steps >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}

function loopOf(handOff: SteppedHandOff, lines: string[]): HandOffLoop {
  const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line).msg) });
  return new HandOffLoop(handOff, { lookMs: () => 3_600_000, retryMsMax: 1 }, log);
}

test('is told once that it is held up, goes on by itself, and is told that', async () => {
  const handOff = new SteppedHandOff();
  const lines: string[] = [];
  let failures = 0;
  handOff.outcome = () => (failures++ < 3 ? new Error('away') : 'idle');
  const loop = loopOf(handOff, lines);
  await handOff.stepsAre(4);
  await loop.stop();
  assert.deepEqual(lines, ['the hand-off of CDRs is held up', 'the hand-off of CDRs goes on']);
});

test('at its end it hands over what is there, and does not wait for who is away', async () => {
  const handOff = new SteppedHandOff();
  const loop = loopOf(handOff, []);
  await handOff.stepsAre(1);
  let left = 5;
  handOff.outcome = () => (--left > 0 ? 'more' : 'idle');
  await loop.stop();
  assert.equal(left, 0);
  const away = new SteppedHandOff();
  away.outcome = () => new HandOffFailed('away', 3_600_000);
  const waiting = loopOf(away, []);
  await away.stepsAre(1);
  await waiting.stop();
  assert.equal(away.steps, 1);
});
