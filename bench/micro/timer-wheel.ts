// What a timer costs: armed and cancelled (most of them), armed and fired, with few and with many others
// in the wheel; a bare setTimeout for comparison.
import { bench, do_not_optimize, group, run } from 'mitata';
import { TimerWheel } from '../../core/time/timer-wheel.ts';

const owner = {};

function filled(timers: number): TimerWheel {
  const wheel = new TimerWheel(0);
  // Due in six days, which the bench does not live to see.
  for (let i = 0; i < timers; i++) wheel.arm({}, 1, 518_400_000 + (i % 60_000));
  return wheel;
}

bench('no operation', () => do_not_optimize(owner));

for (const others of [0, 100_000, 1_000_000]) {
  group(`${others} other timers`, () => {
    const wheel = filled(others);
    let nowMs = 0;
    const fire = (fired: object): void => void do_not_optimize(fired);
    bench('arm 500 ms, cancel', () => wheel.cancel(wheel.arm(owner, 1, 500)));
    bench('arm 32 s, cancel', () => wheel.cancel(wheel.arm(owner, 1, 32_000)));
    bench('arm 10 ms, advance, fire', () => {
      wheel.arm(owner, 1, 10);
      nowMs += 10;
      wheel.advance(nowMs, fire);
    });
  });
}

bench('setTimeout, clearTimeout', () => clearTimeout(setTimeout(() => undefined, 500)));

await run();
