// HalfSipHash-1-3: a 32-bit hash under a 64-bit key, so that a peer who chooses Call-IDs cannot choose
// where they land. All arithmetic is on 32-bit integers.

const finalRounds = 3;

/** Hash of bytes [start, end) under `key` (two words), as an unsigned 32-bit integer. */
export function keyedHash(bytes: Uint8Array, start: number, end: number, key: Uint32Array): number {
  let v0 = key[0]! | 0;
  let v1 = key[1]! | 0;
  let v2 = 0x6c796765 ^ v0;
  let v3 = 0x74656462 ^ v1;
  const words = (end - start) >> 2;
  // One word a turn, then the octets left with the length, then the final rounds.
  for (let turn = 0; turn <= words + finalRounds; turn++) {
    let word = 0;
    if (turn < words) {
      const at = start + 4 * turn;
      word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    } else if (turn === words) word = lastWord(bytes, start, end);
    else if (turn === words + 1) v2 ^= 0xff;
    v3 ^= word;
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
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

/** The same hash of a byte string. */
export function keyedHashText(text: string, key: Uint32Array): number {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return keyedHash(bytes, 0, bytes.length, key);
}

/** Up to three octets, and the length in the highest octet. */
function lastWord(bytes: Uint8Array, start: number, end: number): number {
  let word = (end - start) << 24;
  let pos = end - ((end - start) & 3);
  for (let shift = 0; pos < end; pos++, shift += 8) word |= bytes[pos]! << shift;
  return word;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
