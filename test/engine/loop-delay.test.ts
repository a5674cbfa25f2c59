// The longest stall of a loop over the last minute, from a histogram that the test writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoopDelay } from '../../workers/loop-delay.ts';

test('a stall is remembered for a minute', () => {
  const histogram = { max: 0, enable: () => true, disable: () => true, reset: () => {} };
  histogram.reset = () => {
    histogram.max = 0;
  };
  const delay = createLoopDelay(histogram);
  assert.equal(delay.longestMs(), 0);
  histogram.max = 260e6;
  assert.equal(delay.longestMs(), 250, 'the running second counts');
  delay.onSecond();
  for (let second = 1; second < 59; second++) {
    histogram.max = 12e6;
    delay.onSecond();
    assert.equal(delay.longestMs(), 250, `second ${second}`);
  }
  for (let second = 0; second < 3; second++) {
    histogram.max = 12e6;
    delay.onSecond();
  }
  assert.equal(delay.longestMs(), 2);
});
