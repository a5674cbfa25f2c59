// One frame of the CDR log:
//
//   0        4        8                    8 + length
//   +--------+--------+----------------------+
//   | length | crc32  | payload (msgpack)    |     both numbers little endian
//   +--------+--------+----------------------+
//
// The CRC starts from the length and runs over the payload, so a frame whose length was damaged is
// refused as well. A length of 0 is where the data ends: the reserve behind it is zeros.
import { Unpackr } from 'msgpackr';
import { crc32 } from './crc32.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

export const frameHeadBytes = 8;
/** More than a record of the largest SIP messages (64 KiB each) can take. */
export const framePayloadBytesMax: number = 4 * 1024 * 1024;

/** A batch that once grew beyond this gives its memory back. */
const batchBytesKept = 1024 * 1024;
const batchBytesInitial = 64 * 1024;

const unpackr = new Unpackr({ useRecords: false });

/** Frames waiting for one write, end to end in a kept buffer. */
export class FrameBatch {
  length = 0;
  frames = 0;
  #writer: MsgpackWriter;

  constructor(initialBytes: number = batchBytesInitial) {
    this.#writer = new MsgpackWriter(initialBytes);
  }

  /** The frames are its first `length` bytes, up to the next `add`. */
  get bytes(): Buffer {
    return this.#writer.bytes;
  }

  /** Appends one frame; answers its bytes, 0 when it is larger than a frame may be. */
  add(values: unknown[]): number {
    const writer = this.#writer;
    const start = this.length;
    writer.at = start;
    writer.reserve(frameHeadBytes);
    const payloadAt = start + frameHeadBytes;
    writer.at = payloadAt;
    writer.writeValue(values);
    const end = writer.at;
    const payloadBytes = end - payloadAt;
    if (payloadBytes > framePayloadBytesMax) return 0;
    writer.setUint32LittleEndian(start, payloadBytes);
    const crc = crc32(writer.bytes.subarray(payloadAt, end), payloadBytes);
    writer.setUint32LittleEndian(start + 4, crc);
    this.length = end;
    this.frames++;
    return end - start;
  }

  clear(): void {
    this.length = 0;
    this.frames = 0;
    if (this.bytes.length > batchBytesKept) this.#writer = new MsgpackWriter(batchBytesInitial);
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
