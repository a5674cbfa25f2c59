// Follows all streams of a log set at once, from a checkpoint on: every worker's incarnations, and what
// recovery wrote. A stream is named by its segments without the sequence, "w0-1769853600000".
import { FrameCode } from '../../core/cdr/cdr-codec.ts';
import type { Checkpoint, LogPlace } from '../ledger/ledger-store.ts';
import { LogCursor } from './log-cursor.ts';
import {
  type LogSet,
  listSegments,
  parseSegmentName,
  type SegmentName,
  settledIncarnation,
} from './log-set.ts';
import type { LoggedFrame, ReadingDepth } from './segment-reader.ts';

export interface Stream {
  readonly name: string;
  readonly cursor: LogCursor;
  /** Segments from this sequence on may hold answers of calls that are up. */
  oldestOpenSequence: number;
  /** Nobody writes it any more, and all of it was read. */
  done: boolean;
}

export function streamName({ role, worker, incarnation }: SegmentName): string {
  return `${role}${worker}-${incarnation}`;
}

export class LogTail {
  readonly set: LogSet;
  readonly streams: Map<string, Stream> = new Map();
  readonly #from: Checkpoint['places'];
  readonly #depth: ReadingDepth;
  /** The stream that is read first in the next turn. */
  #turn = 0;

  constructor(set: LogSet, from: Checkpoint['places'], depth: ReadingDepth = 'noAnswers') {
    this.set = set;
    this.#from = from;
    this.#depth = depth;
    this.refresh();
  }

  /** Looks for streams that are new, and for those that nobody writes any more. */
  refresh(): void {
    const segments = listSegments(this.set.directory);
    for (const segment of segments) {
      const name = streamName(segment);
      if (!this.streams.has(name)) this.#follow(name, segment);
    }
    const settled = new Map<number, number>();
    for (const { name, cursor, done } of this.streams.values()) {
      if (done) continue;
      const { worker, incarnation } = parseSegmentName(`${name}-0.log`)!;
      let through = settled.get(worker);
      if (through === undefined) {
        through = settledIncarnation(this.set.directory, worker);
        settled.set(worker, through);
      }
      cursor.ended = incarnation <= through;
    }
  }

  /** Frames of all streams, until `take` answers false; false where it did. Streams take turns
   *  at being first, so that none waits for ever behind a busy one. */
  read(take: (logged: LoggedFrame, stream: Stream) => boolean): boolean {
    const streams = [...this.streams.values()];
    const first = this.#turn++;
    for (let index = 0; index < streams.length; index++) {
      const stream = streams[(first + index) % streams.length]!;
      if (stream.done) continue;
      const { cursor } = stream;
      for (let logged = cursor.next(); logged !== null; logged = cursor.next()) {
        noteOldestOpen(stream, logged);
        if (!take(logged, stream)) return false;
      }
      if (!cursor.ended) continue;
      stream.done = true;
      cursor.close();
    }
    return true;
  }

  /** Whether a stream that is followed has grown; of new ones `refresh` knows. */
  hasMore(): boolean {
    for (const { cursor, done } of this.streams.values())
      if (!done && cursor.hasMore()) return true;
    return false;
  }

  /** Where each stream is read next. */
  places(): Record<string, LogPlace> {
    const places: Record<string, LogPlace> = {};
    for (const { name, cursor } of this.streams.values()) {
      places[name] = { file: cursor.file, offset: cursor.offset };
    }
    return places;
  }

  /** Stops following a stream whose segments are gone. */
  forget(name: string): void {
    const stream = this.streams.get(name);
    if (stream?.done === false) stream.cursor.close();
    this.streams.delete(name);
  }

  close(): void {
    for (const name of [...this.streams.keys()]) this.forget(name);
  }

  /** `first`: the oldest segment of the stream that is left. */
  #follow(name: string, first: SegmentName): void {
    const place = this.#from[name];
    const placed = place === undefined ? null : parseSegmentName(place.file);
    const isLater = placed !== null && placed.sequence >= first.sequence;
    const segment = isLater ? placed : first;
    const offset = isLater ? place!.offset : 0;
    const cursor = new LogCursor(this.set, segment, { offset, depth: this.#depth });
    this.streams.set(name, { name, cursor, oldestOpenSequence: 0, done: false });
  }
}

/** A new segment, or the end of a stream, is worth a checkpoint without a record: files are removed by it. */
export function movesOn(
  tail: LogTail,
  stored: Checkpoint['places'],
  places: Checkpoint['places'] = tail.places(),
): boolean {
  return Object.entries(places).some(([name, { file, offset }]) => {
    const before = stored[name];
    const isDone = tail.streams.get(name)?.done === true;
    return before?.file !== file || (isDone && before.offset !== offset);
  });
}

function noteOldestOpen(stream: Stream, { frame }: LoggedFrame): void {
  if (frame.kind === 'alive') stream.oldestOpenSequence = frame.alive.oldestOpenSequence;
  else if (frame.kind === 'segmentHeader') {
    stream.oldestOpenSequence = frame.header.oldestOpenSequence;
  }
}

/** How much of the log is behind a checkpoint, counted as it grows. */
export class LogBacklog {
  readonly #tail: LogTail;
  records = 0;
  bytes = 0;

  constructor(set: LogSet, from: Checkpoint['places']) {
    this.#tail = new LogTail(set, from, 'codes');
  }

  /** Counts on for as long as `more` answers true. */
  count(more: () => boolean): void {
    this.#tail.refresh();
    this.#tail.read(({ frame, logId, nextOffset }) => {
      if (frame.kind === 'unknown' && frame.code === FrameCode.end) {
        this.records++;
        this.bytes += nextOffset - logId.offset;
      }
      return more();
    });
  }

  close(): void {
    this.#tail.close();
  }
}
