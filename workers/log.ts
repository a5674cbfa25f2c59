// JSON lines on stderr, one pino logger a thread. Lines are buffered and written by the thread pool, so
// a slow reader of stderr holds up no call; `flush` empties the buffer before the process ends.
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { LogLevel } from './settings.ts';

export type Log = Logger;

export interface LogOutput {
  readonly log: Log;
  flush(): void;
}

/** `bindings` name the thread: { thread: 'call-worker', worker: 1 }. */
export function openLog(level: LogLevel, bindings: Record<string, unknown>): LogOutput {
  const out = destination({ fd: 2, sync: false });
  // A closed stderr must not end the switch.
  out.on('error', () => {});
  const log = pino({ level, base: bindings, timestamp: isoTime }, out as DestinationStream);
  return {
    log,
    flush: () => {
      try {
        out.flushSync();
      } catch {
        // not open yet, or gone: nothing to save
      }
    },
  };
}

function isoTime(): string {
  return `,"time":"${new Date().toISOString()}"`;
}

/** Lets `perSecond` lines a second through and counts the rest, for faults that peers can provoke. */
export interface LineLimit {
  allow(nowMs: number): boolean;
  /** Lines held back since the last one that passed. */
  takeHeldBack(): number;
}

export function createLineLimit(perSecond: number): LineLimit {
  let windowStart = 0;
  let passed = 0;
  let heldBack = 0;
  return {
    allow(nowMs) {
      if (nowMs - windowStart >= 1000) {
        windowStart = nowMs;
        passed = 0;
      }
      if (passed >= perSecond) {
        heldBack++;
        return false;
      }
      passed++;
      return true;
    },
    takeHeldBack() {
      const count = heldBack;
      heldBack = 0;
      return count;
    },
  };
}
