// The end records of one log set as one sequence: by the end of the call over all workers and incarnations, as
// far as they are in the log. A worker's own records keep their order whatever its clock did.
import { FrameCode } from '../../core/cdr/cdr-codec.ts';
import type { LogSet } from '../cdr/log-set.ts';
import { LogTail, type Stream } from '../cdr/log-tail.ts';
import type { LoggedFrame } from '../cdr/segment-reader.ts';
import type { LogPlace } from '../ledger/ledger-store.ts';

export class MergedTail {
  /** Its cursors may be one record ahead of places(). */
  readonly tail: LogTail;
  /** Of each stream the next record, read and not taken. */
  readonly #heads = new Map<string, LoggedFrame>();
  /** Streams that had nothing more: asked again after the next refresh, for asking lists the directory. */
  readonly #dry = new Set<string>();

  constructor(set: LogSet, from: Readonly<Record<string, LogPlace>>) {
    this.tail = new LogTail(set, from);
  }

  /** Looks for what the log has got since. */
  refresh(): void {
    this.tail.refresh();
    this.#dry.clear();
  }

  /** The next record; null while there is none. */
  next(): LoggedFrame | null {
    let first: string | undefined;
    let firstAt = Number.POSITIVE_INFINITY;
    for (const stream of this.tail.streams.values()) {
      const head = this.#heads.get(stream.name) ?? this.#readHead(stream);
      if (head === null) continue;
      const at = endOf(head);
      // Of equals the first, which is the older incarnation.
      if (first !== undefined && !(at < firstAt)) continue;
      first = stream.name;
      firstAt = at;
    }
    if (first === undefined) return null;
    const taken = this.#heads.get(first)!;
    this.#heads.delete(first);
    return taken;
  }

  /** Where each stream is read next: before the heads. */
  places(): Record<string, LogPlace> {
    const places = this.tail.places();
    for (const [name, { logId }] of this.#heads) {
      places[name] = { file: logId.file, offset: logId.offset };
    }
    return places;
  }

  forget(name: string): void {
    this.tail.forget(name);
    this.#heads.delete(name);
  }

  close(): void {
    this.tail.close();
  }

  #readHead(stream: Stream): LoggedFrame | null {
    if (stream.done || this.#dry.has(stream.name)) return null;
    const { cursor } = stream;
    for (let logged = cursor.next(); logged !== null; logged = cursor.next()) {
      if (!isEnd(logged)) continue;
      this.#heads.set(stream.name, logged);
      return logged;
    }
    this.#dry.add(stream.name);
    if (cursor.ended) {
      stream.done = true;
      cursor.close();
    }
    return null;
  }
}

function isEnd({ frame }: LoggedFrame): boolean {
  return frame.kind === 'end' || (frame.kind === 'unknown' && frame.code === FrameCode.end);
}

/** What has no time comes first: it holds up nothing. */
function endOf({ frame }: LoggedFrame): number {
  const at = frame.kind === 'end' ? frame.cdr.endedAt : 0;
  return Number.isFinite(at) ? at : 0;
}
