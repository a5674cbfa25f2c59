// Reads the frames of one segment in order, through a window of bounded size. A frame that is not whole
// or fails its CRC ends the reading, or is searched past: a power failure may lose pages in the middle of
// what was never synced, and the CDRs behind them are still worth their money.
import fs from 'node:fs';
import path from 'node:path';
import { decodeFrame, type Frame, FrameCode, frameVersion } from '../../core/cdr/cdr-codec.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import { frameHeadBytes, framePayloadBytes, framePayloadBytesMax, unpackPayload } from './frame.ts';
import type { LogSet } from './log-set.ts';

export interface LoggedFrame {
  frame: Frame;
  /** Of a frame of kind `unknown`: what was unpacked. */
  values?: unknown;
  /** Of a frame of kind `end` at depth `noAnswers`: its own copy of the payload. */
  payload?: Buffer;
  logId: LogId;
  /** Where the next frame begins. */
  nextOffset: number;
}

/** `noAnswers`: answer records are passed over. `codes`: frames are of kind `unknown`, with their code, and
 *  only counted so. */
export type ReadingDepth = 'all' | 'noAnswers' | 'codes';

export interface SegmentReaderOptions {
  readonly fromOffset?: number;
  /** True for a segment that nobody writes any more. */
  readonly searchPastDamage?: boolean;
  /** How much is read at a time. */
  readonly windowBytes?: number;
  /** How much of a frame is looked at; default: all. */
  readonly depth?: ReadingDepth;
}

const windowBytesDefault = 256 * 1024;
const headerWindowBytes = 1024;
const zeros = Buffer.alloc(4096);

export class SegmentReader {
  readonly file: string;
  /** Where the next frame is looked for: the end of the data once next() has answered null. */
  offset: number;
  /** Damaged places that were passed. */
  damaged = 0;
  /** To be turned on once nobody writes the segment any more. */
  searchPastDamage: boolean;
  readonly #depth: ReadingDepth;
  readonly #set: LogSet;
  readonly #descriptor: number;
  readonly #length: Buffer = Buffer.alloc(4);
  #window: Buffer;
  #windowAt = 0;
  #windowLength = 0;

  constructor(set: LogSet, file: string, options: SegmentReaderOptions = {}) {
    this.#set = set;
    this.file = file;
    this.offset = options.fromOffset ?? 0;
    this.searchPastDamage = options.searchPastDamage ?? false;
    this.#depth = options.depth ?? 'all';
    this.#window = Buffer.allocUnsafeSlow(options.windowBytes ?? windowBytesDefault);
    this.#descriptor = fs.openSync(path.join(set.directory, file), 'r');
  }

