// How long the event loop of this thread has stood still: the longest delay of each of the last seconds,
// measured by a timer of Node's own that runs beside the loop.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const windowSeconds = 60;
const resolutionMs = 10;

export interface LoopDelay {
  /** Once a second: a new second begins. */
  onSecond(): void;
  /** Longest stall in the last minute, whole milliseconds. */
  longestMs(): number;
  close(): void;
}

/** The part of Node's histogram that is read; a test brings its own. `max` is in nanoseconds. */
interface DelayHistogram {
  readonly max: number;
  enable(): unknown;
  disable(): unknown;
  reset(): void;
}

export function createLoopDelay(
  histogram: DelayHistogram = monitorEventLoopDelay({ resolution: resolutionMs }),
): LoopDelay {
  const seconds = new Float64Array(windowSeconds);
  let second = 0;
  histogram.enable();
  // What is recorded is the pause between two firings, the resolution among it.
  const current = (): number => Math.max(0, histogram.max / 1e6 - resolutionMs);
  return {
    onSecond() {
      seconds[second] = current();
      second = (second + 1) % windowSeconds;
      seconds[second] = 0;
      histogram.reset();
    },
    longestMs: () => Math.round(Math.max(current(), ...seconds)),
    close: () => void histogram.disable(),
  };
}
