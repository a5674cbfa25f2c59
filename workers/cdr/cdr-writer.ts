// Ships the CDR log of a data directory into the ledger: the sets that are left of earlier days first, then
// the one in use, for ever. What it does in a thread of its own is cdr-writer-thread.ts.
import type { CdrStoreFigures } from '../admin-messages.ts';
import { LedgerAway, type LedgerStore, type RejectedRecord } from '../ledger/ledger-store.ts';
import type { LogReader } from './log-retention.ts';
import { currentLogSet, listLogSets } from './log-set.ts';
import type { WriterParameters } from './row-rules.ts';
import { SetWriter } from './set-writer.ts';
import { addDays, dayOfNode } from './table-days.ts';

/** How long one look at the queue may count. */
const countMs = 20;

export interface CdrWriterOptions {
  /** The data directory. */
  readonly directory: string;
  readonly store: LedgerStore;
  readonly parameters: () => WriterParameters;
  readonly onRejected: (rejected: RejectedRecord) => void;
  /** Who else reads the log; default: nobody. */
  readonly readers?: readonly LogReader[];
}

export class CdrWriter {
  readonly #options: CdrWriterOptions;
  #sets: SetWriter[] = [];
  #opened = false;
  #away = '';

  constructor(options: CdrWriterOptions) {
    this.#options = options;
  }

  /** Ships a batch of the oldest set that has any. @throws LedgerAway, for the caller to try again */
  async step(): Promise<'idle' | 'more'> {
    try {
      if (!this.#opened) await this.#open();
      let went: 'idle' | 'more' = 'idle';
      for (const set of this.#sets) {
        went = await set.step();
        if (went === 'more') break;
      }
      this.#away = '';
      return went;
    } catch (error) {
      if (error instanceof LedgerAway) this.#away = error.message;
      throw error;
    }
  }

  /** Ships all that is in the log now. @throws LedgerAway */
  async drain(): Promise<void> {
    while ((await this.step()) === 'more');
  }

  /** Since the writer was opened. */
  shippedRecords(): number {
    let records = 0;
    for (const set of this.#sets) records += set.shippedRecords;
    return records;
  }

  figures(nowWallMs: number): CdrStoreFigures {
    const { store } = this.#options;
    const queue = { records: 0, bytes: 0, oldestMs: 0 };
    let storedRows = 0;
    let rejectedRecords = 0;
    for (const set of this.#sets) {
      const { records, bytes, oldestMs } = set.queue(nowWallMs, countMs);
      queue.records += records;
      queue.bytes += bytes;
      queue.oldestMs = Math.max(queue.oldestMs, oldestMs);
      storedRows += set.storedRows;
      rejectedRecords += set.rejectedRecords;
    }
    return {
      kind: store.kind,
      state: this.#away === '' ? 'up' : 'away',
      reason: this.#away,
      warning: store.warning(),
      storedRows,
      rejectedRecords,
      queue,
    };
  }

  /** Segments, and days of the tables, that are older than the parameters say. */
  async removeOld(nowWallMs: number, graceMs?: number): Promise<void> {
    for (const set of this.#sets) set.removeOldSegments(nowWallMs, graceMs);
    const keepDays = this.#options.parameters().SERVER_CDR_KEEP_DAYS;
    if (keepDays === 0) return;
    const { store } = this.#options;
    const oldest = addDays(dayOfNode(nowWallMs), -keepDays);
    for (const { day } of await store.days()) if (day < oldest) await store.dropDay(day);
  }

  close(): void {
    for (const set of this.#sets) set.close();
  }

  /** Begins anew from the checkpoints. */
  async #open(): Promise<void> {
    const { directory, store, parameters, onRejected, readers = [] } = this.#options;
    const sets: SetWriter[] = [];
    for (const set of listLogSets(directory)) {
      sets.push(await SetWriter.open({ set, store, parameters, onRejected, readers }));
    }
    this.#sets = sets;
    this.#opened = currentLogSet(directory) !== null;
  }
}
