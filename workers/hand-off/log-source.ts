// Reads the CDR log for a hand-off, set by set, from a cursor of the hand-off's own: neither the ledger nor
// another hand-off has a part in it.

import type { Cdr } from '../../core/cdr/cdr.ts';
import { FrameCode } from '../../core/cdr/cdr-codec.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import { isPassed } from '../cdr/log-retention.ts';
import { type LogSet, listLogSets, type SegmentName } from '../cdr/log-set.ts';
import { LogBacklog, movesOn } from '../cdr/log-tail.ts';
import { type LoggedFrame, SegmentReader } from '../cdr/segment-reader.ts';
import type { LogPlace } from '../ledger/ledger-store.ts';
import { MergedTail } from './merged-tail.ts';

export type Places = Readonly<Record<string, LogPlace>>;
export type PlacesOfSets = Readonly<Record<string, Places>>;

/** A record that cannot be given any form. */
export interface UnusableRecord {
  readonly logId: LogId;
  readonly reason: string;
}

export interface HandOffBatch<Item> {
  readonly set: LogSet;
  readonly items: readonly Item[];
  readonly unusable: readonly UnusableRecord[];
  /** Of the items. */
  readonly bytes: number;
  /** End of the oldest call; undefined without items. */
  readonly oldestEndedAt: number | undefined;
  /** Segments that the items are from. */
  readonly files: readonly string[];
  /** Where reading goes on behind it. */
  readonly places: Places;
  /** There was more to read in this set, or there are more sets. */
  readonly hasMore: boolean;
}

export interface LogSourceOptions<Item> {
  /** The data directory. */
  readonly directory: string;
  readonly form: (cdr: Cdr, logId: LogId) => Item | undefined;
  readonly recordsMax: () => number;
  /** Handed-off places, by set. */
  readonly places: PlacesOfSets;
  readonly since: number;
}

/** A batch ends at this many bytes of the log. */
const batchBytesMax = 1024 * 1024;
/** And after so many that are not handed off: the thread has others to serve. */
const passedMax = 5_000;

interface OpenSet {
  readonly set: LogSet;
  tail: MergedTail;
  /** Handed off. */
  places: Places;
  /** Segments were removed: their streams leave the cursor. */
  isShorter: boolean;
}

export class LogSource<Item> {
  /** See HandOffCursor. */
  since: number;
  readonly #options: LogSourceOptions<Item>;
  readonly #sets = new Map<string, OpenSet>();
  #backlogs: LogBacklog[] | undefined;
  /** Handed off since the backlog began to be counted. */
  #sinceCount = { records: 0, bytes: 0 };

  constructor(options: LogSourceOptions<Item>) {
    this.#options = options;
    this.since = options.since;
    this.#openSets();
  }

