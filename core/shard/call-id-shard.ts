// Which call worker owns a Call-ID. One that we minted names its worker, under a keyed check that peers
// cannot forge; any other is hashed under the same key, so peers cannot aim at one worker either.
import { hexValue, writeHex } from '../bytes/digits.ts';
import { keyedHash } from '../bytes/keyed-hash.ts';
import type { MessageBytes } from '../bytes/latin1.ts';

/** Worker (2 hex digits), randomness (24), check (8): no host, nothing that repeats. */
const workerDigits = 2;
const checkStart = workerDigits + 24;
const mintedLength = checkStart + 8;

/** Workers that a minted Call-ID can name. */
export const workersMax = 256;

/** The worker, in 0..workers-1, of the Call-ID in bytes [start, end). `key`: two 32-bit words. */
export function shardOfCallId(
  bytes: Uint8Array,
  callId: { readonly start: number; readonly end: number },
  key: Uint32Array,
  workers: number,
): number {
  const minted = mintedShard(bytes, callId, key, workers);
  return minted >= 0 ? minted : keyedHash(bytes, callId.start, callId.end, key) % workers;
}

/** The worker that a Call-ID of ours names; -1 when it is none of ours: then its hash decides. */
export function mintedShard(
  bytes: Uint8Array,
  callId: { readonly start: number; readonly end: number },
  key: Uint32Array,
  workers: number,
): number {
  const { start, end } = callId;
  if (end - start !== mintedLength) return -1;
  const worker = hexValue(bytes, start, workerDigits);
  const isOurs =
    worker >= 0 &&
    worker < workers &&
    hexValue(bytes, start + checkStart, 8) === keyedHash(bytes, start, start + checkStart, key);
  return isOurs ? worker : -1;
}

/** The key for tables inside a shard. Under the shard's own one the Call-IDs that reach a worker agree in
 *  their remainder, which would leave most buckets of a table empty. */
export function tableHashKey(key: Uint32Array): Uint32Array {
  return Uint32Array.of(~key[1]!, key[0]! ^ 0x9e3779b9);
}

/** Whether this Call-ID is as long as ours are; that it is one of them, a table must tell. */
export function mayBeMinted(callId: string): boolean {
  return callId.length === mintedLength;
}

/** A Call-ID that lands on `worker`. `random32`: uniform unsigned integers, unpredictable to peers.
 *  `scratch`: at least 34 bytes, overwritten. */
export function mintCallId(
  worker: number,
  random32: () => number,
  key: Uint32Array,
  scratch: MessageBytes,
): string {
  writeHex(scratch, 0, worker, workerDigits);
  for (let at = workerDigits; at < checkStart; at += 8) writeHex(scratch, at, random32(), 8);
  writeHex(scratch, checkStart, keyedHash(scratch, 0, checkStart, key), 8);
  return scratch.latin1Slice(0, mintedLength);
}
