// What a log has taken and what is not, for certain, on the disk yet: frames in memory while the file
// cannot be written, and frames in the file since its last sync. Ages are upper bounds.
import type { CdrQueueFigures } from '../admin-messages.ts';

export class CdrQueue {
  #frames = 0;
  #bytes = 0;
  #writtenSinceMs = 0;
  #waitingSinceMs = -1;
  #framesInSync = 0;
  #bytesInSync = 0;
  #syncStartedMs = 0;

  onWriteFailed(nowMs: number): void {
    if (this.#waitingSinceMs < 0) this.#waitingSinceMs = nowMs;
  }

  onWritten(frames: number, bytes: number, nowMs: number): void {
    this.#waitingSinceMs = -1;
    if (this.#bytes === 0) this.#writtenSinceMs = nowMs;
    this.#frames += frames;
    this.#bytes += bytes;
  }

  /** A sync begins that takes everything written so far. */
  onSyncStarted(nowMs: number): void {
    this.#framesInSync = this.#frames;
    this.#bytesInSync = this.#bytes;
    this.#syncStartedMs = nowMs;
  }

  onSynced(): void {
    this.#frames -= this.#framesInSync;
    this.#bytes -= this.#bytesInSync;
    this.#framesInSync = 0;
    this.#bytesInSync = 0;
    this.#writtenSinceMs = this.#syncStartedMs;
  }

  figures(waiting: { frames: number; length: number }, nowMs: number): CdrQueueFigures {
    const waitingMs = this.#waitingSinceMs < 0 ? 0 : nowMs - this.#waitingSinceMs;
    const writtenMs = this.#bytes === 0 ? 0 : nowMs - this.#writtenSinceMs;
    return {
      waitingFrames: waiting.frames,
      waitingBytes: waiting.length,
      unsyncedFrames: this.#frames,
      unsyncedBytes: this.#bytes,
      oldestMs: Math.round(Math.max(waitingMs, writtenMs)),
    };
  }
}
