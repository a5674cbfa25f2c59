// An array of `struct mmsghdr` as recvmmsg(2) and sendmmsg(2) take it, with one `struct iovec` each, on a
// 64-bit machine (words are 32 bits, least significant first):
//
//   mmsghdr, 16 words   0-1 name  2 name bytes  4-5 iovec  6 count (1)  8-9 control  10 control bytes
//                       12 flags  14 bytes of the message
//   iovec, 4 words      0-1 base  2 bytes
import type { SystemCalls } from '../system-calls.ts';

export const headerBytes = 64;
export const headerWords = 16;
export const iovecWords = 4;

export const HeaderWord = {
  name: 0,
  nameBytes: 2,
  control: 8,
  controlBytes: 10,
  length: 14,
} as const;

export interface MessageHeaders {
  readonly words: Uint32Array;
  readonly iovecs: Uint32Array;
  /** Where `words` lie. */
  readonly address: number;
  /** The kernel holds addresses of these: kept referenced with the headers. */
  readonly held: readonly Uint8Array[];
}

/** `held`: what the headers will point into. */
export function createMessageHeaders(
  calls: SystemCalls,
  count: number,
  held: readonly Uint8Array[],
): MessageHeaders {
  const headers = Buffer.alloc(count * headerBytes);
  const vectors = Buffer.alloc(count * iovecWords * 4);
  const words = new Uint32Array(headers.buffer, headers.byteOffset, count * headerWords);
  const iovecs = new Uint32Array(vectors.buffer, vectors.byteOffset, count * iovecWords);
  const vectorsAt = calls.addressOf(vectors);
  for (let i = 0; i < count; i++) {
    writeAddress(words, i * headerWords + 4, vectorsAt + i * iovecWords * 4);
    words[i * headerWords + 6] = 1;
  }
  return { words, iovecs, address: calls.addressOf(headers), held };
}

const twoTo32 = 0x1_0000_0000;

/** Writes a 64-bit address into two words. */
export function writeAddress(words: Uint32Array, word: number, address: number): void {
  words[word] = address >>> 0;
  words[word + 1] = (address / twoTo32) >>> 0;
}
