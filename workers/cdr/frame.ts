// One frame of the CDR log:
//
//   0        4        8                    8 + length
//   +--------+--------+----------------------+
//   | length | crc32  | payload (msgpack)    |     both numbers little endian
//   +--------+--------+----------------------+
//
// The CRC starts from the length and runs over the payload, so a frame whose length was damaged is
// refused as well. A length of 0 is where the data ends: the reserve behind it is zeros.
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr';
import { crc32 } from './crc32.ts';

export const frameHeadBytes = 8;
/** More than a record of the largest SIP messages (64 KiB each) can take. */
export const framePayloadBytesMax: number = 4 * 1024 * 1024;

/** A batch that once grew beyond this gives its memory back. */
const batchBytesKept = 1024 * 1024;
const batchBytesInitial = 64 * 1024;

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
const packMode = REUSE_BUFFER_MODE | RESET_BUFFER_MODE;

/** Frames waiting for one write, end to end in a kept buffer. */
export class FrameBatch {
  bytes: Buffer;
  length = 0;
  frames = 0;

  constructor(initialBytes: number = batchBytesInitial) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Appends one frame; answers its bytes, 0 when it is larger than a frame may be. */
  add(values: unknown[]): number {
    // In this mode msgpackr hands out its own buffer with `start` and `end`: valid until the next pack.
    const packed = packr.pack(values, packMode) as Buffer & { start: number; end: number };
    const payloadBytes = packed.end - packed.start;
    if (payloadBytes > framePayloadBytesMax) return 0;
    const at = this.length;
    const end = at + frameHeadBytes + payloadBytes;
    if (end > this.bytes.length) this.#grow(end);
    const bytes = this.bytes;
    packed.copy(bytes, at + frameHeadBytes, packed.start, packed.end);
    bytes.writeUInt32LE(payloadBytes, at);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + frameHeadBytes, end), payloadBytes), at + 4);
    this.length = end;
    this.frames++;
    return end - at;
  }

  clear(): void {
    this.length = 0;
    this.frames = 0;
    if (this.bytes.length > batchBytesKept) this.bytes = Buffer.allocUnsafeSlow(batchBytesInitial);
  }

  #grow(atLeast: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(atLeast, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** The frame's payload bytes when one whole, undamaged frame begins at `at`; else -1. */
export function framePayloadBytes(bytes: Buffer, at: number, end: number): number {
  if (at + frameHeadBytes > end) return -1;
  const payloadBytes = bytes.readUInt32LE(at);
  if (payloadBytes === 0 || payloadBytes > framePayloadBytesMax) return -1;
  const payloadAt = at + frameHeadBytes;
  const payloadEnd = payloadAt + payloadBytes;
  if (payloadEnd > end) return -1;
  const crc = crc32(bytes.subarray(payloadAt, payloadEnd), payloadBytes);
  return crc === bytes.readUInt32LE(at + 4) ? payloadBytes : -1;
}

/** The values of a payload; undefined when it is no msgpack. */
export function unpackPayload(bytes: Buffer, start: number, end: number): unknown {
  try {
    return unpackr.unpack(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}
