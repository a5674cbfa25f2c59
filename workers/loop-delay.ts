// How long the event loop of this thread has stood still: how late a timer comes, the worst of each of the
// last seconds. The timer ticks finely while there is traffic and coarsely while there is none, for a hundred
// wake-ups a second are most of what an idle node does. A stall is measured short by up to a tick.
import { StallWindow } from './stall-window.ts';

const fineMs = 10;
const coarseMs = 100;

export interface LoopDelay {
  /** Once a second: a new second begins, and `isBusy` says whether it is measured finely. */
  onSecond(isBusy: boolean): void;
  /** Measured finely until the next second begins: a stall may be near. */
  expectStall(): void;
  /** Longest stall in the last minute, whole milliseconds. */
  longestMs(): number;
  close(): void;
}

/** @param clock monotonic milliseconds */
export function createLoopDelay(clock: () => number): LoopDelay {
  const stalls = new StallWindow();
  let tickMs = fineMs;
  let dueMs = 0;
  let timer: NodeJS.Timeout;
  /** Also before the timer came: of a stall that is just over, whoever asks first is told. */
  const note = (): void => stalls.note(clock() - dueMs);
  const arm = (): void => {
    dueMs = clock() + tickMs;
    timer = setTimeout(tick, tickMs);
  };
  const tick = (): void => {
    note();
    arm();
  };
  const setTick = (milliseconds: number): void => {
    if (milliseconds === tickMs) return;
    note();
    tickMs = milliseconds;
    clearTimeout(timer);
    arm();
  };
  arm();
  return {
    onSecond(isBusy) {
      note();
      stalls.nextSecond();
      setTick(isBusy ? fineMs : coarseMs);
    },
    expectStall: () => setTick(fineMs),
    longestMs() {
      note();
      return stalls.longestMs();
    },
    close: () => clearTimeout(timer),
  };
}
