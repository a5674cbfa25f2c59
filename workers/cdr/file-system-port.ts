// What the CDR log does to a file system, so that tests can put a full or a failing disk in its place.
import fs from 'node:fs';

export interface FileSystemPort {
  /** Creates a file that must not exist; answers its descriptor. */
  create(path: string): number;
  /** Writes at a position; may write less than was given. */
  write(descriptor: number, bytes: Uint8Array, position: number): number;
  truncate(descriptor: number, length: number): void;
  /** Off the calling thread. */
  dataSync(descriptor: number, done: (error: Error | null) => void): void;
  dataSyncNow(descriptor: number): void;
  /** Makes a new name last (fsync of the directory), off the calling thread. */
  directorySync(directory: string, done: (error: Error | null) => void): void;
  close(descriptor: number): void;
  remove(path: string): void;
  /** A window on bytes that the file has. Absent: there are none. `position`: a multiple of 64 KiB. */
  map?(descriptor: number, position: number, length: number): FileWindow | undefined;
}

/** Stores in `bytes` are stores in the file, for every reader, and outlive this process. */
export interface FileWindow {
  readonly bytes: Uint8Array;
  /** `bytes` must not be touched any more. */
  release(): void;
}

// Call detail records are nobody else's business.
export const cdrFileMode = 0o600;
export const cdrDirectoryMode = 0o700;

export const diskFileSystem: FileSystemPort = {
  // Readable too: only then it can be mapped.
  create: (path) => fs.openSync(path, 'wx+', cdrFileMode),
  write: (descriptor, bytes, position) =>
    fs.writeSync(descriptor, bytes, 0, bytes.length, position),
  truncate: (descriptor, length) => fs.ftruncateSync(descriptor, length),
  dataSync: (descriptor, done) => fs.fdatasync(descriptor, done),
  dataSyncNow: (descriptor) => fs.fdatasyncSync(descriptor),
  directorySync: (directory, done) => {
    fs.open(directory, 'r', (openError, descriptor) => {
      if (openError) return done(openError);
      fs.fsync(descriptor, (syncError) => {
        fs.close(descriptor, (closeError) => done(syncError ?? closeError));
      });
    });
  },
  close: (descriptor) => fs.closeSync(descriptor),
  remove: (path) => fs.unlinkSync(path),
};
