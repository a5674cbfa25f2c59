// Time that the hypervisor took from a virtual machine (proc_stat(5): steal): nothing ran in it then,
// and a stall measured inside is not the program's. Elsewhere it is always 0.
import { readFileSync } from 'node:fs';

const sampleMs = 100;
/** /proc/stat counts in hundredths of a second, on every Linux there is. */
const tickMs = 10;
const stealColumn = 8;

export interface StolenTime {
  /** The most that was taken from one processor in two samples on end, whole ticks. */
  longestMs(): number;
  stop(): void;
}

export function watchStolenTime(read: () => string = readStat): StolenTime {
  let last = stolenTicks(read());
  let previous = 0;
  let longest = 0;
  const sample = (): void => {
    const now = stolenTicks(read());
    const taken = Math.max(0, ...now.map((ticks, cpu) => ticks - (last[cpu] ?? ticks)));
    longest = Math.max(longest, previous + taken);
    previous = taken;
    last = now;
  };
  const timer = setInterval(sample, sampleMs);
  return {
    longestMs() {
      sample();
      return longest * tickMs;
    },
    stop: () => clearInterval(timer),
  };
}

/** Index: processor. */
function stolenTicks(stat: string): number[] {
  return stat
    .split('\n')
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => Number(line.split(/\s+/)[stealColumn] ?? 0));
}

function readStat(): string {
  return process.platform === 'linux' ? readFileSync('/proc/stat', 'latin1') : '';
}
