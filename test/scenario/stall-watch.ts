// The longest stall of a call worker's loop over a run of any length: the gauge knows one minute, so it is read again
// and again.
import { readMetrics, type Tandem } from '../../bench/peers/tandem.ts';

const pollMs = 5000;

export interface StallWatch {
  /** Reads once more and ends the watch; milliseconds. Rejects where the node could not be asked. */
  end(): Promise<number>;
  stop(): void;
}

export function watchStalls(tandem: () => Tandem): StallWatch {
  let longestMs = 0;
  const read = async (): Promise<void> => {
    const metrics = await readMetrics(tandem());
    const stallMs = metrics.get('tandem_loop_stall_ms max');
    if (stallMs === undefined) throw new Error('/metrics has no tandem_loop_stall_ms');
    longestMs = Math.max(longestMs, stallMs);
  };
  // One behind the other; the first failure is told at the end.
  let reading: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    reading = reading.then(read);
    reading.catch(() => {});
  }, pollMs);
  return {
    stop: () => clearInterval(timer),
    async end() {
      clearInterval(timer);
      await reading;
      await read();
      return longestMs;
    },
  };
}
