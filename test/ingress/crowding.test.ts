// When a queue counts as crowded: not for a stall, at once while an overload lasts, and no longer than that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crowding } from '../../workers/ingress/crowding.ts';

const stepMs = 5;

/** A queue that fills by `load` milliseconds of work each millisecond and is judged every 5 ms; new INVITEs make
 *  up all of it, and one that is refused costs nothing. */
class Queue {
  readonly crowding = new Crowding();
  nowMs = 0;
  waitMs = 0;
  waitMsMax = 0;

  /** How many of the judgements refused. */
  run(forMs: number, load: number): number {
    let refused = 0;
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += stepMs) {
      this.waitMsMax = Math.max(this.waitMsMax, this.waitMs);
      const isRefused = this.crowding.judge(this.waitMs, this.nowMs);
      if (isRefused) refused++;
      // A refusal takes its time's worth of messages off the queue for nothing.
      const served = isRefused ? 2 * stepMs * load : stepMs;
      this.waitMs = Math.max(0, this.waitMs + stepMs * load - served);
    }
    return refused;
  }
}

test('a stall fills the queue and nobody is refused', () => {
  for (const stallMs of [50, 200, 400]) {
    const queue = new Queue();
    assert.equal(queue.run(1_000, 0.5), 0);
    queue.nowMs += stallMs;
    queue.waitMs = stallMs;
    assert.equal(queue.run(2_000, 0.5), 0, `after ${stallMs} ms`);
  }
});

test('twice what can be served: the wait stays far below the time of a repeat, and then short', () => {
  const queue = new Queue();
  const refused = queue.run(10_000, 2);
  assert.ok(queue.waitMsMax < 300, `${queue.waitMsMax} ms`);
  queue.waitMsMax = 0;
  queue.run(10_000, 2);
  assert.ok(queue.waitMsMax < 60, `${queue.waitMsMax} ms`);
  const share = refused / (10_000 / stepMs);
  assert.ok(share > 0.2 && share < 0.6, `${share} of the calls refused`);
});

test('a little too much is noticed as well, and forgotten three seconds after it ended', () => {
  const queue = new Queue();
  assert.ok(queue.run(20_000, 1.1) > 0);
  queue.run(1_000, 0.5);
  queue.waitMs = 60;
  assert.ok(queue.crowding.judge(queue.waitMs, queue.nowMs), 'kept short while it is remembered');
  queue.run(4_000, 0.5);
  queue.waitMs = 60;
  assert.equal(queue.run(100, 0.5), 0);
});

test('a machine that holds the thread again and again is no overload', () => {
  const queue = new Queue();
  for (let held = 0; held < 10; held++) {
    queue.nowMs += 60;
    queue.waitMs += 60;
    assert.equal(queue.run(40, 0.9), 0);
  }
});

test('two stalls with nothing to judge between them are no overload', () => {
  const crowding = new Crowding();
  assert.equal(crowding.judge(150, 0), false);
  assert.equal(crowding.judge(150, 10_000), false);
});