  /** The next batch; undefined where all was read and the cursor need not move. */
  next(): HandOffBatch<Item> | undefined {
    this.#openSets();
    const sets = [...this.#sets.values()];
    for (const [index, open] of sets.entries()) {
      const batch = this.#collect(open, index < sets.length - 1);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  /** The batch was handed over. */
  settle(batch: HandOffBatch<Item>): void {
    this.#sets.get(batch.set.id)!.places = batch.places;
    this.#sinceCount.records += batch.items.length + batch.unusable.length;
    this.#sinceCount.bytes += batch.bytes;
  }

  placesOfSets(): PlacesOfSets {
    const places: Record<string, Places> = {};
    for (const [id, open] of this.#sets) places[id] = open.places;
    return places;
  }

  /** Whether all of the segment is behind these places. */
  isPassed(places: Places, set: LogSet, at: { segment: SegmentName; isLast: boolean }): boolean {
    const tail = this.#sets.get(set.id)?.tail.tail;
    return tail !== undefined && isPassed({ places, tail }, at.segment, at.isLast);
  }

  /** The last segments of these streams were removed. */
  forget(set: LogSet, streams: readonly string[]): void {
    const open = this.#sets.get(set.id);
    if (open === undefined) return;
    for (const name of streams) open.tail.forget(name);
    open.isShorter = true;
  }

  /** Reads anew from what was handed off: what was read ahead is dropped, what was removed is passed. */
  reopen(): void {
    this.stopCounting();
    for (const open of this.#sets.values()) {
      open.tail.close();
      open.tail = new MergedTail(open.set, open.places);
    }
  }

  /** What is in the log and not handed off; counts for at most `budgetMs` at a time. */
  backlog(budgetMs: number): { records: number; bytes: number } {
    if (this.#backlogs === undefined) {
      this.#sinceCount = { records: 0, bytes: 0 };
      this.#backlogs = [...this.#sets.values()].map(
        ({ set, places }) => new LogBacklog(set, places),
      );
    }
    const endMs = performance.now() + budgetMs;
    let frames = 0;
    let records = -this.#sinceCount.records;
    let bytes = -this.#sinceCount.bytes;
    for (const backlog of this.#backlogs) {
      backlog.count(() => (++frames & 0xff) !== 0 || performance.now() < endMs);
      records += backlog.records;
      bytes += backlog.bytes;
    }
    return { records: Math.max(0, records), bytes: Math.max(0, bytes) };
  }

  /** A second reading of the log is only worth its price while something is behind. */
  stopCounting(): void {
    for (const backlog of this.#backlogs ?? []) backlog.close();
    this.#backlogs = undefined;
  }

  close(): void {
    this.stopCounting();
    for (const { tail } of this.#sets.values()) tail.close();
  }

  #openSets(): void {
    for (const set of listLogSets(this.#options.directory)) {
      if (this.#sets.has(set.id)) continue;
      const places = this.#options.places[set.id] ?? {};
      this.#sets.set(set.id, { set, places, tail: new MergedTail(set, places), isShorter: false });
    }
  }

  #collect(open: OpenSet, isNotLast: boolean): HandOffBatch<Item> | undefined {
    const { set, tail } = open;
    const items: Item[] = [];
    const unusable: UnusableRecord[] = [];
    const files = new Set<string>();
    const recordsMax = this.#options.recordsMax();
    let oldestEndedAt: number | undefined;
    let bytes = 0;
    let passed = 0;
    let isFull = false;
    tail.refresh();
    for (let logged = tail.next(); logged !== null; logged = tail.next()) {
      const item = this.#itemOf(logged, unusable);
      if (item === undefined) {
        isFull = ++passed >= passedMax;
        if (isFull) break;
        continue;
      }
      items.push(item);
      if (logged.frame.kind === 'end') oldestEndedAt ??= logged.frame.cdr.endedAt;
      files.add(logged.logId.file);
      bytes += logged.nextOffset - logged.logId.offset;
      isFull = items.length >= recordsMax || bytes >= batchBytesMax;
      if (isFull) break;
    }
    const places = tail.places();
    const isEmpty = items.length === 0 && unusable.length === 0;
    if (isEmpty && !isFull && !open.isShorter && !movesOn(tail.tail, open.places, places))
      return undefined;
    open.isShorter = false;
    return {
      ...{ set, items, unusable, bytes, oldestEndedAt, files: [...files], places },
      hasMore: isFull || isNotLast,
    };
  }

  #itemOf({ frame, logId }: LoggedFrame, unusable: UnusableRecord[]): Item | undefined {
    if (frame.kind === 'end') {
      if (this.since > 0 && frame.cdr.endedAt < this.since) return undefined;
      try {
        return this.#options.form(frame.cdr, logId);
      } catch (error) {
        unusable.push({ logId, reason: (error as Error).message });
      }
    } else if (frame.kind === 'unknown' && frame.code === FrameCode.end) {
      const reason = `layout version ${frame.version} of an end record cannot be read`;
      unusable.push({ logId, reason });
    }
    return undefined;
  }
}

/** End records of a segment from an offset on: what is lost when it is removed. */
export function recordsFrom(set: LogSet, file: string, fromOffset: number): number {
  const reader = new SegmentReader(set, file, {
    fromOffset,
    depth: 'codes',
    searchPastDamage: true,
  });
  let records = 0;
  for (let logged = reader.next(); logged !== null; logged = reader.next()) {
    if (logged.frame.kind === 'unknown' && logged.frame.code === FrameCode.end) records++;
  }
  reader.close();
  return records;
}
