// Which segments of a log set have served their time. A segment stays until the ledger has stored all of it,
// until every call whose answer it holds has ended, until it is as old as the parameter says, and until no
// other reader needs it.
import fs from 'node:fs';
import path from 'node:path';
import type { Checkpoint } from '../ledger/ledger-store.ts';
import {
  type LogSet,
  listSegments,
  parseSegmentName,
  type SegmentName,
  settledIncarnation,
} from './log-set.ts';
import { type LogTail, streamName } from './log-tail.ts';

/** A query that has listed the segments opens them within this time. */
const graceMs = 600_000;

/** Reads the log beside the ledger, from places of its own. */
export interface LogReader {
  /** Asked last: where nobody needs the segment it is removed. */
  needs(set: LogSet, at: SegmentQuestion): boolean;
  /** No segment of these streams is left. */
  gone(set: LogSet, streams: readonly string[]): void;
}

export interface SegmentQuestion {
  readonly segment: SegmentName;
  /** Of its stream. */
  readonly isLast: boolean;
  /** Since it was written last. */
  readonly ageMs: number;
}

export interface RetentionOptions {
  readonly set: LogSet;
  /** What the ledger has stored for certain. */
  readonly places: Checkpoint['places'];
  readonly tail: LogTail;
  readonly keepMs: number;
  readonly nowWallMs: number;
  readonly readers: readonly LogReader[];
  /** For tests. */
  readonly graceMs?: number;
}

/** Removes them; the names of streams that have no segment left. */
export function removeOldSegments(options: RetentionOptions): string[] {
  const { set } = options;
  const left = new Set<string>();
  const gone = new Set<string>();
  const segments = listSegments(set.directory);
  for (const [index, segment] of segments.entries()) {
    const following = segments[index + 1];
    const isLast = following === undefined || streamName(following) !== streamName(segment);
    const name = streamName(segment);
    if (mayGo(options, segment, isLast)) {
      fs.rmSync(path.join(set.directory, segment.file), { force: true });
      gone.add(name);
    } else {
      left.add(name);
    }
  }
  return [...gone].filter((name) => !left.has(name));
}

function mayGo(options: RetentionOptions, segment: SegmentName, isLast: boolean): boolean {
  const { set, tail, nowWallMs } = options;
  const isSettled = segment.incarnation <= settledIncarnation(set.directory, segment.worker);
  // The one in use is never removed.
  if (isLast && !isSettled) return false;
  if (!isPassed(options, segment, isLast)) return false;
  const oldestOpen = tail.streams.get(streamName(segment))?.oldestOpenSequence ?? 0;
  if (!isSettled && segment.sequence >= oldestOpen) return false;
  const keepMs = Math.max(options.keepMs, options.graceMs ?? graceMs);
  const ageMs = nowWallMs - fs.statSync(path.join(set.directory, segment.file)).mtimeMs;
  if (ageMs <= keepMs) return false;
  return options.readers.every((reader) => !reader.needs(set, { segment, isLast, ageMs }));
}

/** Whether these places, from which `tail` reads, are behind all of the segment. */
export function isPassed(
  { places, tail }: Pick<RetentionOptions, 'places' | 'tail'>,
  segment: SegmentName,
  isLast: boolean,
): boolean {
  const name = streamName(segment);
  const place = places[name];
  const at = place === undefined ? null : parseSegmentName(place.file);
  if (at === null) return false;
  if (!isLast) return at.sequence > segment.sequence;
  // The last of a worker that ended: its end is known once it was read, and not before.
  const stream = tail.streams.get(name);
  if (stream?.done !== true || at.file !== segment.file) return false;
  return stream.cursor.file === segment.file && place!.offset >= stream.cursor.offset;
}
