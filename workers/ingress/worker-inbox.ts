// What the call workers hand to the main thread: messages to write to streams, and stray datagrams.
// Takes a bounded batch of each worker's ring in turn, so that neither a worker nor the sockets starve.
import type { Hop } from '../../core/sip/hop.ts';
import { createRingRecord, type RingReader } from '../memory/spsc-ring.ts';
import type { WakeSignal } from '../memory/wake-signal.ts';
import { RecordKind } from '../thread-messages.ts';

const batchMax = 64;
/** A lost wake-up costs at most this. */
const sleepPollMs = 1000;

export interface WorkerInboxOptions {
  /** Index: worker. */
  rings: readonly RingReader[];
  /** The main thread's own. */
  signal: WakeSignal;
  onStray: (bytes: Buffer, length: number, hop: Hop) => void;
  onStreamSend: (hop: Hop, text: string, worker: number) => void;
}

export class WorkerInbox {
  readonly #options: WorkerInboxOptions;
  readonly #record = createRingRecord();
  #running = true;

  constructor(options: WorkerInboxOptions) {
    this.#options = options;
    this.#turn();
  }

  stop(): void {
    this.#running = false;
    this.#options.signal.wake();
  }

  readonly #isEmpty = (): boolean => {
    for (const ring of this.#options.rings) if (!ring.isEmpty()) return false;
    return true;
  };

  readonly #turn = (): void => {
    if (!this.#running) return;
    const { rings, signal } = this.#options;
    for (let worker = 0; worker < rings.length; worker++) this.#drain(rings[worker]!, worker);
    if (!this.#isEmpty()) {
      setImmediate(this.#turn);
      return;
    }
    signal.sleep(this.#isEmpty, sleepPollMs).then(this.#turn, (error: unknown) => {
      throw error;
    });
  };

  #drain(ring: RingReader, worker: number): void {
    const record = this.#record;
    for (let taken = 0; taken < batchMax && ring.pop(record); taken++) {
      const { payload, payloadLength, hop, kind } = record;
      if (kind === RecordKind.stray) {
        this.#options.onStray(payload, payloadLength, hop);
      } else if (kind === RecordKind.streamSend) {
        this.#options.onStreamSend(hop, payload.toString('latin1', 0, payloadLength), worker);
      } else {
        throw new RangeError(`ring record of kind ${kind}; expected stray or streamSend`);
      }
    }
  }
}
