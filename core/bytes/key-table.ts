// A hash table for records that messages are looked up by. The record keeps its place, so a look-up makes
// no string and a removal hashes nothing. Chains and hashes stand in integer arrays, apart from the records:
// of a hundred thousand records only the one that is meant is touched, and the chains stay in the cache.
// What spreads the hashes, and what makes two keys equal, is the caller's business.
//
// It grows by linear hashing: one bucket is split for each record that comes in above one a bucket, so
// that no insertion ever pays for all the others, as one that doubles a table of 2^19 would. It shrinks the
// same way: below a quarter of a record a bucket each removal joins four. All arrays stand in pieces;
// records go into the lowest piece with room, and a piece without records is let go, so that a table that
// was once full costs little again. At 2^20 records it holds 20 MB.

/** What a record of a table bears for it; nobody else writes it. */
export interface Keyed {
  /** Place in its table; 0 outside. */
  slot: number;
}

/** Buckets a table grows to; beyond so many records the chains grow instead. */
const bucketsMaxDefault: number = 2 ** 20;

/** Hashes that agree in these bits are always in one bucket. */
export const groupBits: number = bucketsMaxDefault - 1;

const pieceBits = 10;
const pieceSize: number = 2 ** pieceBits;
const pieceMask: number = pieceSize - 1;

/** Buckets a record below which the table shrinks, and how many are joined for each removal. */
const sparseFactor = 4;

/** Slots in a row; slot 0 of the first one is nobody's, 0 ends a chain. */
interface Piece<Entry> {
  readonly next: Int32Array;
  readonly hashes: Int32Array;
  readonly entries: (Entry | undefined)[];
  /** Slots with a record. */
  used: number;
  /** The first index never used, and the slot last given back (linked by `next`). */
  fresh: number;
  free: number;
}

export class KeyTable<Entry extends Keyed> {
  #size = 0;
  readonly #bucketsMax: number;
  /** A power of two less one: the hash bits that name a bucket, were all of them split already. */
  #mask: number = pieceMask;
  /** In mask/2+2 .. mask+1. A bucket from here on is still part of the one without its highest bit. */
  #buckets: number = pieceSize;
  readonly #heads: Int32Array[] = [new Int32Array(pieceSize)];
  /** Those without a record are left out. */
  readonly #pieces: (Piece<Entry> | undefined)[] = [newPiece(1)];
  /** An empty piece kept for the next time one is needed. */
  #spare: Piece<Entry> | undefined;
  /** Every piece below is full. */
  #filling = 0;

  constructor(bucketsMax: number = bucketsMaxDefault) {
    this.#bucketsMax = Math.min(bucketsMax, bucketsMaxDefault);
  }

  get size(): number {
    return this.#size;
  }

  /** Buckets in use. */
  get buckets(): number {
    return this.#buckets;
  }

