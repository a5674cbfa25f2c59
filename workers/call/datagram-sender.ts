// Sends datagrams from the listening address and port: each worker has its own socket on every UDP
// listener, bound with `reuseAddr` before the main thread's, which therefore receives (on Linux the last
// one bound does). What reaches a worker's socket all the same is handed to `onStray`.
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Listener } from '../../core/call/local-identity.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { openDatagramSocket } from '../datagram-socket.ts';
import { createSendArena, type SendArena } from './send-arena.ts';

export type OnStray = (listener: number, bytes: Buffer, from: RemoteInfo) => void;

export interface DatagramSenderOptions {
  listeners: readonly Listener[];
  onStray: OnStray;
  /** Once for every datagram that could not be sent. */
  onSendError: (error: Error) => void;
}

export class DatagramSender {
  /** Index: listener; undefined where it is no UDP listener. */
  readonly #sockets: readonly (Socket | undefined)[];
  readonly #arena: SendArena;
  readonly #onSendError: (error: Error) => void;

  private constructor(sockets: (Socket | undefined)[], onSendError: (error: Error) => void) {
    this.#sockets = sockets;
    this.#onSendError = onSendError;
    this.#arena = createSendArena(onSendError);
  }

  static async bind(options: DatagramSenderOptions): Promise<DatagramSender> {
    const sockets = await Promise.all(
      options.listeners.map((listener, index) =>
        listener.transport === Transport.udp ? bindOne(listener, index, options) : undefined,
      ),
    );
    return new DatagramSender(sockets, options.onSendError);
  }

  /** Queues one datagram with the kernel; `text` is a byte string. */
  send(hop: Hop, text: string): void {
    const socket = this.#sockets[hop.listener];
    if (socket === undefined || hop.port < 1 || hop.port > 65535) {
      // dgram throws at port 0; a peer may name one.
      this.#onSendError(new Error(`cannot send to ${hop.address}:${hop.port}`));
      return;
    }
    const slab = this.#arena.slabFor(text.length);
    if (slab === undefined) {
      this.#onSendError(new Error('send arena full'));
      return;
    }
    const start = slab.used;
    slab.bytes.latin1Write(text, start, text.length);
    slab.used = start + text.length;
    slab.pending++;
    socket.send(slab.bytes, start, text.length, hop.port, hop.address, slab.onSent);
  }

  /** Nothing waits here: every datagram goes by itself. */
  flush(): void {}

  /** Datagrams handed to libuv that have not been sent yet. */
  get pending(): number {
    return this.#arena.pending();
  }

  close(): void {
    for (const socket of this.#sockets) socket?.close();
  }
}

async function bindOne(
  listener: Listener,
  index: number,
  options: DatagramSenderOptions,
): Promise<Socket> {
  const socket = await openDatagramSocket(listener, { reuseAddr: true });
  socket.on('message', (bytes, from) => options.onStray(index, bytes, from));
  socket.on('error', options.onSendError);
  return socket;
}
