// The CDR log of one call worker: append-only segments of frames. The worker records while it handles a
// batch of messages and flushes once, before it sends anything: what a peer was told is in the file.
// When writing fails `accepts` turns false (new calls are refused) and flush() answers false (final
// responses are withheld); nothing recorded is given up, the next flush tries again.

import type { AnswerRecord, Cdr } from '../../core/cdr/cdr.ts';
import { encodeAlive, encodeSegmentClose, encodeSegmentHeader } from '../../core/cdr/cdr-codec.ts';
import type { CdrQueueFigures } from '../admin-messages.ts';
import { CdrQueue } from './cdr-queue.ts';
import { datedAnswer, datedEnd } from './dated-records.ts';
import { diskFileSystem, type FileSystemPort } from './file-system-port.ts';
import { FrameBatch } from './frame.ts';
import {
  type LogSet,
  latestIncarnation,
  markSettledInOrder,
  openLogSet,
  segmentName,
  syncDirectoryNow,
} from './log-set.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface CdrLogOptions {
  /** The data directory (`--data`). */
  readonly directory: string;
  readonly worker: number;
  readonly node: string;
  /** How often the log is synced to the disk (`cdrSyncMs`). */
  readonly syncMs: number;
  /** Wall clock, ms since 1970 UTC. */
  readonly nowWallMs: number;
  readonly rotateBytes?: number;
  readonly aliveMs?: number;
  readonly files?: FileSystemPort;
}

export const rotateBytesDefault: number = 64 * 1024 * 1024;
export const aliveMsDefault = 5_000;
/** The reserve grows in steps of this, and holds this much beyond what the calls up need. */
const reserveStepBytes = 256 * 1024;
/** The most that one flush adds to a reserve: about a millisecond. */
const extendBytesMax = 4 * reserveStepBytes;
/** Kept for a call that is being set up: it may yet write an answer and an end. */
const setupBytes = 2048;
/** By how much an end record may be longer than the answer record of its call (which has both dialogs
 *  besides): the end reason. */
const endReasonBytes = 64;
const retryMs = 250;
/** Frames waiting for a disk that does not write. Beyond the first limit failed attempts are given up,
 *  beyond the second answered calls too; `lost` counts both. */
const waitingBytesMax = 16 * 1024 * 1024;
const waitingBytesLimit = 256 * 1024 * 1024;

export class CdrLog {
  readonly set: LogSet;
  readonly incarnation: number;
  /** False while the log cannot be written, or holds no reserve for a further call. */
  accepts = true;
  frames = 0;
  bytes = 0;
  /** Failed writes and syncs. */
  errors = 0;
  syncs = 0;
  /** Frames given up because the disk did not write for too long. */
  lost = 0;
  /** What failed last, for the log; '' when nothing does. */
  failure = '';

  readonly #options: CdrLogOptions;
  readonly #files: FileSystemPort;
  readonly #batch = new FrameBatch();
  /** Answered calls without an end record: segment of the answer and bytes kept for the end. */
  readonly #open = new Map<string, number>();
  #openBytes = 0;
  readonly #queue = new CdrQueue();
  #current: SegmentWriter;
  /** The segment after the current one, while it is made ready. */
  #next: SegmentWriter | null = null;
  /** Ended segments that wait for their last sync. */
  readonly #ended: SegmentWriter[] = [];
  #nextSequence = 1;
  #writeFailed = false;
  #reserveFailed = false;
  #rotationFailed = false;
  #syncFailed = false;
  #syncing = false;
  #dirty = false;
  #closed = false;
  #lastSyncMs = 0;
  #lastAliveMs = Number.NEGATIVE_INFINITY;
  #setupCalls = 0;
  #nowMs = 0;
  /** Before this nothing that failed is tried again, but the frames themselves. */
  #retryAtMs = 0;
  #nowWallMs: number;

  /** Throws when the directory or the first segment cannot be created; a disk that is full it survives. */
  constructor(options: CdrLogOptions) {
    this.#options = options;
    this.#files = options.files ?? diskFileSystem;
    this.#nowWallMs = options.nowWallMs;
    this.set = openLogSet(options.directory);
    this.incarnation = Math.max(
      Math.floor(options.nowWallMs),
      latestIncarnation(this.set.directory, options.worker) + 1,
    );
    this.#current = this.#createSegment(0);
    syncDirectoryNow(this.set.directory);
    this.#addHeader(this.#current);
    this.flush();
  }

  /** The call is answered; its CDR so far and both dialogs. */
  recordAnswer(answer: AnswerRecord): void {
    const bytes = this.#add(datedAnswer(answer), waitingBytesLimit);
    const kept = Math.min(bytes + endReasonBytes, 0xffff);
    this.#open.set(answer.cdr.id, this.#current.name.sequence * 0x10000 + kept);
    this.#openBytes += kept;
  }

