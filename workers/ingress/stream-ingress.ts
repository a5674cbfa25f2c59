// Streams (TCP, RFC 3261 18): the main thread owns the connections, cuts messages out of them, answers
// keep-alives and writes what the workers send. Everything a peer can make us hold is bounded: number
// and age of connections, bytes of an unfinished message (core/sip/frame-stream.ts), bytes not read by
// the peer.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Listener } from '../../core/call/local-identity.ts';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { Fault, faultStatus } from '../../core/sip/fault.ts';
import {
  createFrameStream,
  type FrameSink,
  isFramePending,
  pushChunk,
} from '../../core/sip/frame-stream.ts';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { createMessage } from '../../core/sip/message.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { writeFaultReply } from '../../core/sip/stateless-reply.ts';
import { type StreamConnection, StreamConnections } from './stream-connections.ts';

/** A connection that has sent no whole message by then is closed, and one that lets a message lie
 *  unfinished that long (1 byte every few seconds holds a descriptor at no cost to the sender). */
export const firstMessageMs = 5_000;
export const partialMessageMs = 5_000;
/** No traffic either way. */
const idleMs = 600_000;
export const connectMs = 4_000;
/** Bytes waiting for a peer that does not read. */
export const sendQueueBytesMax = 1_048_576;
const sweepMs = 500;
/** RFC 5626 4.4.1: the answer to a double CRLF. */
const pong = '\r\n';

export interface StreamIngressOptions {
  listeners: readonly Listener[];
  /** One framed message; it lies in `bytes` only during the call. */
  onMessage: (bytes: Buffer, length: number, hop: Hop) => void;
  /** The status of a refusal where a gateway of ours would hear `statusCode`; 0: nothing is said. */
  refusalTowards: (hop: Hop, statusCode: number) => number;
  /** Whether this source is answered at all. */
  answersTo: (hop: Hop) => boolean;
  /** A stream to this hop could not be opened, or broke with messages unsent. */
  onFailure: (hop: Hop, senders: number) => void;
  counters: Float64Array;
  clock: () => number;
}

export class StreamIngress {
  readonly #options: StreamIngressOptions;
  readonly #connections = new StreamConnections();
  readonly #servers: Server[] = [];
  readonly #scratch = createMessage();
  readonly #sweepTimer: NodeJS.Timeout;

  private constructor(options: StreamIngressOptions) {
    this.#options = options;
    this.#sweepTimer = setInterval(() => this.#sweep(), sweepMs);
  }

  /** Listens on every stream listener; @throws when an address cannot be bound. */
  static async bind(options: StreamIngressOptions): Promise<StreamIngress> {
    const ingress = new StreamIngress(options);
    try {
      for (const [index, listener] of options.listeners.entries()) {
        if (listener.transport === Transport.tcp) await ingress.#listen(index, listener);
      }
    } catch (error) {
      await ingress.close();
      throw error;
    }
    return ingress;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Bytes written that the peers have not taken. */
  get queuedBytes(): number {
    let sum = 0;
    for (const { socket } of this.#connections.all()) sum += socket.writableLength;
    return sum;
  }

  /** Writes a message (a byte string) of worker `worker` to the hop's stream, opening one if need be. */
  send(hop: Hop, text: string, worker: number): void {
    const connection = this.#connectionTo(hop, !text.startsWith('SIP/2.0 '));
    const sender = 1 << (worker & 31);
    if (connection === undefined) {
      this.#options.onFailure(hop, sender);
      return;
    }
    connection.senders |= sender;
    connection.lastSentMs = this.#options.clock();
    this.#write(connection, text);
  }

  /** The main thread's own answer, over the connection it came by or not at all. */
  answer(hop: Hop, text: string): void {
    const connection = this.#connections.byId(hop.connection);
    if (connection !== undefined) this.#write(connection, text);
  }

  #write(connection: StreamConnection, text: string): void {
    const { socket } = connection;
    if (socket.writableLength + text.length > sendQueueBytesMax) {
      this.#count(Counter.sendQueueFull);
      connection.broken = true;
      socket.destroy();
      return;
    }
    socket.write(text, 'latin1');
  }

  async close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const connection of this.#connections.all()) connection.socket.destroy();
    await Promise.all(closed);
  }

