// A datagram at a worker's own socket came in the moment between this socket's bind and the main
// thread's: it goes back to the main thread, which routes it as any other.
import type { RemoteInfo } from 'node:dgram';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { Transport } from '../../core/sip/hop.ts';
import type { RingEntry, RingWriter } from '../memory/spsc-ring.ts';
import type { WakeSignal } from '../memory/wake-signal.ts';
import { RecordKind } from '../thread-messages.ts';
import type { OnStray } from './datagram-sender.ts';

export interface StrayReturnOptions {
  ring: RingWriter;
  /** The main thread's. */
  signal: WakeSignal;
  counters: Float64Array;
  clock: () => number;
}

export function createStrayReturn(options: StrayReturnOptions): OnStray {
  const { ring, signal, counters, clock } = options;
  const hop = { transport: Transport.udp, listener: 0, connection: 0, address: '', port: 0 };
  const entry: RingEntry = { kind: RecordKind.stray, urgent: true, nowMs: 0, hop };
  return (listener: number, bytes: Buffer, from: RemoteInfo) => {
    counters[Counter.strayDatagrams]!++;
    hop.listener = listener;
    hop.address = from.address;
    hop.port = from.port;
    entry.nowMs = clock();
    if (ring.push(entry, bytes, bytes.length)) signal.wake();
    else counters[Counter.dropRingFull]!++;
  };
}
