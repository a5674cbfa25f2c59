// A ring of variable-length records between two threads: one producer, one consumer, no locks.
//
// A record, written whole or not at all, never split at the end of the buffer (integers are Int32):
//
//   byte 0       4        8                             12          16
//   | size       | payload| kind | transport | listener | connection | port | address
//   |            | bytes  | u8   | u8        | u16      |            | u16  | bytes u16
//   20             24                   24 + address, up to 4
//   | enqueued, ms | address text, 0 pad | payload                  | pad to 8 |
//
// A negative size is padding: skip that many bytes, the record follows at the start of the buffer.
//
// Order of writes: the producer fills the bytes, then stores `written`; the consumer copies the bytes
// out, then stores `read`. Both stores are sequentially consistent, so neither side ever sees bytes of
// a half-written or half-read record, and a thread that dies in between leaves the ring as it was.
import type { Hop } from '../../core/sip/hop.ts';
import { HopCache } from './hop-cache.ts';
import { ringControlBytes, ringReadWord, ringWrittenWord } from './shared-memory.ts';

const headerBytes = 24;
const headerWords = headerBytes / 4;
/** An IPv6 address with a zone of 15 characters fits. */
export const addressBytesMax = 64;
/** The longest SIP message that we take (64 KiB). */
export const payloadBytesMax = 65_536;

/** What travels with a payload. The caller may reuse one object (and its hop) for every push. */
export interface RingEntry {
  /** 0..255; the meaning is the caller's. */
  kind: number;
  /** May use the whole ring: responses, in-dialog requests. Others (new INVITEs) are refused when less
   *  than a quarter would stay free. */
  urgent: boolean;
  /** Monotonic milliseconds now, of a clock that all threads share. */
  nowMs: number;
  hop: Hop;
}

/** One record as read; reused by the reader's owner, so take out what has to stay. */
export interface RingRecord {
  kind: number;
  hop: Hop;
  enqueuedAtMs: number;
  /** Holds `payloadLength` bytes of this record, overwritten by the next `pop`. */
  readonly payload: Buffer;
  payloadLength: number;
}

export function createRingRecord(): RingRecord {
  return {
    kind: 0,
    hop: { transport: 0, listener: 0, connection: 0, address: '', port: 0 },
    enqueuedAtMs: 0,
    payload: Buffer.allocUnsafeSlow(payloadBytesMax),
    payloadLength: 0,
  };
}

/** How long the record lay in the ring. */
export function waitedMs(record: RingRecord, nowMs: number): number {
  return ageMs(record.enqueuedAtMs, nowMs);
}

function ageMs(enqueuedAtMs: number, nowMs: number): number {
  return Math.max(0, ((nowMs | 0) - enqueuedAtMs) | 0);
}

/** The producer's side. A new writer over a used ring goes on where the last one stopped. */
export class RingWriter {
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #urgentReserve: number;
  #written: number;
  /** The consumer's cursor when last looked at; it can only have moved on since. */
  #readSeen: number;

  constructor(ring: SharedArrayBuffer) {
    this.#control = new Int32Array(ring, 0, ringControlBytes / 4);
    this.#words = new Int32Array(ring, ringControlBytes);
    this.#bytes = Buffer.from(ring, ringControlBytes);
    this.capacity = this.#bytes.length;
    this.#urgentReserve = this.capacity >>> 2;
    this.#written = Atomics.load(this.#control, ringWrittenWord);
    this.#readSeen = Atomics.load(this.#control, ringReadWord);
  }

  /** False, and nothing written: no room, or a payload or an address over its maximum. */
  push(entry: RingEntry, payload: Uint8Array, payloadLength: number): boolean {
    const start = this.#writeHeader(entry, payloadLength);
    if (start < 0) return false;
    this.#bytes.set(
      payload.length === payloadLength ? payload : payload.subarray(0, payloadLength),
      start,
    );
    Atomics.store(this.#control, ringWrittenWord, this.#written);
    return true;
  }

