// A file system on top of the real one that fills up, writes short or breaks when a test says so.
import { diskFileSystem, type FileSystemPort } from '../../workers/cdr/file-system-port.ts';

export class FailingDisk implements FileSystemPort {
  /** Bytes that may still be added to files; overwriting what is allocated costs nothing. */
  freeBytes: number = Number.POSITIVE_INFINITY;
  /** Code that every write throws; '' for none. */
  writeError = '';
  syncError = '';
  createError = '';
  /** At most so many bytes a write. */
  writeBytesMax: number = Number.POSITIVE_INFINITY;
  /** Syncs wait for finishSync() instead of the disk. */
  holdSyncs = false;
  syncsRunning = 0;
  syncsRunningMost = 0;
  writes = 0;
  readonly removed: string[] = [];
  readonly #sizes = new Map<number, number>();
  readonly #heldSyncs: (() => void)[] = [];

  create(path: string): number {
    if (this.createError !== '') throw systemError(this.createError);
    const descriptor = diskFileSystem.create(path);
    this.#sizes.set(descriptor, 0);
    return descriptor;
  }

  write(descriptor: number, bytes: Uint8Array, position: number): number {
    this.writes++;
    if (this.writeError !== '') throw systemError(this.writeError);
    const size = this.#sizes.get(descriptor)!;
    const allocated = Math.max(0, size - position);
    const room = Math.min(bytes.length, allocated + this.freeBytes, this.writeBytesMax);
    if (room === 0) throw systemError('ENOSPC');
    const written = diskFileSystem.write(descriptor, bytes.subarray(0, room), position);
    const grown = Math.max(0, position + written - size);
    this.freeBytes -= grown;
    this.#sizes.set(descriptor, size + grown);
    return written;
  }

  truncate(descriptor: number, length: number): void {
    diskFileSystem.truncate(descriptor, length);
    this.freeBytes += Math.max(0, this.#sizes.get(descriptor)! - length);
    this.#sizes.set(descriptor, length);
  }

  dataSync(descriptor: number, done: (error: Error | null) => void): void {
    this.syncsRunning++;
    this.syncsRunningMost = Math.max(this.syncsRunningMost, this.syncsRunning);
    const finish = (): void => {
      this.syncsRunning--;
      if (this.syncError !== '') done(systemError(this.syncError));
      else done(null);
    };
    if (this.holdSyncs) this.#heldSyncs.push(finish);
    else diskFileSystem.dataSync(descriptor, finish);
  }

  finishSync(): void {
    this.#heldSyncs.shift()?.();
  }

  dataSyncNow(descriptor: number): void {
    if (this.syncError !== '') throw systemError(this.syncError);
    diskFileSystem.dataSyncNow(descriptor);
  }

  directorySync(directory: string, done: (error: Error | null) => void): void {
    diskFileSystem.directorySync(directory, done);
  }

  close(descriptor: number): void {
    this.#sizes.delete(descriptor);
    diskFileSystem.close(descriptor);
  }

  remove(path: string): void {
    this.removed.push(path);
    diskFileSystem.remove(path);
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}
