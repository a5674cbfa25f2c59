// Sends the datagrams of a batch with one call a listener (sendmmsg(2)), in the order they were given.
//
//   texts      |msg 1|msg 2....|msg 3| free                       |   filled from the left, empty after a flush
//   headers    |1|2|3| ...                                            a listener; each names its text and peer
//   addresses  |peer ... |peer ... |                                  direct-mapped, kept over flushes
//
// Nothing stays behind a flush: what the kernel has no room for is waited for a moment, then lost and
// counted, as the network may lose it; SIP repeats it.
import { getSystemErrorName } from 'node:util';
import type { Hop } from '../../core/sip/hop.ts';
import type { ByteTextBuffer } from '../call/send-arena.ts';
import { Errno, PollEvent, Socket, type SystemCalls } from '../system-calls.ts';
import type { KernelSocket } from './kernel-socket.ts';
import {
  createMessageHeaders,
  HeaderWord,
  headerBytes,
  headerWords,
  iovecWords,
  type MessageHeaders,
  writeAddress,
} from './message-headers.ts';
import { addressSlotBytes, writeSocketAddress } from './socket-address.ts';

/** Messages of one call to the kernel; more are sent in several. */
const queueMax = 256;
const textBytesMax = 1_048_576;
const peersMax = 1024;
/** For the kernel's send queue to drain. */
const writableWaitMs = 2;

export interface BatchSenderOptions {
  readonly calls: SystemCalls;
  /** Index: listener; undefined where it is no UDP listener. */
  readonly sockets: readonly (KernelSocket | undefined)[];
  /** Once for every datagram that could not be sent. */
  readonly onSendError: (error: Error) => void;
}

interface Queue {
  readonly socket: KernelSocket;
  readonly headers: MessageHeaders;
  count: number;
}

export class BatchSender {
  readonly #calls: SystemCalls;
  readonly #onSendError: (error: Error) => void;
  readonly #queues: readonly (Queue | undefined)[];
  readonly #texts: ByteTextBuffer;
  readonly #textsAt: number;
  #textBytes = 0;
  readonly #addresses: Buffer;
  readonly #addressesAt: number;
  /** Of each peer: its text, port and listener, and the bytes of its socket address (0: none). */
  readonly #peerAddresses: string[] = new Array(peersMax).fill('');
  readonly #peerPorts = new Int32Array(peersMax);
  readonly #peerBytes = new Int32Array(peersMax);

  constructor(options: BatchSenderOptions) {
    const { calls, sockets } = options;
    this.#calls = calls;
    this.#onSendError = options.onSendError;
    this.#texts = Buffer.allocUnsafeSlow(textBytesMax) as ByteTextBuffer;
    this.#textsAt = calls.addressOf(this.#texts);
    this.#addresses = Buffer.alloc(peersMax * addressSlotBytes);
    this.#addressesAt = calls.addressOf(this.#addresses);
    this.#queues = sockets.map((socket) =>
      socket === undefined
        ? undefined
        : {
            socket,
            headers: createMessageHeaders(calls, queueMax, [this.#texts, this.#addresses]),
            count: 0,
          },
    );
  }

  /** Queues one datagram until `flush`; `text` is a byte string. */
  send(hop: Hop, text: string): void {
    const queue = this.#queues[hop.listener];
    if (queue === undefined || hop.port < 1 || hop.port > 65_535 || text.length > textBytesMax) {
      this.#onSendError(new Error(`cannot send to ${hop.address}:${hop.port}`));
      return;
    }
    if (queue.count === queueMax || this.#textBytes + text.length > textBytesMax) this.flush();
    const peer = this.#peerOf(hop, queue);
    if (peer < 0) {
      this.#onSendError(new Error(`cannot send to ${hop.address}:${hop.port}: EINVAL`));
      return;
    }
    const { words, iovecs } = queue.headers;
    const header = queue.count * headerWords;
    const iovec = queue.count * iovecWords;
    writeAddress(words, header + HeaderWord.name, this.#addressesAt + peer * addressSlotBytes);
    words[header + HeaderWord.nameBytes] = this.#peerBytes[peer]!;
    writeAddress(iovecs, iovec, this.#textsAt + this.#textBytes);
    iovecs[iovec + 2] = text.length;
    this.#texts.latin1Write(text, this.#textBytes, text.length);
    this.#textBytes += text.length;
    queue.count++;
  }

  flush(): void {
    if (this.#textBytes === 0) return;
    for (const queue of this.#queues) if (queue !== undefined && queue.count > 0) this.#send(queue);
    this.#textBytes = 0;
  }

  /** Nothing waits outside a batch. */
  get pending(): number {
    return 0;
  }

  close(): void {}

  #send(queue: Queue): void {
    const { socket, headers, count } = queue;
    queue.count = 0;
    let mayWait = true;
    for (let sent = 0; sent < count; ) {
      const at = headers.address + sent * headerBytes;
      const taken = this.#calls.sendmmsg(socket.fd, at, count - sent, Socket.doNotWait);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.#calls.errno();
      if (errno === Errno.interrupted) continue;
      if (errno === Errno.wouldBlock && mayWait) {
        mayWait = false;
        this.#calls.poll(new Int32Array([socket.fd, PollEvent.writable]), 1, writableWaitMs);
        continue;
      }
      // The first of those left is the one that failed.
      this.#onSendError(new Error(`a datagram was not sent: ${getSystemErrorName(-errno)}`));
      sent++;
    }
  }

  /** Where the peer's socket address lies in the table; -1 where it is no literal of the family. */
  #peerOf(hop: Hop, queue: Queue): number {
    const { address, port, listener } = hop;
    const end = address.length;
    let hash = Math.imul(port ^ (listener << 16), 0x9e3779b1) ^ (address.charCodeAt(end - 1) << 4);
    hash ^= Math.imul(address.charCodeAt(end - 2), 0x85eb) ^ address.charCodeAt(end - 3);
    hash = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
    const place = (hash >>> 0) % peersMax;
    const key = port | (listener << 16);
    if (this.#peerPorts[place] === key && this.#peerAddresses[place] === address) {
      return this.#peerBytes[place] === 0 ? -1 : place;
    }
    // Whoever has the place may be in a queue.
    this.flush();
    const slot = this.#addresses.subarray(place * addressSlotBytes, (place + 1) * addressSlotBytes);
    this.#peerBytes[place] = writeSocketAddress(slot, queue.socket.family, address, port);
    this.#peerPorts[place] = key;
    this.#peerAddresses[place] = address;
    return this.#peerBytes[place] === 0 ? -1 : place;
  }
}
