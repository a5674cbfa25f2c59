// The receiving UDP sockets of the main thread, one a listener. They are bound after the call workers'
// sockets on the same port, because on Linux the last one bound receives; when a worker has been
// restarted they are replaced by fresh ones, the old ones drained and then closed.
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Listener } from '../../core/call/local-identity.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { enlargeReceiveBuffer, openDatagramSocket } from '../datagram-socket.ts';
import { createKernelDrops, type KernelDrops } from './kernel-drops.ts';

/** An old socket is closed when it has been silent this long, at the latest after `drainMsMax`. */
const drainSilentMs = 100;
const drainMsMax = 5_000;

export interface UdpIngressOptions {
  listeners: readonly Listener[];
  onDatagram: (bytes: Buffer, length: number, hop: Hop) => void;
  onError: (error: Error) => void;
  counters: Float64Array;
}

/** What is known of one listener's receiving socket. */
export interface UdpSocketState {
  receiveBufferBytes: number;
  kernelDrops: number;
}

interface Receiver {
  socket: Socket;
  datagrams: number;
}

export class UdpIngress {
  readonly #options: UdpIngressOptions;
  /** Index: listener; undefined where it is no UDP listener. */
  readonly #receivers: (Receiver | undefined)[] = [];
  readonly #states: UdpSocketState[];
  readonly #drops: KernelDrops;
  readonly #draining = new Map<NodeJS.Timeout, Receiver>();

  private constructor(options: UdpIngressOptions) {
    this.#options = options;
    this.#states = options.listeners.map(() => ({ receiveBufferBytes: 0, kernelDrops: 0 }));
    this.#drops = createKernelDrops(
      options.listeners.map((one) => (one.transport === Transport.udp ? one : null)),
    );
  }

  static async bind(options: UdpIngressOptions): Promise<UdpIngress> {
    const ingress = new UdpIngress(options);
    await ingress.rebind();
    return ingress;
  }

  /** Index: listener. */
  get states(): readonly UdpSocketState[] {
    return this.#states;
  }

  /** Opens a fresh socket on every UDP listener, which from then on receives, and retires the old ones. */
  async rebind(): Promise<void> {
    for (const [index, listener] of this.#options.listeners.entries()) {
      if (listener.transport !== Transport.udp) continue;
      const fresh = await this.#open(index, listener);
      const old = this.#receivers[index];
      this.#receivers[index] = fresh;
      if (old !== undefined) this.#retire(old);
    }
  }

  /** Sends from the main thread's own socket: the rare stateless answer. */
  send(hop: Hop, text: string): void {
    const socket = this.#receivers[hop.listener]?.socket;
    if (socket === undefined || hop.port < 1) return;
    socket.send(Buffer.from(text, 'latin1'), hop.port, hop.address, this.#onSent);
  }

  readonly #onSent = (error: Error | null): void => {
    if (error) this.#count(Counter.sendErrors);
    else this.#count(Counter.messagesOut);
  };

  /** Adds what the kernel dropped since the last time; called once a second. */
  readKernelDrops(): Promise<void> {
    return this.#drops.read((listener, added) => {
      this.#states[listener]!.kernelDrops += added;
      this.#options.counters[Counter.kernelDrops]! += added;
    });
  }

  close(): void {
    for (const [timer, receiver] of this.#draining) {
      clearInterval(timer);
      receiver.socket.close();
    }
    this.#draining.clear();
    for (const receiver of this.#receivers.splice(0)) receiver?.socket.close();
  }

  #count(counter: number): void {
    this.#options.counters[counter]!++;
  }

  async #open(index: number, listener: Listener): Promise<Receiver> {
    const socket = await openDatagramSocket(listener, { reuseAddr: true });
    this.#states[index]!.receiveBufferBytes = enlargeReceiveBuffer(socket);
    const receiver: Receiver = { socket, datagrams: 0 };
    // One object a socket, filled anew for each datagram: the ring copies what it needs.
    const hop = { transport: Transport.udp, listener: index, connection: 0, address: '', port: 0 };
    const { counters, onDatagram } = this.#options;
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      receiver.datagrams++;
      counters[Counter.datagramsIn]!++;
      hop.address = from.address;
      hop.port = from.port;
      onDatagram(bytes, bytes.length, hop);
    });
    socket.on('error', this.#options.onError);
    return receiver;
  }

  /** What lies in the old socket's buffer is still ours. */
  #retire(old: Receiver): void {
    let seen = old.datagrams;
    let waitedMs = 0;
    const timer = setInterval(() => {
      waitedMs += drainSilentMs;
      if (old.datagrams !== seen && waitedMs < drainMsMax) {
        seen = old.datagrams;
        return;
      }
      clearInterval(timer);
      this.#draining.delete(timer);
      old.socket.close();
    }, drainSilentMs);
    this.#draining.set(timer, old);
  }
}