  /** The next frame, or null where the data ends for now. */
  next(): LoggedFrame | null {
    for (;;) {
      const payloadBytes = this.#findFrame();
      if (payloadBytes < 0) return null;
      const offset = this.offset;
      const start = offset - this.#windowAt + frameHeadBytes;
      this.offset = offset + frameHeadBytes + payloadBytes;
      const code = this.#depth === 'all' ? -1 : this.#codeAt(start);
      if (code === FrameCode.answer && this.#depth === 'noAnswers') continue;
      if (this.#depth === 'codes') {
        return this.#logged({ kind: 'unknown', version: frameVersion, code }, offset, null);
      }
      const values = this.#unpack(start, payloadBytes);
      if (values !== undefined) {
        const logged = this.#logged(decodeFrame(values), offset, values);
        if (logged.frame.kind === 'end' && this.#depth === 'noAnswers') {
          logged.payload = Buffer.from(this.#window.subarray(start, start + payloadBytes));
        }
        return logged;
      }
      // A sound CRC over no msgpack: nothing that we ever wrote.
      this.damaged++;
    }
  }

  /** Payload bytes of the frame at `offset`, which moves on past damage where it may; -1 for none. */
  #findFrame(): number {
    const payloadBytes = this.#payloadBytesAt(this.offset);
    if (payloadBytes >= 0) return payloadBytes;
    const found = this.searchPastDamage ? this.#search(this.offset + 1) : -1;
    if (found < 0) return -1;
    this.damaged++;
    this.offset = found;
    return this.#payloadBytesAt(found);
  }

  #unpack(start: number, payloadBytes: number): unknown {
    return unpackPayload(this.#window, start, start + payloadBytes);
  }

  #logged(frame: Frame, offset: number, values: unknown): LoggedFrame {
    const logId = { set: this.#set.id, file: this.file, offset };
    const logged: LoggedFrame = { frame, logId, nextOffset: this.offset };
    if (frame.kind === 'unknown') logged.values = values;
    return logged;
  }

  /** Whether what follows is the reserve or the end of the file, and not a frame cut short. */
  atReserve(): boolean {
    if (!this.#load(this.offset, frameHeadBytes)) return this.#windowLength === 0;
    const inWindow = this.offset - this.#windowAt;
    return this.#window.readUInt32LE(inWindow) === 0;
  }

  /** Whether the file has anything behind what was read, as far as its next four bytes say: a look at a log that
   *  nobody writes reads no window of its reserve. */
  hasMore(): boolean {
    if (this.searchPastDamage) return true;
    const got = fs.readSync(this.#descriptor, this.#length, 0, 4, this.offset);
    return got === 4 && this.#length.readUInt32LE(0) !== 0;
  }

  /** Drops what was read ahead, so that the next look is at the file as it is now. */
  forget(): void {
    this.#windowLength = 0;
  }

  close(): void {
    fs.closeSync(this.#descriptor);
    this.#window = zeros;
  }

  /** Of an array (msgpack 0x90-0x9f) that begins with version and code, both one byte; else -1. */
  #codeAt(start: number): number {
    const window = this.#window;
    if (window[start]! >>> 4 !== 0x9 || window[start + 1]! > 0x7f) return -1;
    return window[start + 2]!;
  }

  /** Payload bytes of the frame at `offset`, with the frame in the window; -1 where none begins. */
  #payloadBytesAt(offset: number): number {
    if (!this.#load(offset, frameHeadBytes)) return -1;
    const expected = this.#window.readUInt32LE(offset - this.#windowAt);
    if (expected === 0 || expected > framePayloadBytesMax) return -1;
    if (!this.#load(offset, frameHeadBytes + expected)) return -1;
    return framePayloadBytes(this.#window, offset - this.#windowAt, this.#windowLength);
  }

  /** The first place from `offset` on where a frame begins; -1 for none. */
  #search(offset: number): number {
    let at = offset;
    while (this.#load(at, frameHeadBytes + 2)) {
      const inWindow = at - this.#windowAt;
      const length = this.#window.readUInt32LE(inWindow);
      if (length === 0) {
        at += this.#zerosAt(inWindow);
        continue;
      }
      // Our payloads are arrays (msgpack 0x90-0x9f) that begin with a small version number.
      const array = this.#window[inWindow + frameHeadBytes]! >>> 4 === 0x9;
      const version = this.#window[inWindow + frameHeadBytes + 1]! < 0x80;
      if (array && version && this.#payloadBytesAt(at) > 0) return at;
      at++;
    }
    return -1;
  }

  /** How far the search may go on from these zeros: the last three may yet begin the length of a frame. */
  #zerosAt(inWindow: number): number {
    const end = Math.min(inWindow + zeros.length, this.#windowLength);
    const onlyZeros = this.#window.compare(zeros, 0, end - inWindow, inWindow, end) === 0;
    return onlyZeros ? end - inWindow - 3 : 1;
  }

  /** Gets `bytes` bytes at `offset` into the window; false where the file is shorter. */
  #load(offset: number, bytes: number): boolean {
    const end = offset + bytes;
    if (offset >= this.#windowAt && end <= this.#windowAt + this.#windowLength) return true;
    if (bytes > this.#window.length) this.#window = Buffer.allocUnsafeSlow(bytes);
    this.#windowAt = offset;
    this.#windowLength = 0;
    while (this.#windowLength < this.#window.length) {
      const room = this.#window.length - this.#windowLength;
      const position = offset + this.#windowLength;
      const got = fs.readSync(this.#descriptor, this.#window, this.#windowLength, room, position);
      if (got === 0) break;
      this.#windowLength += got;
    }
    return this.#windowLength >= bytes;
  }
}

/** The first frame of a segment, cheaply; null when there is none. */
export function firstFrame(set: LogSet, file: string): LoggedFrame | null {
  const reader = new SegmentReader(set, file, { windowBytes: headerWindowBytes });
  try {
    return reader.next();
  } finally {
    reader.close();
  }
}
