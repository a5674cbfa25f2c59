// How long a hand-off waits after failures.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { retryDelayMs } from '../../workers/hand-off/hand-off-loop.ts';

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
