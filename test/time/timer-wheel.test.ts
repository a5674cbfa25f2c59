// The timer wheel: what it promises to whoever arms a timer. The comparison with a simple model is
// test/property/timer-wheel.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TimerWheel, tickMs, timersMax } from '../../core/time/timer-wheel.ts';

const hourMs = 3_600_000;

interface Fired {
  owner: object;
  timer: number;
  atMs: number;
}

function recorder(wheel: TimerWheel): { fired: Fired[]; to(nowMs: number): Fired[] } {
  const fired: Fired[] = [];
  return {
    fired,
    to(nowMs) {
      wheel.advance(nowMs, (owner, timer) => fired.push({ owner, timer, atMs: nowMs }));
      return fired.splice(0);
    },
  };
}

describe('timer wheel', () => {
  for (const startMs of [0, 7, 123_456.789, 9 * 365 * 24 * hourMs]) {
    for (const delayMs of [10, 500, 2550, 2560, 2570, 163_840, 7_200_000, 30 * hourMs]) {
      it(`fires ${delayMs} ms after ${startMs}, never early, at most one tick late`, () => {
        const wheel = new TimerWheel(startMs);
        const record = recorder(wheel);
        wheel.arm({}, 3, delayMs);
        assert.deepEqual(record.to(startMs + delayMs - 0.01), []);
        assert.equal(record.to(startMs + delayMs + tickMs).length, 1);
        assert.equal(wheel.size, 0);
      });
    }
  }

  it('says how long nothing is due, within what is asked', () => {
    const wheel = new TimerWheel(1003);
    assert.equal(wheel.untilNextMs(1003, 500), 500);
    const handle = wheel.arm({}, 1, 40);
    assert.equal(wheel.untilNextMs(1003, 500), 47, 'until its tick begins');
    assert.equal(wheel.untilNextMs(1003, 20), 20);
    assert.equal(wheel.untilNextMs(1060, 500), 0, 'overdue');
    wheel.cancel(handle);
    assert.equal(wheel.untilNextMs(1003, 500), 500);
    wheel.arm({}, 1, 30_000);
    assert.equal(wheel.untilNextMs(1003, 500), 500, 'a timer of a higher level');
    assert.equal(wheel.untilNextMs(2500, 500), 60, 'until its slot may begin');
  });

  it('fires a delay beyond the reach of the highest level (20 days) on its day', () => {
    const wheel = new TimerWheel(0);
    const record = recorder(wheel);
    wheel.arm({}, 1, 20 * 24 * hourMs);
    for (let day = 1; day < 20; day++) assert.deepEqual(record.to(day * 24 * hourMs), []);
    assert.deepEqual(record.to(20 * 24 * hourMs - 1), []);
    assert.equal(record.to(20 * 24 * hourMs + tickMs).length, 1);
  });

  it('fires all that is due after a long gap, oldest tick first', () => {
    const wheel = new TimerWheel(0);
    const delays = [7_200_000, 30, 2_000, 200_000, 10, 163_840, 2_560, 500_000];
    for (const delay of delays) wheel.arm({ delay }, 0, delay);
    const order = recorder(wheel)
      .to(8_000_000)
      .map((one) => (one.owner as { delay: number }).delay);
    assert.deepEqual(
      order,
      delays.toSorted((a, b) => a - b),
    );
  });

  it('fires timers of one tick in the order they were armed', () => {
    const wheel = new TimerWheel(0);
    for (let timer = 0; timer < 5; timer++) wheel.arm({}, timer, 100);
    const order = recorder(wheel)
      .to(100)
      .map((one) => one.timer);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  it('hands over owner and timer byte', () => {
    const wheel = new TimerWheel(0);
    const owner = {};
    wheel.arm(owner, 255, 20);
    const [fired] = recorder(wheel).to(20);
    assert.equal(fired!.owner, owner);
    assert.equal(fired!.timer, 255);
  });

  it('cancels; returns 0, which is never a handle and is ignored', () => {
    const wheel = new TimerWheel(0);
    const handle = wheel.arm({}, 1, 50);
    assert.notEqual(handle, 0);
    assert.equal(wheel.cancel(handle), 0);
    assert.equal(wheel.cancel(handle), 0);
    assert.equal(wheel.cancel(0), 0);
    assert.equal(wheel.size, 0);
    assert.deepEqual(recorder(wheel).to(1000), []);
  });

  it('ignores a stale handle though its index serves another timer (200 times over)', () => {
    const wheel = new TimerWheel(0);
    const stale: number[] = [];
    for (let i = 0; i < 200; i++) {
      const handle = wheel.arm({}, 1, 50);
      stale.push(handle);
      wheel.cancel(handle);
    }
    wheel.arm({}, 2, 50);
    for (const handle of stale) wheel.cancel(handle);
    assert.equal(wheel.size, 1);
    assert.equal(new Set(stale).size, 200);
    assert.deepEqual(
      recorder(wheel)
        .to(50)
        .map((one) => one.timer),
      [2],
    );
  });

  it('ignores handles that never were: negative, fractional, beyond the arrays', () => {
    const wheel = new TimerWheel(0);
    wheel.arm({}, 1, 50);
    for (const handle of [-1, 0.5, 448, 2 ** 23 * 128, 2 ** 53 - 1, Number.NaN])
      wheel.cancel(handle);
    assert.equal(wheel.size, 1);
  });

  it('a timer armed with no delay by a firing one waits for the next tick', () => {
    const wheel = new TimerWheel(0);
    let fired = 0;
    const again = (owner: object): void => {
      fired++;
      wheel.arm(owner, 1, 0);
    };
    wheel.arm({}, 1, 0);
    wheel.advance(0, again);
    assert.equal(fired, 0);
    wheel.advance(10, again);
    assert.equal(fired, 1);
    wheel.advance(10, again);
    assert.equal(fired, 1);
    wheel.advance(5000, again); // one advance, however long the gap
    assert.equal(fired, 2);
  });

  it('a timer cancelled by one that fires before it in the same tick does not fire', () => {
    const wheel = new TimerWheel(0);
    const handles: number[] = [];
    const fired: number[] = [];
    for (let timer = 0; timer < 3; timer++) handles.push(wheel.arm({}, timer, 100));
    wheel.advance(100, (_, timer) => {
      fired.push(timer);
      wheel.cancel(handles[1]!);
      wheel.cancel(handles[0]!);
    });
    assert.deepEqual(fired, [0, 2]);
    assert.equal(wheel.size, 0);
  });

  it('goes on after an exception of a firing timer: the others of its tick fire next time', () => {
    const wheel = new TimerWheel(0);
    for (let timer = 0; timer < 3; timer++) wheel.arm({}, timer, 100);
    const fired: number[] = [];
    const fire = (_: object, timer: number): void => {
      fired.push(timer);
      if (timer === 1) throw new Error('bug of a call');
    };
    assert.throws(() => wheel.advance(130, fire), /bug of a call/);
    wheel.advance(130, fire);
    assert.deepEqual(fired, [0, 1, 2]);
  });

  it('grows by doubling while timers are armed, also from within a firing one', () => {
    const wheel = new TimerWheel(0);
    let fired = 0;
    for (let i = 0; i < 10_000; i++) wheel.arm({}, 1, 10 + (i % 4000));
    wheel.arm({}, 2, 5);
    wheel.advance(10, (_, timer) => {
      if (timer === 2) for (let i = 0; i < 40_000; i++) wheel.arm({}, 1, 10 + (i % 4000));
      else fired++;
    });
    wheel.advance(5000, () => fired++);
    assert.equal(fired, 50_000);
    assert.equal(wheel.size, 0);
  });

  it('gives the room of a peak back once what is left of it lies low, and loses no timer', () => {
    const wheel = new TimerWheel(0);
    const record = recorder(wheel);
    const handles = Array.from({ length: 200_000 }, (_, i) =>
      wheel.arm({ i }, i & 255, 60_000 + i),
    );
    assert.equal(wheel.capacity, 262_144);
    wheel.shrink();
    assert.equal(wheel.capacity, 262_144, 'all in use');
    const highest = handles.pop()!;
    for (const handle of handles.splice(100)) wheel.cancel(handle);
    wheel.shrink();
    assert.equal(wheel.capacity, 262_144, 'a timer cannot move');
    wheel.cancel(highest);
    wheel.shrink();
    assert.equal(wheel.capacity, 32_768);
    assert.equal(wheel.size, 100);
    wheel.cancel(highest);
    assert.equal(wheel.cancel(handles[0]!), 0);
    assert.equal(wheel.size, 99);
    // As many again: the old handle of a high index fits none of the new timers.
    const again = Array.from({ length: 199_901 }, (_, i) => wheel.arm({ i }, 7, 70_000));
    wheel.cancel(highest);
    assert.equal(wheel.size, 200_000);
    assert.equal(record.to(65_000).length, 99);
    assert.equal(record.to(70_010).length, again.length);
    assert.equal(wheel.size, 0);
  });

  it('uses low indices first, so that a steady load empties the high ones', () => {
    const wheel = new TimerWheel(0);
    const peak = Array.from({ length: 140_000 }, () => wheel.arm({}, 1, 1_000_000));
    for (const handle of peak) wheel.cancel(handle);
    for (let i = 0; i < 20_000; i++) wheel.arm({}, 1, 1_000_000);
    wheel.shrink();
    assert.deepEqual([wheel.size, wheel.capacity], [20_000, 32_768]);
  });

  it('refuses a timer beyond its limit, and takes one again when one has ended', () => {
    const wheel = new TimerWheel(0, 3);
    const handle = wheel.arm({}, 1, 10);
    wheel.arm({}, 1, 10);
    wheel.arm({}, 1, 10);
    assert.throws(() => wheel.arm({}, 1, 10), /timer wheel full: 3 timers armed/);
    wheel.cancel(handle);
    wheel.arm({}, 1, 10);
    assert.equal(wheel.size, 3);
    assert.ok(timersMax > 8_000_000);
  });

  it('refuses a delay that is no number', () => {
    const wheel = new TimerWheel(0);
    assert.throws(() => wheel.arm({}, 9, Number.NaN), /delay of timer 9: NaN ms/);
    assert.throws(() => wheel.arm({}, 9, Number.POSITIVE_INFINITY), /delay of timer 9/);
  });

  it('counts from nowMs where that was set on after the last advance', () => {
    const wheel = new TimerWheel(0);
    const record = recorder(wheel);
    wheel.nowMs = 100_000;
    wheel.arm({}, 1, 500);
    assert.deepEqual(record.to(100_499), []);
    assert.equal(record.to(100_500).length, 1);
  });

  it('does not go backwards', () => {
    const wheel = new TimerWheel(1000);
    wheel.advance(500, () => assert.fail('nothing is armed'));
    assert.equal(wheel.nowMs, 1000);
  });

  it('keeps no ended owner alive', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const wheel = new TimerWheel(0);
    const refs = armedAndEnded(wheel);
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    for (const ref of refs) assert.equal(ref.deref(), undefined);
  });
});

function armedAndEnded(wheel: TimerWheel): WeakRef<object>[] {
  const cancelled = { why: 'cancelled' };
  const fired = { why: 'fired' };
  wheel.cancel(wheel.arm(cancelled, 1, 1000));
  wheel.arm(fired, 1, 10);
  wheel.advance(20, () => undefined);
  return [new WeakRef<object>(cancelled), new WeakRef<object>(fired)];
}
