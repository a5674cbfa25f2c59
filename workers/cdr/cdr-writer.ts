// Ships the CDR log of a data directory into the ledger: the sets that are left of earlier days first, then
// the one in use, for ever. What it does in a thread of its own is cdr-writer-thread.ts.
import type { UsageRules } from '../../core/billing/fraud-usage.ts';
import type { CdrStoreFigures } from '../admin-messages.ts';
import type { LedgerStore, RejectedRecord } from '../ledger/ledger-store.ts';
import type { LogReader } from './log-retention.ts';
import { currentLogSet, listLogSets, listSegments } from './log-set.ts';
import type { WriterParameters } from './row-rules.ts';
import { SetWriter } from './set-writer.ts';
import { addDays, dayOfNode } from './table-days.ts';
import { UnreachedBacklog } from './unreached-backlog.ts';

/** How long one look at the queue may count. */
const countMs = 20;
/** What days of fraud limits have used; only the last one is ever asked for. */
const usageKeepDays = 8;
const dayMs = 86_400_000;

export interface CdrWriterOptions {
  /** The data directory. */
  readonly directory: string;
  readonly store: LedgerStore;
  readonly parameters: () => WriterParameters;
  /** By what CDRs count for fraud limits; absent: they do not. */
  readonly usage?: () => UsageRules;
  readonly onRejected: (rejected: RejectedRecord) => void;
  /** Who else reads the log; default: nobody. */
  readonly readers?: readonly LogReader[];
}

export class CdrWriter {
  readonly #options: CdrWriterOptions;
  #sets: SetWriter[] = [];
  #opened = false;
  /** While the ledger has not said where it is. */
  #unreached: UnreachedBacklog | undefined;
  #away = '';
  #lastQueue: CdrStoreFigures['queue'] = { records: 0, bytes: 0, oldestMs: 0 };

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
      // Whatever it is, nothing is stored meanwhile.
      this.#away = (error as Error).message;
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
    let storedRows = 0;
    let rejectedRecords = 0;
    for (const set of this.#sets) {
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
      queue: this.#queue(nowWallMs),
    };
  }

  /** As it was where the log cannot be read at the moment: figures are told all the same. */
  #queue(nowWallMs: number): CdrStoreFigures['queue'] {
    try {
      const queue = this.#unreachedQueue(nowWallMs);
      for (const set of this.#sets) {
        const { records, bytes, oldestMs } = set.queue(nowWallMs, countMs);
        queue.records += records;
        queue.bytes += bytes;
        queue.oldestMs = Math.max(queue.oldestMs, oldestMs);
      }
      this.#lastQueue = queue;
    } catch (error) {
      this.#away ||= (error as Error).message;
    }
    return this.#lastQueue;
  }

  /** Segments, and days of the tables, that are older than the parameters say. */
  async removeOld(nowWallMs: number, graceMs?: number): Promise<void> {
    for (const set of this.#sets) set.removeOldSegments(nowWallMs, graceMs);
    const { store } = this.#options;
    for (const { set } of this.#sets) {
      const files = listSegments(set.directory).map(({ file }) => file);
      await store.dropUnlisted(set.id, files);
    }
    await store.dropUsages(Math.floor(nowWallMs / dayMs) - usageKeepDays);
    const keepDays = this.#options.parameters().SERVER_CDR_KEEP_DAYS;
    if (keepDays === 0) return;
    const oldest = addDays(dayOfNode(nowWallMs), -keepDays);
    for (const { day } of await store.days()) if (day < oldest) await store.dropDay(day);
  }

  close(): void {
    for (const set of this.#sets) set.close();
    this.#forgetUnreached();
  }

  #unreachedQueue(nowWallMs: number): CdrStoreFigures['queue'] {
    if (this.#opened || this.#away === '') return { records: 0, bytes: 0, oldestMs: 0 };
    this.#unreached ??= new UnreachedBacklog(this.#options.directory);
    return this.#unreached.queue(nowWallMs, countMs);
  }

  #forgetUnreached(): void {
    this.#unreached?.close();
    this.#unreached = undefined;
  }

  /** Begins anew from the checkpoints. */
  async #open(): Promise<void> {
    const { directory, readers = [], ...options } = this.#options;
    const sets: SetWriter[] = [];
    for (const set of listLogSets(directory)) {
      sets.push(await SetWriter.open({ set, readers, ...options }));
    }
    this.#sets = sets;
    this.#forgetUnreached();
    this.#opened = currentLogSet(directory) !== null;
  }
}
