// What the log holds for a ledger that has not answered since the start: counted from where it was last known
// to be, or from the beginning of the log where that was never kept, then it is an upper bound.
import type { CdrStoreFigures } from '../admin-messages.ts';
import { keptStanding } from '../ledger/standing-file.ts';
import { listLogSets } from './log-set.ts';
import { LogBacklog, LogTail } from './log-tail.ts';

export class UnreachedBacklog {
  readonly #backlogs: readonly LogBacklog[];
  readonly #oldestEndedAt: number;

  /** `directory`: the data directory. */
  constructor(directory: string) {
    const kept = keptStanding(directory)?.checkpoints;
    const backlogs: LogBacklog[] = [];
    let oldestEndedAt = Number.POSITIVE_INFINITY;
    for (const set of listLogSets(directory)) {
      const places = kept?.get(set.id)?.places ?? {};
      backlogs.push(new LogBacklog(set, places));
      const tail = new LogTail(set, places);
      tail.read(({ frame }) => {
        if (frame.kind !== 'end') return true;
        oldestEndedAt = Math.min(oldestEndedAt, frame.cdr.endedAt);
        return false;
      });
      tail.close();
    }
    this.#backlogs = backlogs;
    this.#oldestEndedAt = oldestEndedAt;
  }

  /** `budgetMs`: for counting what the log has got since. */
  queue(nowWallMs: number, budgetMs: number): CdrStoreFigures['queue'] {
    const endMs = performance.now() + budgetMs;
    let frames = 0;
    const queue = { records: 0, bytes: 0, oldestMs: 0 };
    for (const backlog of this.#backlogs) {
      backlog.count(() => (++frames & 0xff) !== 0 || performance.now() < endMs);
      queue.records += backlog.records;
      queue.bytes += backlog.bytes;
    }
    if (this.#oldestEndedAt < nowWallMs) queue.oldestMs = nowWallMs - this.#oldestEndedAt;
    return queue;
  }

  close(): void {
    for (const backlog of this.#backlogs) backlog.close();
  }
}
