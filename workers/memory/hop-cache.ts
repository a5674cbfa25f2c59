// Turns the bytes of a record's peer into a Hop. Peers repeat, and a Hop is immutable: the recent ones
// are kept, so that a datagram of a known peer costs neither a string nor an object. Direct-mapped: a
// peer that hashes to a taken place evicts the older one; it is only made again.
import type { Hop, Transport } from '../../core/sip/hop.ts';

const hopsMax = 1024;
/** Words that identify a peer: transport and listener, connection, port, address of up to 64 bytes. */
const keyWordsMax = 3 + 16;

export class HopCache {
  readonly #keys = new Int32Array(hopsMax * keyWordsMax);
  readonly #hops: (Hop | undefined)[] = new Array(hopsMax).fill(undefined);

  /** The hop of the record whose header starts at `word` of `words` (layout: spsc-ring.ts). */
  find(words: Int32Array, word: number): Hop {
    const endpoint = words[word + 2]! & ~0xff; // without the kind
    const connection = words[word + 3]!;
    const portAndLength = words[word + 4]!;
    const addressWords = ((portAndLength >>> 16) + 3) >> 2;
    let hash = Math.imul(endpoint ^ Math.imul(connection, 0x85ebca6b) ^ portAndLength, 0x9e3779b1);
    for (let i = 0; i < addressWords; i++) {
      hash = Math.imul(hash ^ words[word + 6 + i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const place = (hash >>> 0) % hopsMax;
    const keys = this.#keys;
    const key = place * keyWordsMax;
    const hop = this.#hops[place];
    if (
      hop !== undefined &&
      keys[key] === endpoint &&
      keys[key + 1] === connection &&
      keys[key + 2] === portAndLength
    ) {
      let i = 0;
      while (i < addressWords && keys[key + 3 + i] === words[word + 6 + i]) i++;
      if (i === addressWords) return hop;
    }
    keys[key] = endpoint;
    keys[key + 1] = connection;
    keys[key + 2] = portAndLength;
    for (let i = 0; i < addressWords; i++) keys[key + 3 + i] = words[word + 6 + i]!;
    const made = makeHop(words, word);
    this.#hops[place] = made;
    return made;
  }
}

function makeHop(words: Int32Array, word: number): Hop {
  const endpoint = words[word + 2]!;
  const portAndLength = words[word + 4]!;
  const addressBytes = portAndLength >>> 16;
  let address = '';
  for (let i = 0; i < addressBytes; i++) {
    address += String.fromCharCode((words[word + 6 + (i >> 2)]! >>> ((i & 3) * 8)) & 0xff);
  }
  return {
    transport: ((endpoint >>> 8) & 0xff) as Transport,
    listener: endpoint >>> 16,
    connection: words[word + 3]!,
    address,
    port: portAndLength & 0xffff,
  };
}
