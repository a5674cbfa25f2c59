// Follows one worker's incarnation from segment to segment while it is written, each frame with its
// identity: what a writer into a database keeps as its checkpoint is `file` and `offset`.
import { type LogSet, listSegments, type SegmentName } from './log-set.ts';
import {
  firstFrame,
  type LoggedFrame,
  type ReadingDepth,
  SegmentReader,
} from './segment-reader.ts';

export interface LogCursorOptions {
  readonly offset?: number;
  readonly depth?: ReadingDepth;
}

export class LogCursor {
  /** The next frame will be looked for here. */
  file: string;
  offset: number;
  /** Damaged places passed in segments that are not written any more. */
  damaged = 0;
  /** Set once nobody writes this incarnation any more: then damage in its last segment is passed too. */
  ended = false;
  readonly #set: LogSet;
  readonly #depth: ReadingDepth;
  #segment: SegmentName;
  #reader: SegmentReader;

  constructor(set: LogSet, segment: SegmentName, options: LogCursorOptions = {}) {
    this.#set = set;
    this.#segment = segment;
    this.#depth = options.depth ?? 'all';
    this.file = segment.file;
    this.offset = options.offset ?? 0;
    this.#reader = this.#open(segment, this.offset);
  }

  /** The next frame, or null while there is none. */
  next(): LoggedFrame | null {
    const logged = this.#reader.next() ?? this.#reread() ?? this.#advance();
    this.offset = this.#reader.offset;
    return logged;
  }

  /** Whether `next` may find a frame in this segment. */
  hasMore(): boolean {
    return this.#reader.hasMore();
  }

  close(): void {
    this.#reader.close();
  }

  /** What was read ahead may have been overtaken by the writer: asks the file once more. */
  #reread(): LoggedFrame | null {
    if (!this.#reader.hasMore()) return null;
    this.#reader.forget();
    return this.#reader.next();
  }

  /** Once the next segment holds frames this one has all it ever will: takes what it still has, also
   *  behind a damaged place, then goes on there. */
  #advance(): LoggedFrame | null {
    const following = this.#following();
    if (following === undefined || firstFrame(this.#set, following.file) === null) {
      if (!this.ended || this.#reader.searchPastDamage) return null;
      this.#reader.searchPastDamage = true;
      return this.#reread();
    }
    this.#reader.searchPastDamage = true;
    const rest = this.#reread();
    if (rest !== null) return rest;
    // First, for it may fail: the cursor stays where it is then.
    const reader = this.#open(following, 0);
    this.damaged += this.#reader.damaged;
    this.#reader.close();
    this.#reader = reader;
    this.#segment = following;
    this.file = following.file;
    this.offset = 0;
    return reader.next();
  }

  #open({ file }: SegmentName, fromOffset: number): SegmentReader {
    return new SegmentReader(this.#set, file, { fromOffset, depth: this.#depth });
  }

  #following(): SegmentName | undefined {
    const { role, worker, incarnation, sequence } = this.#segment;
    return listSegments(this.#set.directory).find(
      (segment) =>
        segment.role === role &&
        segment.worker === worker &&
        segment.incarnation === incarnation &&
        segment.sequence > sequence,
    );
  }
}
