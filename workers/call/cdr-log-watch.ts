// Publishes what the CDR log counts into the worker's block, and says in the log when the log stops and
// starts to accept calls.
import { Counter } from '../../core/metrics/counter-layout.ts';
import type { CdrLog } from '../cdr/cdr-log.ts';
import type { Log } from '../log.ts';

type Watched = Pick<
  CdrLog,
  'frames' | 'bytes' | 'errors' | 'syncs' | 'accepts' | 'failure' | 'lost'
>;

export function createCdrLogWatch(cdrLog: Watched, counters: Float64Array, log: Log): () => void {
  // The block outlives its worker: what a dead predecessor counted stays in it.
  const frames = counters[Counter.cdrFrames]!;
  const bytes = counters[Counter.cdrBytes]!;
  const errors = counters[Counter.cdrWriteErrors]!;
  const syncs = counters[Counter.cdrSyncs]!;
  let accepted = true;
  return () => {
    counters[Counter.cdrFrames] = frames + cdrLog.frames;
    counters[Counter.cdrBytes] = bytes + cdrLog.bytes;
    counters[Counter.cdrWriteErrors] = errors + cdrLog.errors;
    counters[Counter.cdrSyncs] = syncs + cdrLog.syncs;
    if (cdrLog.accepts === accepted) return;
    accepted = cdrLog.accepts;
    if (accepted) log.info({ lost: cdrLog.lost }, 'the CDR log can be written again');
    else log.error({ failure: cdrLog.failure }, 'CDRs cannot be written: new calls are refused');
  };
}