  /** As `push`, the payload a byte string (latin1). */
  pushText(entry: RingEntry, text: string): boolean {
    const start = this.#writeHeader(entry, text.length);
    if (start < 0) return false;
    this.#bytes.write(text, start, text.length, 'latin1');
    Atomics.store(this.#control, ringWrittenWord, this.#written);
    return true;
  }

  /** Bytes that wait for the consumer. */
  usedBytes(): number {
    this.#readSeen = Atomics.load(this.#control, ringReadWord);
    return (this.#written - this.#readSeen) | 0;
  }

  /** How long the oldest record that nobody has taken has waited; 0 when there is none. Only this side writes
   *  records, so one that is taken meanwhile is still there to be read. */
  oldestWaitMs(nowMs: number): number {
    if (this.usedBytes() === 0) return 0;
    const word = (this.#readSeen & (this.capacity - 1)) >> 2;
    return ageMs(this.#words[(this.#words[word]! < 0 ? 0 : word) + 5]!, nowMs);
  }

  /** Writes all but the payload, moves the own cursor behind the record and returns the place of the
   *  payload; -1 when it is refused. The consumer sees nothing until `written` is stored. */
  #writeHeader(entry: RingEntry, payloadLength: number): number {
    const { hop } = entry;
    const { address } = hop;
    const addressLength = address.length;
    if (payloadLength > payloadBytesMax || addressLength > addressBytesMax) return -1;
    const payloadOffset = headerBytes + ((addressLength + 3) & ~3);
    const size = (payloadOffset + payloadLength + 7) & ~7;
    let place = this.#written & (this.capacity - 1);
    const toEnd = this.capacity - place;
    const padding = size > toEnd ? toEnd : 0;
    if (!this.#hasRoom(size + padding, entry.urgent)) return -1;
    const words = this.#words;
    if (padding > 0) {
      words[place >> 2] = -padding;
      place = 0;
    }
    const word = place >> 2;
    words[word] = size;
    words[word + 1] = payloadLength;
    words[word + 2] = entry.kind | (hop.transport << 8) | (hop.listener << 16);
    words[word + 3] = hop.connection;
    words[word + 4] = hop.port | (addressLength << 16);
    words[word + 5] = entry.nowMs | 0;
    const payloadWord = (place + payloadOffset) >> 2;
    if (addressLength > 0) words[payloadWord - 1] = 0;
    const bytes = this.#bytes;
    for (let i = 0; i < addressLength; i++) bytes[place + headerBytes + i] = address.charCodeAt(i);
    this.#written = (this.#written + padding + size) | 0;
    return place + payloadOffset;
  }

  #hasRoom(bytes: number, urgent: boolean): boolean {
    const allowed = this.capacity - bytes - (urgent ? 0 : this.#urgentReserve);
    if (((this.#written - this.#readSeen) | 0) <= allowed) return true;
    return this.usedBytes() <= allowed;
  }
}

/** The consumer's side. A new reader over a used ring goes on where the last one stopped. */
export class RingReader {
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #mask: number;
  readonly #hops: HopCache = new HopCache();
  #read: number;
  /** The producer's cursor when last looked at. */
  #writtenSeen: number;

  constructor(ring: SharedArrayBuffer) {
    this.#control = new Int32Array(ring, 0, ringControlBytes / 4);
    this.#words = new Int32Array(ring, ringControlBytes);
    this.#bytes = Buffer.from(ring, ringControlBytes);
    this.#mask = this.#bytes.length - 1;
    this.#read = Atomics.load(this.#control, ringReadWord);
    this.#writtenSeen = this.#read;
  }

  /** Copies the oldest record into `record` and frees its place; false when the ring is empty. The
   *  place is freed before anybody looks at the record: one that kills its handler is not met again
   *  by the worker that is started next. */
  pop(record: RingRecord): boolean {
    if (this.isEmpty()) return false;
    const words = this.#words;
    let at = this.#read;
    let word = (at & this.#mask) >> 2;
    let size = words[word]!;
    if (size < 0) {
      at = (at - size) | 0;
      word = 0;
      size = words[0]!;
    }
    const payloadLength = words[word + 1]!;
    record.kind = words[word + 2]! & 0xff;
    record.enqueuedAtMs = words[word + 5]!;
    record.hop = this.#hops.find(words, word);
    const addressLength = words[word + 4]! >>> 16;
    const start = (word + headerWords) * 4 + ((addressLength + 3) & ~3);
    this.#bytes.copy(record.payload, 0, start, start + payloadLength);
    record.payloadLength = payloadLength;
    this.#read = (at + size) | 0;
    Atomics.store(this.#control, ringReadWord, this.#read);
    return true;
  }

  isEmpty(): boolean {
    if (this.#read !== this.#writtenSeen) return false;
    this.#writtenSeen = Atomics.load(this.#control, ringWrittenWord);
    return this.#read === this.#writtenSeen;
  }

  /** Bytes that wait. */
  usedBytes(): number {
    return (Atomics.load(this.#control, ringWrittenWord) - this.#read) | 0;
  }
}
