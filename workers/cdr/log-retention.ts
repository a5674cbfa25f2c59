// Which segments of a log set have served their time. A segment stays until the ledger has stored all of it,
// until every call whose answer it holds has ended, and until it is as old as the parameter says.
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

export interface RetentionOptions {
  readonly set: LogSet;
  /** What the ledger has stored for certain. */
  readonly places: Checkpoint['places'];
  readonly tail: LogTail;
  readonly keepMs: number;
  readonly nowWallMs: number;
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
  const { set, places, tail, nowWallMs } = options;
  const isSettled = segment.incarnation <= settledIncarnation(set.directory, segment.worker);
  const name = streamName(segment);
  const place = places[name];
  const at = place === undefined ? null : parseSegmentName(place.file);
  if (at === null) return false;
  if (isLast) {
    // The one in use, or the last of a worker that ended: that one is read to its end.
    const stream = tail.streams.get(name);
    const read = stream?.cursor;
    if (!isSettled || read === undefined) return false;
    if (read.file !== segment.file || at.file !== segment.file) return false;
    if (place!.offset < read.offset) return false;
  } else if (at.sequence <= segment.sequence) {
    return false;
  }
  const oldestOpen = tail.streams.get(name)?.oldestOpenSequence ?? 0;
  if (!isSettled && segment.sequence >= oldestOpen) return false;
  const keepMs = Math.max(options.keepMs, options.graceMs ?? graceMs);
  const { mtimeMs } = fs.statSync(path.join(set.directory, segment.file));
  return nowWallMs - mtimeMs > keepMs;
}
