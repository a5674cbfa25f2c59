// The table of stream connections, accepted and opened, with the caps that keep one source, or all of
// them together, from taking every descriptor (threats: slow clients).
import type { Socket } from 'node:net';
import type { FrameStream } from '../../core/sip/frame-stream.ts';
import type { Hop } from '../../core/sip/hop.ts';

const connectionsMax = 4096;
export const connectionsPerSourceMax = 256;

export interface StreamConnection {
  /** Names it in a `Hop`; never 0. */
  readonly id: number;
  readonly listener: number;
  readonly address: string;
  readonly port: number;
  readonly socket: Socket;
  /** Where what arrives over it comes from. */
  readonly hop: Hop;
  readonly frames: FrameStream;
  /** Opened by us, on demand. */
  readonly outbound: boolean;
  readonly openedAtMs: number;
  connected: boolean;
  /** Reset by the peer, or given up by us with messages unsent. */
  broken: boolean;
  /** Our last answer is on its way; what still comes in is not read. */
  closing: boolean;
  /** Messages framed so far. */
  messages: number;
  lastReceivedMs: number;
  lastSentMs: number;
  /** Since when a message lies incomplete; 0 when none does. */
  partialSinceMs: number;
  /** Bit i: worker i sent over it (modulo 32; a worker told in vain finds nothing to fail). */
  senders: number;
}

export class StreamConnections {
  readonly #byId = new Map<number, StreamConnection>();
  readonly #byPeer = new Map<string, StreamConnection>();
  readonly #perSource = new Map<string, number>();
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Whether one more from this source fits. */
  hasRoom(address: string): boolean {
    if (this.#byId.size >= connectionsMax) return false;
    return (this.#perSource.get(address) ?? 0) < connectionsPerSourceMax;
  }

  /** An id that no open connection has; ids come round after 2^31. */
  nextId(): number {
    do {
      this.#lastId = this.#lastId >= 0x7fffffff ? 1 : this.#lastId + 1;
    } while (this.#byId.has(this.#lastId));
    return this.#lastId;
  }

  add(connection: StreamConnection): void {
    this.#byId.set(connection.id, connection);
    this.#byPeer.set(peerKey(connection.address, connection.port), connection);
    const { address } = connection;
    this.#perSource.set(address, (this.#perSource.get(address) ?? 0) + 1);
  }

  /** False when it was removed before. */
  remove(connection: StreamConnection): boolean {
    if (!this.#byId.delete(connection.id)) return false;
    const key = peerKey(connection.address, connection.port);
    if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
    const left = this.#perSource.get(connection.address)! - 1;
    if (left > 0) this.#perSource.set(connection.address, left);
    else this.#perSource.delete(connection.address);
    return true;
  }

  byId(id: number): StreamConnection | undefined {
    return this.#byId.get(id);
  }

  /** The latest connection to this peer, whoever opened it (RFC 3261 18.1.1 lets it be used again). */
  byPeer(address: string, port: number): StreamConnection | undefined {
    return this.#byPeer.get(peerKey(address, port));
  }

  all(): IterableIterator<StreamConnection> {
    return this.#byId.values();
  }
}

function peerKey(address: string, port: number): string {
  return `${address} ${port}`;
}