  /** The call has ended, or was never answered. */
  recordEnd(cdr: Cdr): void {
    const answered = cdr.answeredAt !== null;
    this.#add(datedEnd(cdr), answered ? waitingBytesLimit : waitingBytesMax);
    if (!answered) return;
    const open = this.#open.get(cdr.id);
    if (open === undefined) return;
    this.#open.delete(cdr.id);
    this.#openBytes -= open & 0xffff;
  }

  /** One write of all that was recorded; true when all of it is in the file. */
  flush(): boolean {
    const batch = this.#batch;
    if (batch.length > 0) {
      if (!this.#current.append(batch.bytes.subarray(0, batch.length))) {
        this.#failed(this.#current.failure);
        this.#queue.onWriteFailed(this.#nowMs);
        this.#writeFailed = true;
        this.accepts = false;
        return false;
      }
      this.#countWritten(batch.frames, batch.length);
      batch.clear();
      this.#dirty = true;
      if (this.#writeFailed) {
        this.#writeFailed = false;
        this.#judge();
      }
    }
    if (this.#current.reserveBytes < this.#reserveNeeded && this.#mayRetry(this.#reserveFailed)) {
      this.#extendReserve();
    }
    if (this.#current.position >= this.#rotateBytes >>> 1) this.#advanceRotation();
    return true;
  }

  /** To be called a few times a second: alive frames, syncs, retries. Never waits for the disk.
   *  `callsUp`: answered and in setup; room for their end records is kept. */
  tick(nowMs: number, nowWallMs: number, callsUp: number = this.#open.size): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    this.#nowWallMs = nowWallMs;
    this.#setupCalls = Math.max(0, callsUp - this.#open.size);
    const aliveMs = this.#options.aliveMs ?? aliveMsDefault;
    if (nowMs - this.#lastAliveMs >= aliveMs && !this.#writeFailed) {
      this.#lastAliveMs = nowMs;
      this.alive(nowWallMs);
    }
    this.flush();
    // Calls may have ended since the reserve could not be had.
    if (this.#reserveFailed && this.#current.reserveBytes >= this.#reserveNeeded) {
      this.#reserveFailed = false;
      this.#judge();
    }
    if (nowMs - this.#lastSyncMs >= this.#options.syncMs) {
      this.#lastSyncMs = nowMs;
      this.#sync();
    }
  }

  /** Records that the worker lives: calls up when it dies are billed to the last of these. */
  alive(nowWallMs: number): void {
    const oldestOpenSequence = this.#oldestOpenSequence();
    this.#add(
      encodeAlive({ at: nowWallMs, openCalls: this.#open.size, oldestOpenSequence }),
      waitingBytesMax,
    );
  }

  /** Ends the log in order: flushed, synced, reserve given back. Answers false when frames are left
   *  that could not be written. */
  close(nowWallMs: number): boolean {
    if (this.#closed) return true;
    this.#nowWallMs = nowWallMs;
    const written = this.flush();
    if (written) {
      this.#add(encodeSegmentClose(nowWallMs, this.#open.size), waitingBytesMax);
      this.flush();
    }
    this.#closed = true;
    for (const segment of [...this.#ended, this.#current]) this.#finish(segment);
    if (this.#next !== null) this.#finish(this.#next, true);
    this.#next = null;
    if (written && this.#open.size === 0) {
      markSettledInOrder(this.set.directory, this.#options.worker, this.incarnation);
    }
    return written;
  }

  /** Answered calls without an end record. */
  get openCalls(): number {
    return this.#open.size;
  }

  /** Bytes that could not be written yet. */
  get waitingBytes(): number {
    return this.#batch.length;
  }

  queue(): CdrQueueFigures {
    return this.#queue.figures(this.#batch, this.#nowMs);
  }

  get segmentFile(): string {
    return this.#current.name.file;
  }

  get #rotateBytes(): number {
    return this.#options.rotateBytes ?? rotateBytesDefault;
  }

  get #reserveNeeded(): number {
    return this.#openBytes + this.#setupCalls * setupBytes + reserveStepBytes;
  }

  #add(values: unknown[], waitingMax: number): number {
    if (this.#writeFailed && this.#batch.length > waitingMax) {
      this.lost++;
      return 0;
    }
    const bytes = this.#batch.add(values);
    if (bytes === 0) this.lost++;
    return bytes;
  }

  #countWritten(frames: number, bytes: number): void {
    this.frames += frames;
    this.bytes += bytes;
    this.#queue.onWritten(frames, bytes, this.#nowMs);
  }

  #judge(): void {
    this.accepts = !(this.#writeFailed || this.#reserveFailed || this.#syncFailed);
    if (this.accepts) this.failure = '';
  }

  #extendReserve(): void {
    const segment = this.#current;
    // A step more than is missing, so that not every batch extends.
    const missing = this.#reserveNeeded - segment.reserveBytes + reserveStepBytes;
    const extended = segment.extend(Math.min(missing, extendBytesMax));
    this.#reserveFailed = !extended && segment.reserveBytes < this.#reserveNeeded;
    if (!extended) {
      this.#failed(segment.failure);
      // What was allocated for the next segment is of more use to this one.
      this.#next?.releaseReserve();
    }
    this.#judge();
  }

  /** Makes the next segment ready a step at a time, and moves there once it has the whole reserve. */
  #advanceRotation(): void {
    if (this.#closed || !this.#mayRetry(this.#reserveFailed || this.#rotationFailed)) return;
    this.#next ??= this.#createNext();
    const next = this.#next;
    if (next === null) return;
    if (next.reserveBytes < this.#reserveNeeded + reserveStepBytes) {
      this.#rotationFailed = !next.extend(reserveStepBytes);
      if (!this.#rotationFailed) return;
      this.#failed(next.failure);
      next.releaseReserve();
      return;
    }
    if (this.#current.position >= this.#rotateBytes) this.#rotate(next);
  }

  #rotate(next: SegmentWriter): void {
    const close = new FrameBatch(64);
    close.add(encodeSegmentClose(this.#nowWallMs, this.#open.size));
    if (!this.#current.append(close.bytes.subarray(0, close.length))) {
      this.#failed(this.#current.failure);
      return;
    }
    this.#countWritten(1, close.length);
    this.#current.releaseReserve();
    this.#ended.push(this.#current);
    this.#current = next;
    this.#next = null;
    this.#addHeader(next);
  }

  #createNext(): SegmentWriter | null {
    try {
      const next = this.#createSegment(this.#nextSequence++);
      this.#files.directorySync(this.set.directory, (error) => {
        if (error !== null) this.#failed(String(error));
      });
      return next;
    } catch (error) {
      this.#rotationFailed = true;
      this.#failed(String(error));
      return null;
    }
  }

  #mayRetry(failedBefore: boolean): boolean {
    return !failedBefore || this.#nowMs >= this.#retryAtMs;
  }

  #failed(reason: string): void {
    this.errors++;
    this.failure = reason;
    this.#retryAtMs = this.#nowMs + retryMs;
  }

