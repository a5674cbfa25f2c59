// Time that passes when the test says so: drives a timer wheel and remembers nothing else.
import type { TimerWheel } from '../../core/time/timer-wheel.ts';

export interface HandClock {
  /** Monotonic milliseconds. */
  nowMs: number;
  /** Lets `ms` pass in steps of one tick, firing what is due on the way. */
  pass(ms: number): void;
  /** Lets `ms` pass at once, as after a stall. */
  jump(ms: number): void;
}

export function createHandClock(
  wheel: TimerWheel,
  fire: (owner: object, timer: number) => void,
): HandClock {
  const stepMs = 10;
  const clock: HandClock = {
    nowMs: wheel.nowMs,
    pass(ms) {
      const end = clock.nowMs + ms;
      while (clock.nowMs < end) {
        clock.nowMs = Math.min(clock.nowMs + stepMs, end);
        wheel.advance(clock.nowMs, fire);
      }
    },
    jump(ms) {
      clock.nowMs += ms;
      wheel.advance(clock.nowMs, fire);
    },
  };
  return clock;
}
