// The main thread's side of the shared UDP sockets (workers/datagram): it receives from them where several
// call workers take their datagrams from rings; a single worker receives by itself.
import type { RemoteInfo } from 'node:dgram';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { BatchReceiver, batchMax } from '../datagram/batch-receiver.ts';
import { BatchSender } from '../datagram/batch-sender.ts';
import type { KernelSocket } from '../datagram/kernel-socket.ts';
import type { SharedSockets } from '../datagram/shared-sockets.ts';
import { watchSocket } from '../datagram/socket-watch.ts';
import type { SystemCalls } from '../system-calls.ts';
import { createSocketDrops, type KernelDrops } from './kernel-drops.ts';
import type { UdpIngressOptions, UdpSocketState } from './udp-ingress.ts';

/** Batches taken in one turn of the event loop. */
const batchesMax = 8;

export interface SharedUdpIngressOptions extends UdpIngressOptions {
  readonly calls: SystemCalls;
  readonly shared: SharedSockets;
}

export class SharedUdpIngress {
  readonly #options: SharedUdpIngressOptions;
  readonly #sender: BatchSender;
  readonly #drops: KernelDrops;
  readonly #watches: (() => void)[] = [];
  /** Index: listener. */
  readonly states: readonly UdpSocketState[];

  constructor(options: SharedUdpIngressOptions) {
    this.#options = options;
    const { calls, shared, counters } = options;
    const { sockets } = shared;
    this.states = sockets.map((socket) => ({
      receiveBufferBytes: socket?.receiveBufferBytes ?? 0,
      kernelDrops: 0,
    }));
    this.#drops = createSocketDrops(calls, sockets);
    this.#sender = new BatchSender({
      calls,
      sockets,
      onSendError: () => {
        counters[Counter.sendErrors]!++;
      },
    });
    if (shared.doorbell !== undefined) return;
    for (const [listener, socket] of sockets.entries()) {
      if (socket !== undefined) this.#watches.push(this.#receiveFrom(socket, listener));
    }
  }

  /** Nothing to do: the sockets outlive the workers. */
  async rebind(): Promise<void> {}

  /** Sends from the main thread: the rare stateless answer. */
  send(hop: Hop, text: string): void {
    this.#options.counters[Counter.messagesOut]!++;
    this.#sender.send(hop, text);
    this.#sender.flush();
  }

  /** Adds what the kernel dropped since the last time; called once a second. */
  readKernelDrops(): Promise<void> {
    return this.#drops.read((listener, added) => {
      this.states[listener]!.kernelDrops += added;
      this.#options.counters[Counter.kernelDrops]! += added;
    });
  }

  close(): void {
    for (const close of this.#watches.splice(0)) close();
  }

  /** The event loop brings the first datagram; what lies behind it is taken in batches. */
  #receiveFrom(socket: KernelSocket, listener: number): () => void {
    const { calls, counters, onDatagram, onError } = this.#options;
    const receiver = new BatchReceiver(calls, socket, listener);
    const hop = { transport: Transport.udp, listener, connection: 0, address: '', port: 0 };
    return watchSocket({
      calls,
      socket,
      onError,
      onDatagram: (bytes: Buffer, from: RemoteInfo) => {
        counters[Counter.datagramsIn]!++;
        hop.address = from.address;
        hop.port = from.port;
        onDatagram(bytes, bytes.length, hop);
        for (let batch = 0; batch < batchesMax; batch++) {
          const count = receiver.receive();
          counters[Counter.datagramsIn]! += count;
          for (let place = 0; place < count; place++) {
            const payload = receiver.payloads[place]!;
            onDatagram(payload, receiver.lengthOf(place), receiver.hopOf(place));
          }
          if (count < batchMax) return;
        }
      },
    });
  }
}