  /** Places for records that memory is held for. */
  get room(): number {
    let pieces = this.#spare === undefined ? 0 : 1;
    for (const piece of this.#pieces) if (piece !== undefined) pieces++;
    return pieces * pieceSize;
  }

  /** `hash`: a 32-bit signed integer, well spread in its low bits. */
  add(entry: Entry, hash: number): void {
    if (this.#size >= this.#buckets && this.#buckets < this.#bucketsMax) this.#split();
    const slot = this.#take();
    const bucket = this.#bucketOf(hash);
    const heads = this.#heads[bucket >>> pieceBits]!;
    const piece = this.#pieces[slot >>> pieceBits]!;
    piece.entries[slot & pieceMask] = entry;
    piece.hashes[slot & pieceMask] = hash;
    piece.next[slot & pieceMask] = heads[bucket & pieceMask]!;
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
    return this.#pieces[entry.slot >>> pieceBits]!.hashes[entry.slot & pieceMask]!;
  }

  /** The next record with the hash of this one. */
  after(entry: Entry): Entry | undefined {
    const { next, hashes } = this.#pieces[entry.slot >>> pieceBits]!;
    const index = entry.slot & pieceMask;
    return this.#search(next[index]!, hashes[index]!);
  }

  /** A record whose hash agrees with this one in `groupBits`; the others by `afterOfGroup`. */
  firstOfGroup(hash: number): Entry | undefined {
    const bucket = this.#bucketOf(hash);
    return this.#searchGroup(this.#heads[bucket >>> pieceBits]![bucket & pieceMask]!, hash);
  }

  afterOfGroup(entry: Entry): Entry | undefined {
    const { next, hashes } = this.#pieces[entry.slot >>> pieceBits]!;
    const index = entry.slot & pieceMask;
    return this.#searchGroup(next[index]!, hashes[index]!);
  }

  /** Takes the record out; one that is not in the table is left alone, and false comes back. */
  remove(entry: Entry): boolean {
    const { slot } = entry;
    if (slot === 0) return false;
    const piece = this.#pieces[slot >>> pieceBits]!;
    const index = slot & pieceMask;
    this.#unlink(slot, piece.next[index]!, this.#bucketOf(piece.hashes[index]!));
    entry.slot = 0;
    this.#size--;
    this.#giveBack(piece, slot);
    if (this.#size * sparseFactor < this.#buckets && this.#buckets > pieceSize) this.#shrink();
    return true;
  }

  #search(from: number, hash: number): Entry | undefined {
    for (let slot = from; slot !== 0; ) {
      const { next, hashes, entries } = this.#pieces[slot >>> pieceBits]!;
      if (hashes[slot & pieceMask] === hash) return entries[slot & pieceMask];
      slot = next[slot & pieceMask]!;
    }
    return undefined;
  }

  #searchGroup(from: number, hash: number): Entry | undefined {
    for (let slot = from; slot !== 0; ) {
      const { next, hashes, entries } = this.#pieces[slot >>> pieceBits]!;
      if (((hashes[slot & pieceMask]! ^ hash) & groupBits) === 0) return entries[slot & pieceMask];
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
      const { next } = this.#pieces[before >>> pieceBits]!;
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
    for (;;) {
      const number = this.#filling;
      const piece = this.#pieces[number] ?? this.#openPiece(number);
      const slot = piece.free;
      if (slot !== 0) {
        piece.free = piece.next[slot & pieceMask]!;
        piece.used++;
        return slot;
      }
      if (piece.fresh < pieceSize) {
        piece.used++;
        return (number << pieceBits) | piece.fresh++;
      }
      this.#filling++;
    }
  }

  #openPiece(number: number): Piece<Entry> {
    const piece = this.#spare ?? newPiece<Entry>(0);
    this.#spare = undefined;
    // At most one behind the last: no hole comes into being.
    this.#pieces[number] = piece;
    return piece;
  }

  #giveBack(piece: Piece<Entry>, slot: number): void {
    const number = slot >>> pieceBits;
    piece.entries[slot & pieceMask] = undefined;
    piece.next[slot & pieceMask] = piece.free;
    piece.free = slot;
    piece.used--;
    if (number < this.#filling) this.#filling = number;
    if (piece.used > 0 || number === 0) return;
    this.#pieces[number] = undefined;
    piece.free = 0;
    piece.fresh = 0;
    this.#spare ??= piece;
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
      const { next, hashes } = this.#pieces[slot >>> pieceBits]!;
      const index = slot & pieceMask;
      const following = next[index]!;
      const bucket = hashes[index]! & this.#mask;
      const heads = bucket === opened ? to : from;
      next[index] = heads[bucket & pieceMask]!;
      heads[bucket & pieceMask] = slot;
      slot = following;
    }
  }

  #shrink(): void {
    for (let i = 0; i < sparseFactor && this.#buckets > pieceSize; i++) this.#join();
  }

  /** Closes the last bucket: its chain goes to the one that it was split from. */
  #join(): void {
    const closed = --this.#buckets;
    const target = closed & (this.#mask >>> 1);
    const from = this.#heads[closed >>> pieceBits]!;
    const first = from[closed & pieceMask]!;
    from[closed & pieceMask] = 0;
    if (first !== 0) this.#prepend(first, this.#heads[target >>> pieceBits]!, target & pieceMask);
    if ((closed & pieceMask) === 0) this.#heads.pop();
    if (closed === (this.#mask >>> 1) + 1) this.#mask >>>= 1;
  }

  /** Puts the chain that begins with `first` before what `heads[index]` begins. */
  #prepend(first: number, heads: Int32Array, index: number): void {
    let last = first;
    for (;;) {
      const { next } = this.#pieces[last >>> pieceBits]!;
      const following = next[last & pieceMask]!;
      if (following === 0) {
        next[last & pieceMask] = heads[index]!;
        heads[index] = first;
        return;
      }
      last = following;
    }
  }
}

/** `fresh`: the first index in use. */
function newPiece<Entry>(fresh: number): Piece<Entry> {
  return {
    next: new Int32Array(pieceSize),
    hashes: new Int32Array(pieceSize),
    entries: Array.from<Entry | undefined>({ length: pieceSize }),
    used: 0,
    fresh,
    free: 0,
  };
}
