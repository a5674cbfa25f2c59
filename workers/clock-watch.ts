// Notices when the wall clock was set: durations are measured by the monotonic clock and do not care,
// but timestamps of CDRs before and after will not fit together, so it is logged and counted.

const stepMsMin = 500;

export interface ClockWatch {
  /** The step in milliseconds since the last look, 0 when it is within the tolerance. */
  look(wallMs: number, monotonicMs: number): number;
}

export function createClockWatch(wallMs: number, monotonicMs: number): ClockWatch {
  let offsetMs = wallMs - monotonicMs;
  return {
    look(wallNowMs, monotonicNowMs) {
      const stepMs = wallNowMs - monotonicNowMs - offsetMs;
      // Slow drift (NTP slewing) is followed silently.
      offsetMs = wallNowMs - monotonicNowMs;
      return Math.abs(stepMs) > stepMsMin ? stepMs : 0;
    },
  };
}
