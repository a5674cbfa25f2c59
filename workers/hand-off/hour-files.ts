// CDRs as hourly text files (SS_CDR_RECORD_TO_FILE):
//
//   2026013108.txt.part     the hour that is written, lines appended
//   2026013108.txt          renamed once the hour is over and all of it is in: never changed again
//   2026013108-3.txt        lines that came after that; the number counts up over all such files
//
// A line is in a file once. How much of a part counts stands in the cursor, which moves on after the lines are
// on the disk: what is behind that length was written by a try that did not get so far, and is overwritten.

import type { Cdr } from '../../core/cdr/cdr.ts';
import { cdrFileHour, cdrFileLine, isInCdrFile } from '../../core/cdr/cdr-file-line.ts';
import type { OffsetTable } from '../../core/time/local-time.ts';
import { isListed, type WriterParameters } from '../cdr/row-rules.ts';
import type { HandOffTarget } from './hand-off.ts';
import type { HourFileSystem } from './hour-file-system.ts';
import type { HandOffBatch } from './log-source.ts';

export interface HourLine {
  readonly hour: string;
  readonly line: string;
}

/** What the cursor says of the files. */
export interface HourFilesState {
  /** The last hour whose file was finished, "2026013108"; '' for none. */
  readonly finishedThrough: string;
  /** Number of the last file for late lines. */
  readonly lateFiles: number;
  /** Parts by hour: the name that they will have, and how long they are. */
  readonly open: Readonly<Record<string, { readonly file: string; readonly bytes: number }>>;
}

export interface HourFilesOptions {
  readonly fileSystem: HourFileSystem;
  /** Asked for when it is needed: it takes a moment to make. */
  readonly zone: () => OffsetTable;
  readonly parameters: () => WriterParameters;
  readonly nowWallMs: () => number;
}

/** Ends of calls are in the log at once, those of a dead worker within seconds: then the hour is complete. */
export const graceMs = 60_000;
const recordsMax = 5_000;
/** Names of finished files. */
const finishedPattern = /^\d{10}(-\d+)?\.txt$/;

type Draft = { -readonly [key in keyof HourFilesState]: HourFilesState[key] };

export class HourFiles implements HandOffTarget<HourLine, HourFilesState> {
  readonly name = 'files';
  readonly to: string;
  readonly fresh: HourFilesState = { finishedThrough: '', lateFiles: 0, open: {} };
  readonly cursorDelayMs = 0;
  readonly #options: HourFilesOptions;

  constructor(options: HourFilesOptions) {
    this.#options = options;
    this.to = options.fileSystem.directory;
  }

  recordsMax(): number {
    return recordsMax;
  }

  form(cdr: Cdr): HourLine | undefined {
    const parameters = this.#options.parameters();
    if (!isInCdrFile(cdr, parameters.SS_CDR_RECORD_NONCONNECT)) return undefined;
    if (!isListed(cdr, parameters)) return undefined;
    const zone = this.#options.zone();
    return { hour: cdrFileHour(cdr.endedAt, zone), line: cdrFileLine(cdr, zone) };
  }

  async deliver(batch: HandOffBatch<HourLine>, own: HourFilesState): Promise<HourFilesState> {
    const lines = new Map<string, string>();
    for (const { hour, line } of batch.items) lines.set(hour, (lines.get(hour) ?? '') + line);
    const draft: Draft = { ...own };
    for (const [hour, text] of lines) await this.#append(draft, hour, Buffer.from(text));
    return draft;
  }

  async rest(own: HourFilesState): Promise<HourFilesState> {
    const { nowWallMs, zone } = this.#options;
    if (Object.keys(own.open).length === 0) return own;
    const running = cdrFileHour(nowWallMs() - graceMs, zone());
    return await this.#finishBefore(own, running);
  }

  async end(own: HourFilesState): Promise<void> {
    await this.#finishBefore(own, '9');
  }

  setAside(): number {
    return 0;
  }

  close(): void {}

  async #append(draft: Draft, hour: string, text: Buffer): Promise<void> {
    const { fileSystem } = this.#options;
    const part = draft.open[hour] ?? this.#newPart(draft, hour);
    if (await fileSystem.put(partName(part.file), part.bytes, text)) {
      draft.open = { ...draft.open, [hour]: { ...part, bytes: part.bytes + text.length } };
      return;
    }
    // Somebody took the part away, or it was finished and the cursor does not know: its lines are handed off.
    markFinished(draft, hour);
    await this.#append(draft, hour, text);
  }

  #newPart(draft: Draft, hour: string): { file: string; bytes: number } {
    const isLate = hour <= draft.finishedThrough;
    return { file: isLate ? this.#lateName(draft, hour) : `${hour}.txt`, bytes: 0 };
  }

  #lateName(draft: Draft, hour: string): string {
    draft.lateFiles++;
    return `${hour}-${draft.lateFiles}.txt`;
  }

  async #finishBefore(own: HourFilesState, running: string): Promise<HourFilesState> {
    const hours = Object.keys(own.open).filter((hour) => hour < running);
    if (hours.length === 0) return own;
    const { fileSystem } = this.#options;
    const draft: Draft = { ...own };
    for (const hour of hours.sort()) {
      const { file, bytes } = draft.open[hour]!;
      let name = file;
      // Never in the place of a file that is there.
      while (await fileSystem.exists(name)) name = this.#lateName(draft, hour);
      await fileSystem.finish(partName(file), bytes, name);
      markFinished(draft, hour);
    }
    await this.#removeOldest();
    return draft;
  }

  async #removeOldest(): Promise<void> {
    const keep = this.#options.parameters().SERVER_CDR_FILE_WRITE_MAX;
    if (keep === 0) return;
    const { fileSystem } = this.#options;
    const finished = (await fileSystem.list()).filter((name) => finishedPattern.test(name)).sort();
    for (const name of finished.slice(0, -keep)) await fileSystem.remove(name);
  }
}

function markFinished(draft: Draft, hour: string): void {
  const { [hour]: _, ...open } = draft.open;
  draft.open = open;
  if (hour > draft.finishedThrough) draft.finishedThrough = hour;
}

function partName(file: string): string {
  return `${file}.part`;
}
