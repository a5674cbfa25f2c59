// Values of the configuration store: JSON, deflated where that pays. JSON because versions are read by
// people and by later programs; a million prefixes deflate to a few megabytes.
import { deflateSync, inflateSync } from 'node:zlib';

const plain = 0;
const deflated = 1;
const deflateBytesMin = 4096;
/** A larger value is damage, not a document. */
const valueBytesMax = 1 << 30;

export function packJson(value: unknown): Uint8Array {
  const text = Buffer.from(JSON.stringify(value));
  if (text.length < deflateBytesMin) return Buffer.concat([Buffer.of(plain), text]);
  return Buffer.concat([Buffer.of(deflated), deflateSync(text, { level: 1 })]);
}

export function unpackJson(bytes: Uint8Array): unknown {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1);
  const text = bytes[0] === deflated ? inflateSync(body, { maxOutputLength: valueBytesMax }) : body;
  return JSON.parse(text.toString('utf8'));
}
