// The hash of the compiled tables: FNV-1a over bytes, so that one pass over a number gives the hash of
// every prefix of it, and a mixing step before the hash picks a slot. Tables are filled by operators,
// not by peers; a lookup's cost is bounded by the number of prefix lengths, not by the hash.

export const byteHashStart = 0x811c9dc5;

export function byteHashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Spreads the bits, because FNV's low bits alone cluster on digits. Unsigned. */
export function byteHashMix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Mixed hash of a whole byte string. */
export function byteHash(text: string): number {
  let hash = byteHashStart;
  for (let at = 0; at < text.length; at++) hash = byteHashStep(hash, text.charCodeAt(at));
  return byteHashMix(hash);
}
