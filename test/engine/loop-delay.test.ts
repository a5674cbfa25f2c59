// The longest stall of a loop over the last minute, by timers and a clock that the test moves.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { createLoopDelay, type LoopDelay } from '../../workers/loop-delay.ts';

let nowMs: number;
let readings: number;
let delay: LoopDelay;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  nowMs = 1000;
  readings = 0;
  delay = createLoopDelay(() => {
    readings++;
    return nowMs;
  });
});
afterEach(() => {
  delay.close();
  mock.timers.reset();
});

/** The loop goes on for so long, in steps of a millisecond. */
function run(milliseconds: number): void {
  for (let i = 0; i < milliseconds; i++) {
    nowMs++;
    mock.timers.tick(1);
  }
}

/** Nothing runs for so long. */
function stall(milliseconds: number): void {
  nowMs += milliseconds;
}

/** What a stall has held up. */
function comeDue(): void {
  mock.timers.tick(10);
}

function ticksIn(milliseconds: number): number {
  readings = 0;
  run(milliseconds);
  // One to measure by, one to arm by.
  return readings / 2;
}

test('a stall is remembered for a minute', () => {
  run(100);
  assert.equal(delay.longestMs(), 0);
  stall(260);
  assert.equal(delay.longestMs(), 250, 'the running second counts, before any timer came');
  comeDue();
  run(900);
  for (let second = 1; second < 60; second++) {
    delay.onSecond(true);
    run(1000);
    assert.equal(delay.longestMs(), 250, `second ${second}`);
  }
  delay.onSecond(true);
  run(1000);
  assert.equal(delay.longestMs(), 0);
});

test('it is measured finely while there is traffic and coarsely while there is none', () => {
  assert.equal(ticksIn(1000), 100, 'a loop that starts');
  delay.onSecond(false);
  assert.equal(ticksIn(1000), 10);
  delay.onSecond(false);
  assert.equal(ticksIn(1000), 10);
  delay.onSecond(true);
  assert.equal(ticksIn(1000), 100);
  delay.onSecond(false);
  delay.expectStall();
  assert.equal(ticksIn(1000), 100, 'where one is expected');
});

test('no stall is lost where seconds and ticks change', () => {
  delay.onSecond(false);
  run(50);
  stall(300);
  delay.onSecond(true);
  assert.equal(delay.longestMs(), 250, 'before the coarse tick came');
  stall(300);
  delay.onSecond(false);
  stall(400);
  delay.expectStall();
  run(1000);
  assert.equal(delay.longestMs(), 300);
});
