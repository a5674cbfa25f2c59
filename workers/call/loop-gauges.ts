// What a call worker publishes about itself into its block of the shared counters: calls,
// timers, how busy the loop was, and the longest time it stood still in the last minute.
import { Gauge } from '../../core/metrics/counter-layout.ts';
import type { CdrQueueFigures } from '../admin-messages.ts';
import { counterBlockSlots } from '../memory/shared-memory.ts';
import { StallWindow } from '../stall-window.ts';

/** Where in its block a worker writes, at every tick, the monotonic milliseconds: the supervisor sees by
 *  it that the loop moves. The last of the gauge slots. */
export const heartbeatSlot: number = counterBlockSlots - 1;

/** Less than two ticks of an idle loop, which may come early by a millisecond. */
const publishMs = 990;

/** Read when published. */
export interface GaugeSources {
  callsUp(): number;
  callsAnsweredUp(): number;
  transactions(): number;
  timers(): number;
  ringBytesUsed(): number;
  cdrAccepting(): boolean;
  heapUsedBytes(): number;
  cdrQueue(): CdrQueueFigures;
  withheld(): number;
  sendsPending(): number;
}

export class LoopGauges {
  readonly #sources: GaugeSources;
  #busyMs = 0;
  #publishedMs: number;
  readonly #stalls = new StallWindow();

  constructor(sources: GaugeSources, nowMs: number) {
    this.#sources = sources;
    this.#publishedMs = nowMs;
  }

  addBusy(milliseconds: number): void {
    this.#busyMs += milliseconds;
  }

  /** `lateMs`: how much later than due the tick came. */
  onTick(lateMs: number): void {
    this.#stalls.note(lateMs);
  }

  /** At every tick the heartbeat and the calls; the rest when a second has passed. */
  publish(nowMs: number, block: Float64Array): void {
    block[heartbeatSlot] = nowMs;
    this.#publishCalls(block);
    const elapsedMs = nowMs - this.#publishedMs;
    if (elapsedMs < publishMs) return;
    const { loopStallMs, busyPermille, heapUsedKilobytes } = Gauge;
    block[busyPermille] = Math.min(1000, Math.round((this.#busyMs * 1000) / elapsedMs));
    block[loopStallMs] = this.#stalls.longestMs();
    block[heapUsedKilobytes] = Math.round(this.#sources.heapUsedBytes() / 1024);
    this.#publishQueues(block);
    this.#busyMs = 0;
    this.#publishedMs = nowMs;
    this.#stalls.nextSecond();
  }

  #publishQueues(block: Float64Array): void {
    const queue = this.#sources.cdrQueue();
    block[Gauge.cdrWaitingFrames] = queue.waitingFrames;
    block[Gauge.cdrWaitingBytes] = queue.waitingBytes;
    block[Gauge.cdrUnsyncedFrames] = queue.unsyncedFrames;
    block[Gauge.cdrUnsyncedBytes] = queue.unsyncedBytes;
    block[Gauge.cdrOldestMs] = queue.oldestMs;
    block[Gauge.withheldMessages] = this.#sources.withheld();
    block[Gauge.sendsPending] = this.#sources.sendsPending();
  }

  #publishCalls(block: Float64Array): void {
    const sources = this.#sources;
    block[Gauge.callsUp] = sources.callsUp();
    block[Gauge.callsAnsweredUp] = sources.callsAnsweredUp();
    block[Gauge.transactions] = sources.transactions();
    block[Gauge.timers] = sources.timers();
    block[Gauge.ringBytesUsed] = sources.ringBytesUsed();
    block[Gauge.cdrAccepting] = sources.cdrAccepting() ? 1 : 0;
  }
}