  #createSegment(sequence: number): SegmentWriter {
    const name = segmentName('w', this.#options.worker, this.incarnation, sequence);
    return new SegmentWriter(this.#files, this.set.directory, name);
  }

  /** The header joins the first batch of its segment. */
  #addHeader(segment: SegmentWriter): void {
    this.#add(
      encodeSegmentHeader({
        set: this.set.id,
        node: this.#options.node,
        worker: this.#options.worker,
        incarnation: this.incarnation,
        sequence: segment.name.sequence,
        startedAt: this.#nowWallMs,
        oldestOpenSequence: this.#oldestOpenSequence(),
      }),
      waitingBytesLimit,
    );
  }

  /** Calls stay in the map in the order of their answers: the first one is the oldest. */
  #oldestOpenSequence(): number {
    for (const open of this.#open.values()) return Math.floor(open / 0x10000);
    return this.#current.name.sequence;
  }

  /** At most one sync at a time. A sync that failed may have lost what it was to write (fsync(2)): no new
   *  calls until one succeeds. */
  #sync(): void {
    if (this.#syncing) return;
    const ended = this.#ended[0];
    if (ended === undefined && !this.#dirty) return;
    const segment = ended ?? this.#current;
    if (ended === undefined) {
      this.#dirty = false;
      this.#queue.onSyncStarted(this.#nowMs);
    }
    this.#syncing = true;
    this.#files.dataSync(segment.descriptor, (error) => {
      this.#syncing = false;
      if (this.#closed) return;
      this.#syncFailed = error !== null;
      if (error === null) {
        this.syncs++;
        if (ended === undefined) this.#queue.onSynced();
        else this.#ended.shift()!.close();
      } else {
        this.#failed(String(error));
        this.#dirty = true;
      }
      this.#judge();
    });
  }

  /** `unused`: made ready for a rotation that did not come. */
  #finish(segment: SegmentWriter, unused = false): void {
    try {
      segment.releaseReserve();
      if (!unused) this.#files.dataSyncNow(segment.descriptor);
      if (!unused) this.syncs++;
      segment.close();
      if (unused) this.#files.remove(segment.path);
    } catch (error) {
      this.#failed(String(error));
    }
  }
}
