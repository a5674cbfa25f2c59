// Where a call worker's messages come from: its ring, filled by the main thread, or beside it the sockets
// themselves (socket-intake.ts).
import type { Hop } from '../../core/sip/hop.ts';
import { createRingRecord, type RingReader, waitedMs } from '../memory/spsc-ring.ts';
import type { WakeSignal } from '../memory/wake-signal.ts';

/** One message, in an object that the intake uses again for the next. */
export interface IntakeMessage {
  /** RecordKind of thread-messages.ts. */
  kind: number;
  hop: Hop;
  payload: Buffer;
  payloadLength: number;
  /** How long it waited for this thread, milliseconds. */
  waitedMs: number;
}

/** Now, by both clocks, milliseconds: one reading a batch. */
export interface BatchTime {
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface Intake {
  /** Hands over what has come, at most a batch; how many messages that were. */
  take(handle: (message: IntakeMessage) => void, time: BatchTime): number;
  /** Whether a `take` would find nothing, as far as is known without asking the kernel. */
  isEmpty(): boolean;
  /** Holds the thread until something comes, no longer than this. */
  block(timeoutMs: number): void;
  /** As `block` through the event loop, which meanwhile goes on. */
  sleep(pollMs: number): Promise<void>;
  /** Ends a sleep. */
  wake(): void;
  /** Bytes that wait in the ring. */
  ringBytes(): number;
  close(): void;
}

export function createIntakeMessage(): IntakeMessage {
  const { kind, hop, payload, payloadLength } = createRingRecord();
  return { kind, hop, payload, payloadLength, waitedMs: 0 };
}

/** Records handled in one turn: one CDR write and one flush for all of them (design: at most 64). */
const batchMax = 64;

export class RingIntake implements Intake {
  readonly #ring: RingReader;
  readonly #signal: WakeSignal;
  readonly #record = createRingRecord();
  readonly #message: IntakeMessage = createIntakeMessage();
  readonly #ringIsEmpty: () => boolean;

  constructor(ring: RingReader, signal: WakeSignal) {
    this.#ring = ring;
    this.#signal = signal;
    this.#message.payload = this.#record.payload;
    this.#ringIsEmpty = () => this.#ring.isEmpty();
  }

  take(handle: (message: IntakeMessage) => void, time: BatchTime): number {
    const record = this.#record;
    const message = this.#message;
    let taken = 0;
    for (; taken < batchMax && this.#ring.pop(record); taken++) {
      message.kind = record.kind;
      message.hop = record.hop;
      message.payloadLength = record.payloadLength;
      message.waitedMs = waitedMs(record, time.nowMs);
      handle(message);
    }
    return taken;
  }

  isEmpty(): boolean {
    return this.#ring.isEmpty();
  }

  block(timeoutMs: number): void {
    this.#signal.block(this.#ringIsEmpty, timeoutMs);
  }

  /** As `block`, in a wait of the caller's own that the producer's doorbell ends. */
  blockOn(wait: () => void): void {
    this.#signal.blockOn(this.#ringIsEmpty, wait);
  }

  sleep(pollMs: number): Promise<void> {
    return this.#signal.sleep(this.#ringIsEmpty, pollMs);
  }

  wake(): void {
    this.#signal.wake();
  }

  ringBytes(): number {
    return this.#ring.usedBytes();
  }

  close(): void {}
}
