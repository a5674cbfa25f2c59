// Values of the configuration store: JSON, deflated where that pays. JSON because versions are read by
// people and by later programs; a million prefixes deflate to a few megabytes.
import { deflateSync, inflateSync } from 'node:zlib';

const plain = 0;
const deflated = 1;
const deflateBytesMin = 4096;
/** A larger value is damage, not a document. */
const valueBytesMax = 1 << 30;
/** zlib's own 16 KiB would make a thousand pieces of a large document. */
const inflateChunkBytes = 1 << 20;

export function packJson(value: unknown): Uint8Array {
  const text = Buffer.from(JSON.stringify(value));
  if (text.length < deflateBytesMin) return Buffer.concat([Buffer.of(plain), text]);
  return Buffer.concat([Buffer.of(deflated), deflateSync(text, { level: 1 })]);
}

export function unpackJson(bytes: Uint8Array): unknown {
  return JSON.parse(unpackText(bytes).toString('utf8'));
}

/** The JSON text, in UTF-8. */
export function unpackText(bytes: Uint8Array): Buffer {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1);
  if (bytes[0] !== deflated) return body;
  return inflateSync(body, { maxOutputLength: valueBytesMax, chunkSize: inflateChunkBytes });
}
