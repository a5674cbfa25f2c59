// Takes what lies in a socket's queue, up to a batch at once (recvmmsg(2)), with the peer of each datagram
// as a Hop and the time it lay in the kernel.
//
// A slot a datagram, used again by the next batch: who keeps a payload copies it. 64 KiB hold every
// datagram whole; of a slot only the pages that a datagram reaches are memory.
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { Socket, type SystemCalls } from '../system-calls.ts';
import type { KernelSocket } from './kernel-socket.ts';
import {
  createMessageHeaders,
  HeaderWord,
  headerWords,
  iovecWords,
  type MessageHeaders,
  writeAddress,
} from './message-headers.ts';
import { addressSlotBytes } from './socket-address.ts';
import { SocketHops } from './socket-hops.ts';

export const batchMax = 64;
const slotBytes = 65_536;
const addressWords = addressSlotBytes / 4;

/** One control message: header of 16 bytes, `struct timespec` of 16. */
const controlBytes = 32;
const controlWords = controlBytes / 4;

export class BatchReceiver {
  readonly socket: KernelSocket;
  readonly #calls: SystemCalls;
  readonly #headers: MessageHeaders;
  readonly #names: Uint32Array;
  readonly #controls: Uint32Array;
  readonly #hops: SocketHops;
  /** Index: place in the batch. */
  readonly payloads: readonly Buffer[];
  #count = batchMax;

  constructor(calls: SystemCalls, socket: KernelSocket, listener: number) {
    this.socket = socket;
    this.#calls = calls;
    const slots = Buffer.allocUnsafeSlow(batchMax * slotBytes);
    const names = Buffer.alloc(batchMax * addressSlotBytes);
    const controls = Buffer.alloc(batchMax * controlBytes);
    this.#headers = createMessageHeaders(calls, batchMax, [slots, names, controls]);
    this.#names = wordsOf(names);
    this.#controls = wordsOf(controls);
    this.#hops = new SocketHops(names, {
      transport: Transport.udp,
      listener,
      isIpv6: socket.family === Socket.inet6,
    });
    this.payloads = Array.from({ length: batchMax }, (_, i) =>
      slots.subarray(i * slotBytes, (i + 1) * slotBytes),
    );
    this.#pointHeaders(slots, names, controls);
  }

  /** How many datagrams were taken; 0 when none waits. */
  receive(): number {
    this.#resetHeaders();
    const { fd } = this.socket;
    const count = this.#calls.recvmmsg(fd, this.#headers.address, batchMax, Socket.doNotWait, null);
    this.#count = Math.max(0, count);
    return this.#count;
  }

  lengthOf(place: number): number {
    return this.#headers.words[place * headerWords + HeaderWord.length]!;
  }

  hopOf(place: number): Hop {
    return this.#hops.find(this.#names, place * addressWords);
  }

  /** Since the kernel got it, by the wall clock; 0 where the kernel did not say. */
  waitedMs(place: number, wallMs: number): number {
    if (this.#headers.words[place * headerWords + HeaderWord.controlBytes]! < controlBytes)
      return 0;
    const at = place * controlWords + 4;
    const arrivedMs = this.#controls[at]! * 1000 + this.#controls[at + 2]! / 1e6;
    return Math.max(0, wallMs - arrivedMs);
  }

  #pointHeaders(slots: Buffer, names: Buffer, controls: Buffer): void {
    const { words, iovecs } = this.#headers;
    const [slotsAt, namesAt, controlsAt] = [slots, names, controls].map((bytes) =>
      this.#calls.addressOf(bytes),
    ) as [number, number, number];
    for (let i = 0; i < batchMax; i++) {
      const header = i * headerWords;
      writeAddress(words, header + HeaderWord.name, namesAt + i * addressSlotBytes);
      writeAddress(words, header + HeaderWord.control, controlsAt + i * controlBytes);
      writeAddress(iovecs, i * iovecWords, slotsAt + i * slotBytes);
      iovecs[i * iovecWords + 2] = slotBytes;
    }
  }

  /** The kernel wrote lengths over what a header offers: put back where the last batch reached. */
  #resetHeaders(): void {
    const { words } = this.#headers;
    for (let i = 0; i < this.#count; i++) {
      words[i * headerWords + HeaderWord.nameBytes] = addressSlotBytes;
      words[i * headerWords + HeaderWord.controlBytes] = controlBytes;
    }
  }
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