  #count(counter: number): void {
    this.#options.counters[counter]!++;
  }

  #listen(index: number, listener: Listener): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (socket) => this.#accept(index, socket));
      server.once('error', reject);
      server.listen({ host: listener.address, port: listener.port }, () => {
        server.off('error', reject);
        // EMFILE and the like: the connection is lost, the listener is not.
        server.on('error', () => this.#count(Counter.streamsRefused));
        this.#servers.push(server);
        resolve();
      });
    });
  }

  #accept(listener: number, socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || !this.#connections.hasRoom(remoteAddress)) {
      this.#count(Counter.streamsRefused);
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const peer = { listener, address: remoteAddress, port: remotePort! };
    this.#adopt(socket, peer, false);
  }

  /** The connection that a hop names, or any to its peer, or a new one; undefined: none can be had. A
   *  response goes back over the connection of its request or not at all (of RFC 3261 18.2.2 we leave out
   *  dialling the Via); a request is dialled to the address of its hop, which may be a Contact. */
  #connectionTo(hop: Hop, isRequest: boolean): StreamConnection | undefined {
    if (hop.connection !== 0) {
      const named = this.#connections.byId(hop.connection);
      if (named !== undefined) return named;
    }
    const open = this.#connections.byPeer(hop.address, hop.port);
    if (open !== undefined) return open;
    if (hop.connection !== 0 && !isRequest) return undefined;
    if (hop.port < 1 || hop.port > 65535) return undefined;
    if (!this.#connections.hasRoom(hop.address)) {
      this.#count(Counter.streamsRefused);
      return undefined;
    }
    const local = this.#options.listeners[hop.listener];
    const socket = connect({
      host: hop.address,
      port: hop.port,
      noDelay: true,
      ...(local === undefined ? {} : { localAddress: local.address }),
    });
    return this.#adopt(socket, hop, true);
  }

  #adopt(
    socket: Socket,
    peer: { listener: number; address: string; port: number },
    outbound: boolean,
  ): StreamConnection {
    const nowMs = this.#options.clock();
    const id = this.#connections.nextId();
    const { listener, address, port } = peer;
    const hop: Hop = { transport: Transport.tcp, listener, connection: id, address, port };
    const connection: StreamConnection = {
      id,
      listener,
      address,
      port,
      socket,
      hop,
      frames: createFrameStream(this.#sinkOf(id, hop), allocate),
      outbound,
      openedAtMs: nowMs,
      connected: !outbound,
      broken: false,
      closing: false,
      messages: 0,
      lastReceivedMs: nowMs,
      lastSentMs: nowMs,
      partialSinceMs: 0,
      senders: 0,
    };
    this.#connections.add(connection);
    this.#count(Counter.streamsOpened);
    socket.on('connect', () => {
      connection.connected = true;
    });
    socket.on('data', (chunk: Buffer) => this.#onData(connection, chunk));
    socket.on('error', () => {
      connection.broken = true;
    });
    socket.on('close', () => this.#onClose(connection));
    return connection;
  }

  #onData(connection: StreamConnection, chunk: Buffer): void {
    connection.lastReceivedMs = this.#options.clock();
    pushChunk(connection.frames, chunk);
    if (!isFramePending(connection.frames)) connection.partialSinceMs = 0;
    else if (connection.partialSinceMs === 0) connection.partialSinceMs = connection.lastReceivedMs;
  }

  /** What the framing tells us of one connection. */
  #sinkOf(id: number, hop: Hop): FrameSink {
    return {
      onFrame: (bytes, end) => {
        this.#connections.byId(id)!.messages++;
        this.#count(Counter.streamMessagesIn);
        this.#options.onMessage(bytes as Buffer & MessageBytes, end, hop);
      },
      onPing: () => {
        this.#count(Counter.keepAlivesIn);
        const connection = this.#connections.byId(id)!;
        if (connection.outbound || this.#options.answersTo(hop)) this.#write(connection, pong);
      },
      onFault: (fault, bytes, end) => {
        this.#count(fault === Fault.messageTooLarge ? Counter.dropOversize : Counter.parseFaults);
        this.#refuse(this.#connections.byId(id)!, this.#faultReply(fault, bytes, end, hop));
      },
    };
  }

  #faultReply(fault: Fault, ...[bytes, end, hop]: [MessageBytes, number, Hop]): string {
    const due = faultStatus(fault);
    if (due === 0) return '';
    parseMessage(this.#scratch, bytes, end, Transport.tcp);
    const status = this.#scratch.isRequest ? this.#options.refusalTowards(hop, due) : 0;
    if (status === 0) return '';
    return writeFaultReply(this.#scratch, status, hop, '');
  }

  /** After a fault nobody knows where the next message begins: answer what can be answered, and close. */
  #refuse(connection: StreamConnection, answer: string): void {
    const { socket } = connection;
    // A peer that does not read the answer is closed by the sweep.
    connection.closing = true;
    connection.lastSentMs = this.#options.clock();
    socket.removeAllListeners('data');
    socket.resume();
    if (answer === '') socket.destroy();
    else socket.end(answer, 'latin1', () => socket.destroy());
  }

  #onClose(connection: StreamConnection): void {
    if (!this.#connections.remove(connection)) return;
    this.#count(Counter.streamsClosed);
    const unsent = connection.socket.writableLength > 0 || !connection.connected;
    // A peer that closes in order has taken what we sent: transactions have timers of their own.
    if (connection.senders === 0 || !(connection.broken || unsent)) return;
    this.#options.onFailure(
      {
        transport: Transport.tcp,
        listener: connection.listener,
        connection: connection.outbound ? 0 : connection.id,
        address: connection.address,
        port: connection.port,
      },
      connection.senders,
    );
  }

  #sweep(): void {
    const nowMs = this.#options.clock();
    for (const connection of this.#connections.all()) {
      if (isOverdue(connection, nowMs)) connection.socket.destroy();
    }
  }
}

function allocate(size: number): MessageBytes {
  return Buffer.alloc(size) as Buffer & MessageBytes;
}

function isOverdue(connection: StreamConnection, nowMs: number): boolean {
  const ageMs = nowMs - connection.openedAtMs;
  if (!connection.connected) return ageMs >= connectMs;
  if (!connection.outbound && connection.messages === 0 && ageMs >= firstMessageMs) return true;
  const { partialSinceMs, lastReceivedMs, lastSentMs, closing } = connection;
  if (closing) return nowMs - lastSentMs >= partialMessageMs;
  if (partialSinceMs > 0 && nowMs - partialSinceMs >= partialMessageMs) return true;
  return nowMs - Math.max(lastReceivedMs, lastSentMs) >= idleMs;
}
