// One hand-off of CDRs to another system: reads the log from its own cursor, gives the batches to its target,
// and moves the cursor behind what the target has taken. The queue is the log: segments stay until they are
// handed off, but no longer than a parameter says, and not once the disk runs full.
import fs from 'node:fs';
import path from 'node:path';
import type { Cdr } from '../../core/cdr/cdr.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import type { HandOffFigures } from '../admin-messages.ts';
import type { LogReader, SegmentQuestion } from '../cdr/log-retention.ts';
import { type LogSet, parseSegmentName } from '../cdr/log-set.ts';
import { streamName } from '../cdr/log-tail.ts';
import { syncSegments } from '../cdr/sync-segments.ts';
import { CursorFile, type HandOffCursor } from './cursor-file.ts';
import { firstPlaces } from './first-places.ts';
import { type HandOffBatch, LogSource, recordsFrom, type UnusableRecord } from './log-source.ts';

/** A system that CDRs are handed to. */
export interface HandOffTarget<Item, Own> {
  readonly name: 'files' | 'push';
  /** For people; no secrets. */
  readonly to: string;
  /** What it keeps in the cursor at the beginning. */
  readonly fresh: Own;
  /** How much may be handed over again after the node was killed; 0: nothing. */
  readonly cursorDelayMs: number;
  recordsMax(): number;
  /** Undefined: this CDR is not handed off. A throw sets it aside. */
  form(cdr: Cdr, logId: LogId): Item | undefined;
  /** Hands the batch over; resolves with what is kept in the cursor then. Offered again, the same object, after
   *  a failure. @throws Error */
  deliver(batch: HandOffBatch<Item>, own: Own): Promise<Own>;
  /** All of the log is handed over. The same object where nothing is to be kept. @throws Error */
  rest(own: Own): Promise<Own>;
  /** The hand-off was turned off. @throws Error */
  end(own: Own): Promise<void>;
  /** Records that it has set aside since the start, beside those without form. */
  setAside(): number;
  close(): void;
}

export interface HandOffOptions<Item, Own> {
  readonly dataDir: string;
  readonly target: HandOffTarget<Item, Own>;
  /** Days that the log waits; 0: for ever. */
  readonly keepDays: () => number;
  readonly onUnusable: (record: UnusableRecord) => void;
  /** CDRs that were removed from the log before they were handed off. */
  readonly onLost: (lost: { file: string; records: number; reason: string }) => void;
  /** Free part of the log's file system, 0 to 1; tests bring their own. */
  readonly freeShare?: (directory: string) => number;
}

const dayMs = 86_400_000;
/** Calls need the log: below this much of the disk free, no segment stays for a hand-off. */
const freeShareMin = 0.1;
/** How long one look at the queue may count. */
const countMs = 20;

export class HandOff<Item, Own> implements LogReader {
  readonly #options: HandOffOptions<Item, Own>;
  readonly #file: CursorFile<Own>;
  /** Undefined: nobody has said yet. */
  #wanted: { since: number } | null | undefined;
  #source: LogSource<Item> | undefined;
  #cursor: HandOffCursor<Own> | undefined;
  /** As it is in the file. */
  #saved: HandOffCursor<Own> | undefined;
  #savedMs = 0;
  #waiting: HandOffBatch<Item> | undefined;
  #mustReopen = false;
  #isBehind = false;
  #isStepping = false;
  /** It was off when it was looked at last: no cursor is left. */
  #isOff = false;
  #away = '';
  #counts = { records: 0, unusable: 0, lost: 0 };

  constructor(options: HandOffOptions<Item, Own>) {
    this.#options = options;
    this.#file = new CursorFile(options.dataDir, options.target.name);
  }

  /** On for calls that end from `since` on (unless there is a cursor already), or off. */
  want(wanted: { since: number } | null): void {
    const isOn = this.#wanted !== null && this.#wanted !== undefined;
    if (wanted === null || !isOn) this.#wanted = wanted;
  }

