// One segment that is being written:
//
//   0             position                    allocated
//   | frames      | reserve: zeros            |
//
// Frames are written over the zeros, so that a disk that fills up still takes the end records of the
// calls that are up. The zeros are really written: a hole would promise space that nobody has. Where the
// file system gives windows, frames are stored through one that moves along the reserve.
import path from 'node:path';
import type { FileSystemPort, FileWindow } from './file-system-port.ts';
import type { SegmentName } from './log-set.ts';

const zeros = Buffer.alloc(256 * 1024);
/** Pieces in which one append may reach the file before it counts as failed. */
const shortWritesMax = 16;
const windowBytes = 512 * 1024;
/** Windows begin at a page, of whatever size. */
const windowStep = 64 * 1024;

export class SegmentWriter {
  readonly name: SegmentName;
  readonly path: string;
  readonly descriptor: number;
  /** End of the frames that are certainly in the file. */
  position = 0;
  /** End of what is allocated, frames and zeros. */
  allocated = 0;
  /** Why the last write failed; '' when it did not. */
  failure = '';
  readonly #files: FileSystemPort;
  #window: FileWindow | undefined;
  #windowAt = 0;
  /** False once the kernel has refused a window: then all is written. */
  #mayMap: boolean;

  constructor(files: FileSystemPort, directory: string, name: SegmentName) {
    this.#files = files;
    this.#mayMap = files.map !== undefined;
    this.name = name;
    this.path = path.join(directory, name.file);
    this.descriptor = files.create(this.path);
  }

  /** Writes all of it or answers false: then `position` has not moved, and the next append of the same
   *  bytes repairs what a failed one left behind it. */
  append(bytes: Uint8Array): boolean {
    if (!this.#store(bytes) && this.#write(bytes, this.position) < bytes.length) return false;
    this.position += bytes.length;
    if (this.position > this.allocated) this.allocated = this.position;
    return true;
  }

  /** Lengthens the reserve by up to `bytes`; answers whether all of them were got. */
  extend(bytes: number): boolean {
    let missing = bytes;
    while (missing > 0) {
      const wanted = Math.min(missing, zeros.length);
      const written = this.#write(zeros.subarray(0, wanted), this.allocated);
      this.allocated += written;
      if (written < wanted) return false;
      missing -= wanted;
    }
    return true;
  }

  get reserveBytes(): number {
    return this.allocated - this.position;
  }

  /** Gives the reserve back. */
  releaseReserve(): void {
    this.#releaseWindow();
    try {
      this.#files.truncate(this.descriptor, this.position);
      this.allocated = this.position;
    } catch (error) {
      this.failure = String(error);
    }
  }

  close(): void {
    this.#releaseWindow();
    this.#files.close(this.descriptor);
  }

  /** Through the window; false where none reaches so far. */
  #store(bytes: Uint8Array): boolean {
    const end = this.position + bytes.length;
    if (this.#window === undefined || end > this.#windowAt + this.#window.bytes.length) {
      if (!this.#mayMap || !this.#moveWindow(end)) return false;
    }
    this.#window!.bytes.set(bytes, this.position - this.#windowAt);
    this.failure = '';
    return true;
  }

  /** To where the next frames come; false where `end` is not in it then. */
  #moveWindow(end: number): boolean {
    const at = this.position - (this.position % windowStep);
    const length = Math.min(this.allocated - at, windowBytes);
    if (end > at + length) return false;
    this.#releaseWindow();
    this.#windowAt = at;
    this.#window = this.#files.map!(this.descriptor, at, length);
    this.#mayMap = this.#window !== undefined;
    return this.#mayMap;
  }

  #releaseWindow(): void {
    this.#window?.release();
    this.#window = undefined;
  }

  #write(bytes: Uint8Array, position: number): number {
    let written = 0;
    try {
      for (let piece = 0; written < bytes.length && piece < shortWritesMax; piece++) {
        const rest = written === 0 ? bytes : bytes.subarray(written);
        const count = this.#files.write(this.descriptor, rest, position + written);
        if (count <= 0) break;
        written += count;
      }
      this.failure = written < bytes.length ? 'short write' : '';
    } catch (error) {
      this.failure = String(error);
    }
    return written;
  }
}
