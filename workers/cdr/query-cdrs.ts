// Reads CDRs out of the log, oldest end first, while workers go on writing it: the segments of every
// worker and incarnation are read side by side and merged by `endedAt`. Memory is bounded by one window
// and one CDR for each incarnation whose time overlaps; other segments are not opened.
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Cdr } from '../../core/cdr/cdr.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import {
  type LogSet,
  listLogSets,
  listSegments,
  type SegmentName,
  settledIncarnation,
} from './log-set.ts';
import { firstFrame, type LoggedFrame, SegmentReader } from './segment-reader.ts';

export interface CdrQuery {
  /** The data directory. */
  readonly directory: string;
  /** CDRs of calls that ended at or after this, ms since 1970 UTC. */
  readonly since?: number | undefined;
  /** And before this. */
  readonly until?: number | undefined;
  /** Of the customer or of the carrier. */
  readonly account?: string | undefined;
  /** The mapping gateway, or any routing gateway that was tried. */
  readonly gateway?: string | undefined;
  /** Call-ID of either leg, or of an attempt. */
  readonly callId?: string | undefined;
  readonly limit?: number | undefined;
}

export type LoggedCdr = Cdr & { logId: LogId };

/** A segment's times come from the wall clock, which an administrator may have set meanwhile. */
const clockStepMs = 3_600_000;
/** The caller's event loop gets its turn after so many CDRs. */
const cdrsAtOnce = 500;

export async function* queryCdrs(query: CdrQuery): AsyncGenerator<LoggedCdr, void, void> {
  const until = query.until ?? Number.POSITIVE_INFINITY;
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  const matches = cdrFilter(query);
  const waiting = listStreams(query);
  const open: EndStream[] = [];
  let found = 0;
  let read = 0;
  try {
    while (found < limit) {
      openDueStreams(waiting, open);
      const stream = oldest(open);
      if (stream === null) return;
      const cdr = stream.head!;
      // This stream has nothing more for us, unless the clock was set back by more than that.
      const beyond = cdr.endedAt >= until + clockStepMs;
      if (beyond) stream.close();
      else stream.advance();
      if (stream.head === null) open.splice(open.indexOf(stream), 1);
      if (!beyond && matches(cdr)) {
        found++;
        yield cdr;
      }
      if (++read % cdrsAtOnce === 0) await setImmediate();
    }
  } finally {
    for (const stream of open) stream.close();
  }
}

function cdrFilter(query: CdrQuery): (cdr: Cdr) => boolean {
  const since = query.since ?? Number.NEGATIVE_INFINITY;
  const until = query.until ?? Number.POSITIVE_INFINITY;
  const { account, gateway } = query;
  // CDRs keep what peers sent as byte strings.
  const callId =
    query.callId === undefined ? undefined : Buffer.from(query.callId, 'utf8').toString('latin1');
  return (cdr) => {
    if (cdr.endedAt < since || cdr.endedAt >= until) return false;
    if (account !== undefined && cdr.account !== account && cdr.clearingAccount !== account) {
      return false;
    }
    if (gateway !== undefined && !concernsGateway(cdr, gateway)) return false;
    return callId === undefined || concernsCallId(cdr, callId);
  };
}

function concernsGateway(cdr: Cdr, gateway: string): boolean {
  return (
    cdr.mappingGateway === gateway ||
    cdr.routingGateway === gateway ||
    cdr.attempts.some((attempt) => attempt.gateway === gateway)
  );
}

function concernsCallId(cdr: Cdr, callId: string): boolean {
  return (
    cdr.callId === callId ||
    cdr.calleeCallId === callId ||
    cdr.attempts.some((attempt) => attempt.callId === callId)
  );
}

