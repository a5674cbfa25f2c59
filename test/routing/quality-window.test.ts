// Rolling windows over counts that only grow.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { gatewayEffects, stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import {
  meanTenths,
  QualityWindow,
  ratioOf,
  type WindowSums,
} from '../../core/routing/quality-window.ts';

const length = { seconds: 600, segments: 10 };
const slot = 3;

function stage(): { note: (answered: boolean) => void; window: QualityWindow; words: Int32Array } {
  const words = new Int32Array(new SharedArrayBuffer(8 * stateWordsPerSlot * 4));
  const state = gatewayEffects(words, () => 0);
  const note = (answered: boolean): void => state.noteOutcome(slot, answered, answered);
  return { note, window: new QualityWindow(words, length), words };
}

describe('a quality window', () => {
  it('holds what was counted in its segments, and lets go of what is older', () => {
    const { note, window } = stage();
    for (let second = 0; second < 600; second += 60) {
      window.advance(second, 8, length);
      note(second < 300);
    }
    assert.deepEqual([window.sums(slot).answered, window.sums(slot).ended], [5, 10]);
    window.advance(600, 8, length);
    assert.deepEqual([window.sums(slot).answered, window.sums(slot).ended], [4, 9]);
    window.advance(900, 8, length);
    assert.deepEqual([window.sums(slot).answered, window.sums(slot).ended], [0, 4]);
    window.advance(5000, 8, length);
    assert.equal(window.sums(slot).ended, 0);
  });

  it('gives the mean of its segments as VOS3000 reckons it, those without a call left out', () => {
    const { note, window } = stage();
    const percent = [55, 58, 52, 60, 57, 54, 59, 56, 61, 58];
    const share = ({ answered, ended }: WindowSums): number => ratioOf(answered, ended);
    assert.equal(window.meanOfSegments(slot, share), -1);
    for (const [segment, answered] of percent.entries()) {
      window.advance(segment * 60, 8, length);
      // More calls in some segments than in others: the mean does not see it.
      const calls = segment === 0 ? 1000 : 100;
      for (let call = 0; call < calls; call++) note(call % 100 < answered);
    }
    assert.equal(window.meanOfSegments(slot, share), 5700);
    const { answered, ended } = window.sums(slot);
    assert.deepEqual([answered, ended], [550 + 515, 1900]);
    // The first one is out of the window, and the one under way has no call yet.
    window.advance(600, 8, length);
    assert.equal(window.meanOfSegments(slot, share), 5722);
  });

  it('begins anew when its length is changed', () => {
    const { note, window } = stage();
    window.advance(0, 8, length);
    note(true);
    window.advance(1, 8, { seconds: 300, segments: 5 });
    note(false);
    assert.deepEqual([window.sums(slot).answered, window.sums(slot).ended], [0, 1]);
  });

  it('is not disturbed when counts come round 2^32', () => {
    const { note, window, words } = stage();
    words[slot * stateWordsPerSlot + 1] = 0x7fffffff;
    window.advance(0, 8, length);
    note(true);
    note(true);
    assert.equal(window.sums(slot).ended, 2);
  });

  it('equals a plain count of the last segments, for any calls', () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 200 }), answered: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const { note, window } = stage();
        const calls: { segment: number; answered: boolean }[] = [];
        let second = 0;
        window.advance(second, 8, length);
        for (const { wait, answered } of list) {
          second += wait;
          window.advance(second, 8, length);
          note(answered);
          calls.push({ segment: Math.floor(second / 60), answered });
          const since = Math.floor(second / 60) - 9;
          const inWindow = calls.filter(({ segment }) => segment >= since);
          const { ended, answered: told } = window.sums(slot);
          assert.equal(ended, inWindow.length);
          assert.equal(told, inWindow.filter((call) => call.answered).length);
        }
      }),
    );
  });
});

describe('figures of a window', () => {
  it('are sums, not means of segments; nothing of nothing', () => {
    assert.equal(ratioOf(57, 100), 5700);
    assert.equal(ratioOf(1, 3), 3333);
    assert.equal(ratioOf(0, 0), -1);
    assert.equal(meanTenths(905, 10), 905);
    assert.equal(meanTenths(0, 0), -1);
  });
});
