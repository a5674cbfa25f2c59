// Ships one log set into the ledger, batch by batch: while the store writes one batch, the next is read.
// Nothing is given up: a batch that could not be written is offered until it is, or until the store says
// that its checkpoint has moved; then reading begins anew from there.
import { setImmediate } from 'node:timers/promises';
import { type UsageRules, usagesOf } from '../../core/billing/fraud-usage.ts';
import { FrameCode } from '../../core/cdr/cdr-codec.ts';
import { chargesOf } from '../../core/cdr/charges.ts';
import type {
  Checkpoint,
  LedgerBatch,
  LedgerRow,
  LedgerStore,
  PreparedBatch,
  RejectedRecord,
} from '../ledger/ledger-store.ts';
import { type LogReader, removeOldSegments } from './log-retention.ts';
import type { LogSet } from './log-set.ts';
import { LogBacklog, LogTail, movesOn } from './log-tail.ts';
import { isListed, type WriterParameters } from './row-rules.ts';
import type { LoggedFrame } from './segment-reader.ts';
import { syncSegments } from './sync-segments.ts';

/** A batch ends at this many bytes of the log, however many records it may have. */
const batchBytesMax = 4 * 1024 * 1024;

export interface SetWriterOptions {
  readonly set: LogSet;
  readonly store: LedgerStore;
  readonly parameters: () => WriterParameters;
  readonly usage?: () => UsageRules;
  /** Told of each record that no table takes. */
  readonly onRejected: (rejected: RejectedRecord) => void;
  /** Who else reads the log. */
  readonly readers: readonly LogReader[];
}

interface Batch {
  readonly prepared: PreparedBatch;
  readonly records: number;
  readonly bytes: number;
  readonly files: readonly string[];
  readonly isFull: boolean;
  /** Its records are on the disk. Undefined: somebody has to see to it. */
  synced: Promise<void> | undefined;
}

export class SetWriter {
  readonly set: LogSet;
  storedRows = 0;
  shippedRecords = 0;
  shippedBytes = 0;
  rejectedRecords = 0;
  /** Places that the ledger has stored for certain. */
  checkpoint: Checkpoint;
  /** When that of the ledger was asked for last, ms since 1970. */
  #checkpointAskedAt: number;
  readonly #options: SetWriterOptions;
  /** Undefined where reading has to begin anew behind what was collected. */
  #tail: LogTail | undefined;
  /** Undefined since the writer was last at the end of the log, until somebody asks. */
  #backlog: LogBacklog | undefined;
  /** Read and not stored yet. */
  #waiting: Batch | undefined;
  /** Read behind it. */
  #ahead: Batch | undefined;
  /** The backlog and what was shipped are counted from the same place. */
  #shippedSinceCount = { records: 0, bytes: 0 };
  readonly #gone = new Set<string>();

  private constructor(options: SetWriterOptions, checkpoint: Checkpoint, askedAt: number) {
    this.#options = options;
    this.#checkpointAskedAt = askedAt;
    this.set = options.set;
    this.checkpoint = checkpoint;
  }

  static async open(options: SetWriterOptions): Promise<SetWriter> {
    const askedAt = Date.now();
    return new SetWriter(options, await options.store.checkpoint(options.set.id), askedAt);
  }

  /** Ships one batch. `idle`: nothing more was there to be read. @throws LedgerAway */
  async step(): Promise<'idle' | 'more'> {
    this.#waiting ??= this.#collect(this.checkpoint.version);
    const batch = this.#waiting;
    if (batch === undefined) return 'idle';
    await this.#sync(batch);
    const committing = this.#options.store.commit(batch.prepared);
    let fault: unknown;
    if (batch.isFull && this.#ahead === undefined) {
      // What is read in between must not lose the answer of the store.
      committing.catch(() => {});
      await setImmediate();
      fault = this.#readAhead(batch);
    }
    const result = await committing;
    if (result.kind === 'moved') {
      await this.#restart();
      return 'more';
    }
    this.#settle(batch, result.rows);
    for (const rejected of result.rejected) {
      this.rejectedRecords++;
      this.#options.onRejected(rejected);
    }
    if (fault !== undefined) throw fault;
    return batch.isFull ? 'more' : 'idle';
  }