  /** Hands one batch over. `idle`: all that was there is handed over. @throws Error, to be tried again */
  async step(): Promise<'off' | 'idle' | 'more'> {
    if (this.#wanted === undefined) return 'off';
    this.#isStepping = true;
    try {
      const went = this.#wanted === null ? await this.#turnOff() : await this.#move(this.#wanted);
      this.#away = '';
      if (went !== 'more') this.#catchUp();
      return went;
    } catch (error) {
      this.#away = (error as Error).message;
      this.#isBehind = true;
      throw error;
    } finally {
      this.#isStepping = false;
    }
  }

  /** CDRs since the start. */
  handedOff(): number {
    return this.#counts.records;
  }

  /** Null while it is off. */
  figures(nowWallMs: number): HandOffFigures | null {
    if (this.#wanted === undefined || this.#wanted === null) return null;
    const { target } = this.#options;
    const oldest = this.#waiting?.oldestEndedAt;
    return {
      to: target.to,
      state: this.#away === '' ? 'up' : 'away',
      reason: this.#away,
      records: this.#counts.records,
      setAside: this.#counts.unusable + target.setAside(),
      lost: this.#counts.lost,
      queue: {
        ...this.#queue(),
        oldestMs: oldest === undefined ? 0 : Math.max(0, nowWallMs - oldest),
      },
    };
  }

  /** At the end: what was handed over since the cursor was saved need not be handed over again. */
  async close(): Promise<void> {
    this.#options.target.close();
    // Two writers of one file would spoil it: what is under way saves it, or is done again.
    const isSaved = this.#cursor === this.#saved;
    if (this.#cursor !== undefined && !isSaved && !this.#isStepping) await this.#save(this.#cursor);
    this.#source?.close();
  }

  needs(set: LogSet, { segment, isLast, ageMs }: SegmentQuestion): boolean {
    if (this.#wanted === undefined) return true;
    if (this.#wanted === null) return false;
    const places = this.#saved?.sets[set.id] ?? {};
    if (this.#source?.isPassed(places, set, { segment, isLast }) === true) return false;
    // Not opened yet: what was handed off is not known.
    if (this.#source === undefined && this.#away === '') return true;
    const reason = this.#reasonToGo(set, ageMs);
    if (reason === '') return true;
    const place = places[streamName(segment)];
    const placed = place === undefined ? null : parseSegmentName(place.file);
    if (placed !== null && placed.sequence > segment.sequence) return false;
    const offset = place?.file === segment.file ? place.offset : 0;
    const records = recordsFrom(set, segment.file, offset);
    this.#counts.lost += records;
    this.#mustReopen = true;
    if (records > 0) this.#options.onLost({ file: segment.file, records, reason });
    return false;
  }

  gone(set: LogSet, streams: readonly string[]): void {
    this.#source?.forget(set, streams);
  }

  /** Why a segment that was not handed off is removed all the same; '' where it is not. */
  #reasonToGo(set: LogSet, ageMs: number): string {
    const keepDays = this.#options.keepDays();
    if (keepDays > 0 && ageMs > keepDays * dayMs) return `older than ${keepDays} days`;
    const freeShare = (this.#options.freeShare ?? freeShareOf)(set.directory);
    return freeShare < freeShareMin ? 'the disk of the CDR log runs full' : '';
  }

  async #move(wanted: { since: number }): Promise<'idle' | 'more'> {
    const source = this.#source ?? (await this.#open(wanted));
    if (this.#mustReopen) {
      this.#waiting = undefined;
      source.reopen();
      this.#mustReopen = false;
    }
    // Since one that waited was read, the log may have grown.
    const hasWaited = this.#waiting !== undefined;
    this.#waiting ??= this.#next(source);
    const batch = this.#waiting;
    if (batch !== undefined) await this.#handOver(source, batch);
    if (hasWaited || batch?.hasMore === true) {
      this.#isBehind = true;
      return 'more';
    }
    const own = await this.#options.target.rest(this.#cursor!.own);
    source.since = 0;
    const isChanged = own !== this.#cursor!.own || this.#cursor!.since !== 0;
    if (isChanged) await this.#keep({ ...this.#cursor!, own, since: 0 });
    else if (this.#cursor !== this.#saved) await this.#keep(this.#cursor!);
    return 'idle';
  }

  #next(source: LogSource<Item>): HandOffBatch<Item> | undefined {
    try {
      return source.next();
    } catch (error) {
      // What it had read of the batch is lost with it.
      this.#mustReopen = true;
      throw error;
    }
  }

  async #handOver(source: LogSource<Item>, batch: HandOffBatch<Item>): Promise<void> {
    await syncSegments(batch.set, batch.files);
    const own = await this.#options.target.deliver(batch, this.#cursor!.own);
    const sets = { ...source.placesOfSets(), [batch.set.id]: batch.places };
    await this.#keep({ ...this.#cursor!, own, sets });
    source.settle(batch);
    this.#waiting = undefined;
    this.#counts.records += batch.items.length;
    this.#counts.unusable += batch.unusable.length;
    for (const record of batch.unusable) this.#options.onUnusable(record);
  }

  async #open({ since }: { since: number }): Promise<LogSource<Item>> {
    const { dataDir, target } = this.#options;
    this.#isOff = false;
    let cursor = this.#file.load();
    if (cursor === null) {
      cursor = { since, sets: firstPlaces(dataDir, since), own: target.fresh };
      await this.#save(cursor);
    }
    this.#cursor = cursor;
    this.#saved = cursor;
    this.#source = new LogSource({
      directory: dataDir,
      form: (cdr, logId) => target.form(cdr, logId),
      recordsMax: () => target.recordsMax(),
      places: cursor.sets,
      since: cursor.since,
    });
    return this.#source;
  }

  /** Ends what was begun, and forgets the cursor. */
  async #turnOff(): Promise<'off'> {
    if (this.#isOff) return 'off';
    const cursor = this.#cursor ?? this.#loadOrNull();
    if (cursor !== null) await this.#options.target.end(cursor.own);
    this.#file.remove();
    this.#isOff = true;
    this.#source?.close();
    this.#source = undefined;
    this.#cursor = undefined;
    this.#saved = undefined;
    this.#waiting = undefined;
    return 'off';
  }

  /** Of one that cannot be read nothing can be ended. */
  #loadOrNull(): HandOffCursor<Own> | null {
    try {
      return this.#file.load();
    } catch {
      return null;
    }
  }

  /** In the file at once, or within the target's delay. */
  async #keep(cursor: HandOffCursor<Own>): Promise<void> {
    const delayMs = this.#options.target.cursorDelayMs;
    if (delayMs === 0 || performance.now() - this.#savedMs >= delayMs) await this.#save(cursor);
    this.#cursor = cursor;
  }

  async #save(cursor: HandOffCursor<Own>): Promise<void> {
    await this.#file.save(cursor);
    this.#saved = cursor;
    this.#savedMs = performance.now();
  }

  #catchUp(): void {
    this.#isBehind = false;
    this.#source?.stopCounting();
  }

  #queue(): { records: number; bytes: number } {
    if (this.#isBehind && this.#source !== undefined) return this.#source.backlog(countMs);
    return { records: this.#waiting?.items.length ?? 0, bytes: this.#waiting?.bytes ?? 0 };
  }
}

function freeShareOf(directory: string): number {
  const { bavail, blocks } = fs.statfsSync(path.resolve(directory));
  return blocks === 0 ? 1 : bavail / blocks;
}