/** The streams that may hold what is asked for, the latest start first. */
function listStreams(query: CdrQuery): EndStream[] {
  const since = query.since ?? Number.NEGATIVE_INFINITY;
  const until = query.until ?? Number.POSITIVE_INFINITY;
  const streams = new Map<string, EndStream>();
  for (const set of listLogSets(query.directory)) {
    for (const segment of listSegments(set.directory)) {
      if (lastWrittenAt(set, segment) < since - clockStepMs) continue;
      const startedAt = segmentStart(set, segment);
      if (startedAt >= until + clockStepMs) continue;
      const key = `${set.id} ${segment.role}${segment.worker}-${segment.incarnation}`;
      const stream = streams.get(key);
      if (stream === undefined) streams.set(key, new EndStream(set, segment, startedAt));
      else stream.segments.push(segment);
    }
  }
  return [...streams.values()].sort((one, other) => other.startedAt - one.startedAt);
}

function lastWrittenAt(set: LogSet, segment: SegmentName): number {
  try {
    return fs.statSync(path.join(set.directory, segment.file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Number.NEGATIVE_INFINITY;
    throw error;
  }
}

function segmentStart(set: LogSet, segment: SegmentName): number {
  try {
    const frame = firstFrame(set, segment.file)?.frame;
    // One without a readable header may hold anything.
    return frame?.kind === 'segmentHeader' ? frame.header.startedAt : 0;
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Opens every stream that may hold a CDR older than the oldest one at hand. */
function openDueStreams(waiting: EndStream[], open: EndStream[]): void {
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const at = oldest(open)?.head?.endedAt ?? Number.POSITIVE_INFINITY;
    if (next.startedAt > at) return;
    waiting.pop();
    next.advance();
    if (next.head !== null) open.push(next);
  }
}

function oldest(open: readonly EndStream[]): EndStream | null {
  let found: EndStream | null = null;
  for (const stream of open) {
    if (found === null || stream.head!.endedAt < found.head!.endedAt) found = stream;
  }
  return found;
}

/** The CDRs of one incarnation, segment after segment. */
class EndStream {
  readonly segments: SegmentName[];
  /** No CDR of this stream ended before. */
  readonly startedAt: number;
  /** The next CDR; null before the first advance and behind the last one. */
  head: LoggedCdr | null = null;
  readonly #set: LogSet;
  /** Nobody writes these segments any more. */
  readonly #settled: boolean;
  #reader: SegmentReader | null = null;
  #nextSegment = 0;
  /** The worker writes no segment after this one yet. */
  #ended = false;

  constructor(set: LogSet, first: SegmentName, startedAt: number) {
    this.#set = set;
    this.segments = [first];
    this.startedAt = startedAt;
    this.#settled = first.incarnation <= settledIncarnation(set.directory, first.worker);
  }

  advance(): void {
    this.head = null;
    if (this.#reader === null && !this.#openNext()) return;
    for (;;) {
      const logged = this.#reader!.next() ?? this.#rest();
      if (logged === null) {
        if (this.#ended || !this.#openNext()) return this.close();
      } else if (logged.frame.kind === 'end') {
        this.head = Object.assign(logged.frame.cdr, { logId: logged.logId });
        return;
      }
    }
  }

  close(): void {
    this.head = null;
    this.#nextSegment = this.segments.length;
    this.#closeReader();
  }

  /** What a worker has written into this segment since it was read. Only once the next segment holds
   *  frames is this one complete; asked in any other order, frames between the two could be missed. */
  #rest(): LoggedFrame | null {
    if (this.#settled) return null;
    const following = this.segments[this.#nextSegment];
    this.#ended = following === undefined || firstFrame(this.#set, following.file) === null;
    if (this.#ended) return null;
    this.#reader!.searchPastDamage = true;
    this.#reader!.forget();
    return this.#reader!.next();
  }

  #openNext(): boolean {
    this.#closeReader();
    while (this.#nextSegment < this.segments.length) {
      const { file } = this.segments[this.#nextSegment++]!;
      try {
        this.#reader = new SegmentReader(this.#set, file, { searchPastDamage: this.#settled });
        return true;
      } catch (error) {
        // Removed since it was listed: its time had passed.
        if (!isMissing(error)) throw error;
      }
    }
    return false;
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = null;
  }
}
