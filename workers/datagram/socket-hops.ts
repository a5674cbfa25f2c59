// Turns the socket address of a peer into a Hop. As in workers/memory/hop-cache.ts: peers repeat, the
// recent ones are kept, a peer that hashes to a taken place evicts the older one.
import type { Hop } from '../../core/sip/hop.ts';
import { readAddress, readPort } from './socket-address.ts';

const hopsMax = 1024;
/** Family and port, four of address, scope. */
const keyWords = 6;

export interface SocketHopsOptions extends Pick<Hop, 'transport' | 'listener'> {
  readonly isIpv6: boolean;
}

export class SocketHops {
  readonly #bytes: Buffer;
  readonly #options: SocketHopsOptions;
  readonly #keys = new Uint32Array(hopsMax * keyWords);
  readonly #hops: (Hop | undefined)[] = new Array(hopsMax).fill(undefined);

  /** `bytes`: the addresses that `find` is given as words. */
  constructor(bytes: Buffer, options: SocketHopsOptions) {
    this.#bytes = bytes;
    this.#options = options;
  }

  /** The peer whose socket address begins at `word`. */
  find(words: Uint32Array, word: number): Hop {
    const first = words[word]!;
    return this.#options.isIpv6
      ? this.#findIpv6(words, word, first)
      : this.#findIpv4(words, word, first);
  }

  #findIpv4(words: Uint32Array, word: number, first: number): Hop {
    const address = words[word + 1]!;
    const place = placeOf(mix(first, address));
    const keys = this.#keys;
    const key = place * keyWords;
    const hop = this.#hops[place];
    if (hop !== undefined && keys[key] === first && keys[key + 1] === address) return hop;
    keys[key] = first;
    keys[key + 1] = address;
    return this.#make(word, place);
  }

  #findIpv6(words: Uint32Array, word: number, first: number): Hop {
    let hash = first;
    for (let i = 2; i < 7; i++) hash = mix(hash, words[word + i]!);
    const place = placeOf(hash);
    const keys = this.#keys;
    const key = place * keyWords;
    const hop = this.#hops[place];
    let same = hop !== undefined && keys[key] === first;
    for (let i = 1; same && i < keyWords; i++) same = keys[key + i] === words[word + i + 1];
    if (same) return hop!;
    keys[key] = first;
    for (let i = 1; i < keyWords; i++) keys[key + i] = words[word + i + 1]!;
    return this.#make(word, place);
  }

  #make(word: number, place: number): Hop {
    const { transport, listener } = this.#options;
    const made: Hop = {
      transport,
      listener,
      connection: 0,
      address: readAddress(this.#bytes, word * 4),
      port: readPort(this.#bytes, word * 4),
    };
    this.#hops[place] = made;
    return made;
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ Math.imul(word, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function placeOf(hash: number): number {
  return (hash >>> 0) % hopsMax;
}
