// A hash table for records that messages are looked up by. The record keeps its place, so a look-up makes
// no string and a removal hashes nothing. Chains and hashes stand in integer arrays, apart from the records:
// of a hundred thousand records only the one that is meant is touched, and the chains stay in the cache.
// What spreads the hashes, and what makes two keys equal, is the caller's business.
//
// It grows by linear hashing: one bucket is split for each record that comes in above one a bucket, so
// that no insertion ever pays for all the others, as one that doubles a table of 2^19 would. All arrays
// stand in pieces for the same reason. It does not shrink: at 2^20 records it holds 20 MB.

/** What a record of a table bears for it; nobody else writes it. */
export interface Keyed {
  /** Place in its table; 0 outside. */
  slot: number;
}

/** Buckets a table grows to; beyond so many records the chains grow instead. */
const bucketsMaxDefault: number = 2 ** 20;

const pieceBits = 10;
const pieceSize: number = 2 ** pieceBits;
const pieceMask: number = pieceSize - 1;

/** Slots in a row; slot 0 of the first one is nobody's, 0 ends a chain. */
interface Slots<Entry> {
  readonly next: Int32Array;
  readonly hashes: Int32Array;
  readonly entries: (Entry | undefined)[];
}

export class KeyTable<Entry extends Keyed> {
  #size = 0;
  readonly #bucketsMax: number;
  /** A power of two less one: the hash bits that name a bucket, were all of them split already. */
  #mask: number = pieceMask;
  /** In mask/2+1 .. mask+1. A bucket from here on is still part of the one without its highest bit. */
  #buckets: number = pieceSize;
  readonly #heads: Int32Array[] = [new Int32Array(pieceSize)];
  readonly #slots: Slots<Entry>[] = [newSlots()];
  /** The first slot never used, and the last one given back (linked by `next`). */
  #fresh = 1;
  #free = 0;

  constructor(bucketsMax: number = bucketsMaxDefault) {
    this.#bucketsMax = bucketsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** Buckets in use. */
  get buckets(): number {
    return this.#buckets;
  }

  /** `hash`: a 32-bit signed integer, well spread in its low bits. */
  add(entry: Entry, hash: number): void {
    if (this.#size >= this.#buckets && this.#buckets < this.#bucketsMax) this.#split();
    const slot = this.#take();
    const bucket = this.#bucketOf(hash);
    const heads = this.#heads[bucket >>> pieceBits]!;
    const slots = this.#slots[slot >>> pieceBits]!;
    slots.entries[slot & pieceMask] = entry;
    slots.hashes[slot & pieceMask] = hash;
    slots.next[slot & pieceMask] = heads[bucket & pieceMask]!;
    heads[bucket & pieceMask] = slot;
    entry.slot = slot;
    this.#size++;
  }

  /** A record with this hash, undefined when there is none; the others by `after`, in no special order. */
  first(hash: number): Entry | undefined {
    const bucket = this.#bucketOf(hash);
    return this.#search(this.#heads[bucket >>> pieceBits]![bucket & pieceMask]!, hash);
  }

  /** The hash that a record in the table was added with. */
  hashOf(entry: Entry): number {
    return this.#slots[entry.slot >>> pieceBits]!.hashes[entry.slot & pieceMask]!;
  }

  /** The next record with the hash of this one. */
  after(entry: Entry): Entry | undefined {
    const { next, hashes } = this.#slots[entry.slot >>> pieceBits]!;
    const index = entry.slot & pieceMask;
    return this.#search(next[index]!, hashes[index]!);
  }

  /** Takes the record out; one that is not in the table is left alone, and false comes back. */
  remove(entry: Entry): boolean {
    const { slot } = entry;
    if (slot === 0) return false;
    const { next, hashes, entries } = this.#slots[slot >>> pieceBits]!;
    const index = slot & pieceMask;
    this.#unlink(slot, next[index]!, this.#bucketOf(hashes[index]!));
    entries[index] = undefined;
    next[index] = this.#free;
    this.#free = slot;
    entry.slot = 0;
    this.#size--;
    return true;
  }

  #search(from: number, hash: number): Entry | undefined {
    for (let slot = from; slot !== 0; ) {
      const { next, hashes, entries } = this.#slots[slot >>> pieceBits]!;
      if (hashes[slot & pieceMask] === hash) return entries[slot & pieceMask];
      slot = next[slot & pieceMask]!;
    }
    return undefined;
  }

  #unlink(slot: number, following: number, bucket: number): void {
    const heads = this.#heads[bucket >>> pieceBits]!;
    let before = heads[bucket & pieceMask]!;
    if (before === slot) {
      heads[bucket & pieceMask] = following;
      return;
    }
    for (;;) {
      const { next } = this.#slots[before >>> pieceBits]!;
      const after = next[before & pieceMask]!;
      if (after === slot) {
        next[before & pieceMask] = following;
        return;
      }
      before = after;
    }
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask;
    return bucket < this.#buckets ? bucket : bucket & (this.#mask >>> 1);
  }

  #take(): number {
    const slot = this.#free;
    if (slot !== 0) {
      this.#free = this.#slots[slot >>> pieceBits]!.next[slot & pieceMask]!;
      return slot;
    }
    if (this.#fresh >>> pieceBits === this.#slots.length) this.#slots.push(newSlots());
    return this.#fresh++;
  }

  /** Opens one bucket more and moves there what belongs there. */
  #split(): void {
    const opened = this.#buckets;
    if (opened > this.#mask) this.#mask = this.#mask * 2 + 1;
    if ((opened & pieceMask) === 0) this.#heads.push(new Int32Array(pieceSize));
    const divided = opened & (this.#mask >>> 1);
    this.#buckets++;
    const from = this.#heads[divided >>> pieceBits]!;
    const to = this.#heads[opened >>> pieceBits]!;
    let slot = from[divided & pieceMask]!;
    from[divided & pieceMask] = 0;
    while (slot !== 0) {
      const { next, hashes } = this.#slots[slot >>> pieceBits]!;
      const index = slot & pieceMask;
      const following = next[index]!;
      const bucket = hashes[index]! & this.#mask;
      const heads = bucket === opened ? to : from;
      next[index] = heads[bucket & pieceMask]!;
      heads[bucket & pieceMask] = slot;
      slot = following;
    }
  }
}

function newSlots<Entry>(): Slots<Entry> {
  return {
    next: new Int32Array(pieceSize),
    hashes: new Int32Array(pieceSize),
    entries: Array.from<Entry | undefined>({ length: pieceSize }),
  };
}