  /** Answers what went wrong. */
  #readAhead(batch: Batch): unknown {
    try {
      this.#ahead = this.#collect(batch.prepared.batch.version + 1);
      if (this.#ahead !== undefined) this.#sync(this.#ahead).catch(() => {});
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Once; again where it failed. */
  #sync(batch: Batch): Promise<void> {
    batch.synced ??= syncSegments(this.set, batch.files).catch((error: unknown) => {
      batch.synced = undefined;
      throw error;
    });
    return batch.synced;
  }

  /** What is not stored yet; `budgetMs`: for counting what the log has got since. */
  queue(nowWallMs: number, budgetMs: number): { records: number; bytes: number; oldestMs: number } {
    if (this.#isAtEnd()) return { records: 0, bytes: 0, oldestMs: 0 };
    const endMs = performance.now() + budgetMs;
    let frames = 0;
    this.#backlog ??= new LogBacklog(this.set, this.checkpoint.places);
    this.#backlog.count(() => (++frames & 0xff) !== 0 || performance.now() < endMs);
    const records = Math.max(0, this.#backlog.records - this.#shippedSinceCount.records);
    const bytes = Math.max(0, this.#backlog.bytes - this.#shippedSinceCount.bytes);
    const oldest = this.#waiting?.prepared.batch.rows[0]?.cdr.endedAt;
    const oldestMs = oldest === undefined ? 0 : Math.max(0, nowWallMs - oldest);
    return { records, bytes, oldestMs };
  }

  /** All was read and stored, and no stream has grown since: an idle node does not read its log twice to know. */
  #isAtEnd(): boolean {
    const isCounting = this.#backlog !== undefined || this.#waiting !== undefined;
    return !isCounting && this.#tail !== undefined && !this.#tail.hasMore();
  }

  /** Removes segments that have served their time. */
  removeOldSegments(nowWallMs: number, graceMs?: number): void {
    const keepMs = this.#options.parameters().SS_CDR_LOG_KEEP_DAYS * 86_400_000;
    const gone = removeOldSegments({
      set: this.set,
      places: this.checkpoint.places,
      tail: this.#following(),
      keepMs,
      nowWallMs,
      readers: this.#options.readers,
      ...(graceMs === undefined ? {} : { graceMs }),
    });
    for (const name of gone) {
      this.#tail?.forget(name);
      this.#gone.add(name);
    }
    if (gone.length > 0) for (const reader of this.#options.readers) reader.gone(this.set, gone);
  }

  close(): void {
    this.#tail?.close();
    this.#tail = undefined;
    this.#forgetBacklog();
  }

  /** From behind the batch that was collected last. */
  #following(): LogTail {
    const { places } = (this.#ahead ?? this.#waiting)?.prepared.batch ?? this.checkpoint;
    this.#tail ??= new LogTail(this.set, places);
    return this.#tail;
  }

  #forgetBacklog(): void {
    this.#backlog?.close();
    this.#backlog = undefined;
    this.#shippedSinceCount = { records: 0, bytes: 0 };
  }

  #settle(batch: Batch, rows: number): void {
    const { version, places } = batch.prepared.batch;
    this.checkpoint = { version: version + 1, places };
    this.storedRows += rows;
    this.shippedRecords += batch.records;
    this.shippedBytes += batch.bytes;
    this.#shippedSinceCount.records += batch.records;
    this.#shippedSinceCount.bytes += batch.bytes;
    this.#waiting = this.#ahead;
    this.#ahead = undefined;
    // Counting on would be to read the log twice; from the checkpoint on it is a fraction of a second's.
    if (!batch.isFull && this.#waiting === undefined) this.#forgetBacklog();
  }

  async #restart(): Promise<void> {
    this.#checkpointAskedAt = Date.now();
    this.checkpoint = await this.#options.store.checkpoint(this.set.id);
    this.close();
    this.#waiting = undefined;
    this.#ahead = undefined;
  }

  /** The next batch, or undefined where there is nothing to say. What was read of one that fails is read again:
   *  a checkpoint behind it would lose its records for ever. */
  #collect(version: number): Batch | undefined {
    try {
      return this.#collectFrom(this.#following(), version);
    } catch (error) {
      this.#tail?.close();
      this.#tail = undefined;
      throw error;
    }
  }

  #collectFrom(tail: LogTail, version: number): Batch | undefined {
    const parameters = this.#options.parameters();
    const usage = this.#options.usage?.();
    const rows: LedgerRow[] = [];
    const rejected: RejectedRecord[] = [];
    const files = new Set<string>();
    let bytes = 0;
    tail.refresh();
    const isFull = !tail.read((logged) => {
      const record = recordOf(logged, parameters, usage);
      if (record === undefined) return true;
      files.add(logged.logId.file);
      bytes += logged.nextOffset - logged.logId.offset;
      if ('reason' in record) rejected.push(record);
      else rows.push(record);
      const records = rows.length + rejected.length;
      return records < parameters.SS_CDR_FILE_WRITE_MAX && bytes < batchBytesMax;
    });
    const places = tail.places();
    const records = rows.length + rejected.length;
    if (records === 0 && !this.#movesOn(tail)) return undefined;
    // A call is over before its end is written.
    const isNew = rows.every(({ cdr }) => cdr.endedAt > this.#checkpointAskedAt);
    const batch: LedgerBatch = { logSet: this.set.id, version, rows, rejected, places, isNew };
    const prepared = this.#options.store.prepare(batch);
    return { prepared, records, bytes, files: [...files], isFull, synced: undefined };
  }

  /** A stream less is worth a checkpoint too. */
  #movesOn(tail: LogTail): boolean {
    const isShorter = this.#gone.size > 0;
    this.#gone.clear();
    return isShorter || movesOn(tail, this.checkpoint.places);
  }
}

/** Undefined where the frame is no record of a call's end. */
function recordOf(
  { frame, logId, values, payload }: LoggedFrame,
  parameters: WriterParameters,
  usage: UsageRules | undefined,
): LedgerRow | RejectedRecord | undefined {
  if (frame.kind === 'end') {
    const { cdr, tableDay: day } = frame;
    const listed = isListed(cdr, parameters);
    const usages = usage === undefined ? undefined : usagesOf(cdr, usage);
    return { day, cdr, logId, charges: chargesOf(cdr), usages, listed, payload };
  }
  if (frame.kind !== 'unknown' || frame.code !== FrameCode.end) return undefined;
  const reason = `layout version ${frame.version} of an end record cannot be read`;
  return { logId, reason, raw: JSON.stringify(values) ?? 'null' };
}
