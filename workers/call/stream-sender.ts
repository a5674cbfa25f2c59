// Sends over streams: the connections belong to the main thread, so a message goes there by ring.
import { Counter } from '../../core/metrics/counter-layout.ts';
import type { Hop } from '../../core/sip/hop.ts';
import type { RingEntry, RingWriter } from '../memory/spsc-ring.ts';
import type { WakeSignal } from '../memory/wake-signal.ts';
import { RecordKind } from '../thread-messages.ts';
import type { MessageSender } from './effect-runner.ts';

export interface StreamSenderOptions {
  ring: RingWriter;
  /** The main thread's. */
  signal: WakeSignal;
  counters: Float64Array;
  clock: () => number;
}

export function createStreamSender(options: StreamSenderOptions): MessageSender {
  const { ring, signal, counters, clock } = options;
  const entry = { kind: RecordKind.streamSend, urgent: true, nowMs: 0 } as RingEntry;
  return {
    send(hop: Hop, text: string): void {
      entry.hop = hop;
      entry.nowMs = clock();
      // Timers resend what is lost here, as after any loss on the way.
      if (ring.pushText(entry, text)) signal.wake();
      else counters[Counter.sendQueueFull]!++;
    },
  };
}
