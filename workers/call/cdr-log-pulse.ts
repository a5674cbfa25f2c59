// The CDR log's pulse: its own tick, told how many calls may yet write an end; then what it counts goes
// into the worker's block, and the log says when it stops and starts to accept calls.
import { Counter } from '../../core/metrics/counter-layout.ts';
import type { CdrLog } from '../cdr/cdr-log.ts';
import type { Log } from '../log.ts';

type PulsedLog = Pick<
  CdrLog,
  'tick' | 'frames' | 'bytes' | 'errors' | 'syncs' | 'accepts' | 'failure' | 'lost'
>;

export interface CdrLogPulseOptions {
  cdrLog: PulsedLog;
  /** Answered and in setup. */
  callsUp: () => number;
  wallClock: () => number;
  counters: Float64Array;
  log: Log;
}

export function createCdrLogPulse(options: CdrLogPulseOptions): (nowMs: number) => void {
  const { cdrLog, callsUp, wallClock, counters, log } = options;
  // The block outlives its worker: what a dead predecessor counted stays in it.
  const frames = counters[Counter.cdrFrames]!;
  const bytes = counters[Counter.cdrBytes]!;
  const errors = counters[Counter.cdrWriteErrors]!;
  const syncs = counters[Counter.cdrSyncs]!;
  const lost = counters[Counter.cdrFramesLost]!;
  let accepted = true;
  return (nowMs) => {
    cdrLog.tick(nowMs, wallClock(), callsUp());
    counters[Counter.cdrFrames] = frames + cdrLog.frames;
    counters[Counter.cdrBytes] = bytes + cdrLog.bytes;
    counters[Counter.cdrWriteErrors] = errors + cdrLog.errors;
    counters[Counter.cdrSyncs] = syncs + cdrLog.syncs;
    counters[Counter.cdrFramesLost] = lost + cdrLog.lost;
    if (cdrLog.accepts === accepted) return;
    accepted = cdrLog.accepts;
    if (accepted) log.info({ lost: cdrLog.lost }, 'the CDR log can be written again');
    else log.error({ failure: cdrLog.failure }, 'CDRs cannot be written: new calls are refused');
  };
}
