// HalfSipHash-1-3: a 32-bit hash under a 64-bit key, so that a peer who chooses Call-IDs cannot choose
// where they land. All arithmetic is on 32-bit integers.

interface State {
  v0: number;
  v1: number;
  v2: number;
  v3: number;
}

const state: State = { v0: 0, v1: 0, v2: 0, v3: 0 };

/** Hash of bytes [start, end) under `key` (two words), as an unsigned 32-bit integer. */
export function keyedHash(bytes: Uint8Array, start: number, end: number, key: Uint32Array): number {
  begin(key);
  const wordsEnd = end - ((end - start) & 3);
  let pos = start;
  for (; pos < wordsEnd; pos += 4) {
    absorb(
      bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24),
    );
  }
  let last = (end - start) << 24;
  for (let shift = 0; pos < end; pos++, shift += 8) last |= bytes[pos]! << shift;
  return finish(last);
}

/** The same hash of a byte string. */
export function keyedHashText(text: string, key: Uint32Array): number {
  begin(key);
  const wordsEnd = text.length & ~3;
  let pos = 0;
  for (; pos < wordsEnd; pos += 4) {
    absorb(
      octetAt(text, pos) |
        (octetAt(text, pos + 1) << 8) |
        (octetAt(text, pos + 2) << 16) |
        (octetAt(text, pos + 3) << 24),
    );
  }
  let last = text.length << 24;
  for (let shift = 0; pos < text.length; pos++, shift += 8) last |= octetAt(text, pos) << shift;
  return finish(last);
}

function octetAt(text: string, pos: number): number {
  return text.charCodeAt(pos) & 255;
}

function begin(key: Uint32Array): void {
  const k0 = key[0]! | 0;
  const k1 = key[1]! | 0;
  state.v0 = k0;
  state.v1 = k1;
  state.v2 = 0x6c796765 ^ k0;
  state.v3 = 0x74656462 ^ k1;
}

function absorb(word: number): void {
  state.v3 ^= word;
  round();
  state.v0 ^= word;
}

function finish(last: number): number {
  absorb(last);
  state.v2 ^= 0xff;
  round();
  round();
  round();
  return (state.v1 ^ state.v3) >>> 0;
}

function round(): void {
  let { v0, v1, v2, v3 } = state;
  v0 = (v0 + v1) | 0;
  v1 = rotate(v1, 5) ^ v0;
  v0 = rotate(v0, 16);
  v2 = (v2 + v3) | 0;
  v3 = rotate(v3, 8) ^ v2;
  v0 = (v0 + v3) | 0;
  v3 = rotate(v3, 7) ^ v0;
  v2 = (v2 + v1) | 0;
  v1 = rotate(v1, 13) ^ v2;
  v2 = rotate(v2, 16);
  state.v0 = v0;
  state.v1 = v1;
  state.v2 = v2;
  state.v3 = v3;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
