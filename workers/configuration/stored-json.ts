// Values of the configuration store, deflated where that pays: JSON, because versions are read by people and by
// later programs (a million prefixes deflate to a few megabytes), and rate tables as columns (packed-rates.ts).
import { deflateSync, inflateSync } from 'node:zlib';

const plain = 0;
const deflated = 1;
const deflateBytesMin = 4096;
/** A larger value is damage, not a document. */
const valueBytesMax = 1 << 30;
/** zlib's own 16 KiB would make a thousand pieces of a large document. */
const inflateChunkBytes = 1 << 20;

export function packJson(value: unknown): Uint8Array {
  return packBytes(Buffer.from(JSON.stringify(value)));
}

export function unpackJson(bytes: Uint8Array): unknown {
  return JSON.parse(unpackBytes(bytes).toString('utf8'));
}

export function packBytes(bytes: Buffer): Uint8Array {
  if (bytes.length < deflateBytesMin) return Buffer.concat([Buffer.of(plain), bytes]);
  return Buffer.concat([Buffer.of(deflated), deflateSync(bytes, { level: 1 })]);
}

/** Of a document: its JSON text, in UTF-8. */
export function unpackBytes(bytes: Uint8Array): Buffer {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1);
  if (bytes[0] !== deflated) return body;
  return inflateSync(body, { maxOutputLength: valueBytesMax, chunkSize: inflateChunkBytes });
}
