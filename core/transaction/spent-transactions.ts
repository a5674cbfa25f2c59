// Server transactions that only wait for repeats: an INVITE after its 2xx or its ACK (RFC 6026 7.1, RFC 3261
// 17.2.1: timers L and I), another request after a plain final answer (17.2.2: timer J). They are by far
// the most there are, a hundred thousand of them for 32 seconds each at a few thousand calls a second, and
// a repeat has to find no more than what it was answered. So they are no objects, which the collector
// would copy and mark, but rows of numbers in one block, told apart by 64 bits of keyed hashes:
//
//   word 0   hash      of Call-ID and CSeq number (server-table.ts); names the chain it is found in
//        1   identity  of what RFC 3261 17.2.3 matches by
//        2   merge     of From tag and CSeq number, where the request had no To tag (RFC 3261 8.2.2.2); else 0
//        3   status    final; that of an INVITE is kept negative
//        4   due       from when on it is not found any more, in ms of the wheel's clock, modulo 2^32
//        5   chain     next row of the chain
//        6   younger   next row in order of age; of a free row, the next free one
//
// Links are row + 1, so that a zeroed block is an empty one. The block is reserved whole and touched only as
// far as rows were in use at once; when few of many are left, these move to a fresh block. When it is full
// the oldest row goes early: what repeats later than that is met as a new request.
import { TimerName } from '../time/timer-name.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';

/** 32 s of 10,000 calls a second. */
const rowsMaxDefault: number = 2 ** 20;
const headsMax: number = 2 ** 18;
/** Rows of one hash. A peer needs a few, and each look-up passes all of them: beyond them the layer takes no
 *  new request of this hash. Those it works on are as many at most, and still find room. */
const alikeMax = 64;
/** Rows leave in turns and in order of age, after they were last found. */
const sweepMs = 1000;

/** Rows touched, 32 bytes each, from which on a new block is worth while; and how many rows in use may be
 *  moved to it at once, in less than half a millisecond. */
const renewFrom: number = 2 ** 14;
const renewRowsMax: number = 2 ** 12;

const wordsPerRow = 8;
const hashWord = 0;
const identityWord = 1;
const mergeWord = 2;
const statusWord = 3;
const dueWord = 4;
const chainWord = 5;
const youngerWord = 6;

export interface SpentTransaction {
  readonly hash: number;
  readonly identity: number;
  /** 0: has no copy to be met. */
  readonly merge: number;
  readonly isInvite: boolean;
  readonly statusCode: number;
}

export class SpentTransactions {
  readonly #wheel: TimerWheel;
  readonly #rowsMax: number;
  #rows: Int32Array;
  #heads: Int32Array;
  #size = 0;
  /** Rows that have ever been in use. */
  #touched = 0;
  #free = 0;
  #oldest = 0;
  #youngest = 0;
  #sweepTimer = 0;

  /** @param rowsMax a power of two */
  constructor(wheel: TimerWheel, rowsMax: number = rowsMaxDefault) {
    this.#wheel = wheel;
    this.#rowsMax = rowsMax;
    this.#rows = new Int32Array(rowsMax * wordsPerRow);
    this.#heads = new Int32Array(Math.min(headsMax, rowsMax));
  }

  get size(): number {
    return this.#size;
  }

  /** Rows whose memory is held. */
  get touched(): number {
    return this.#touched;
  }

  keep(spent: SpentTransaction, lingerMs: number): void {
    const row = this.#take();
    const rows = this.#rows;
    const at = row * wordsPerRow;
    rows[at + hashWord] = spent.hash;
    rows[at + identityWord] = spent.identity;
    rows[at + mergeWord] = spent.merge;
    rows[at + statusWord] = spent.isInvite ? -spent.statusCode : spent.statusCode;
    rows[at + dueWord] = this.#wheel.nowMs + lingerMs;
    this.#link(row);
    if (this.#sweepTimer === 0) this.#armSweep(lingerMs);
  }

  /** Puts a filled row first in its chain and last in age. */
  #link(row: number): void {
    const rows = this.#rows;
    const at = row * wordsPerRow;
    const head = this.#headOf(rows[at + hashWord]!);
    rows[at + chainWord] = this.#heads[head]!;
    rows[at + youngerWord] = 0;
    this.#heads[head] = row + 1;
    if (this.#youngest === 0) this.#oldest = row + 1;
    else rows[(this.#youngest - 1) * wordsPerRow + youngerWord] = row + 1;
    this.#youngest = row + 1;
    this.#size++;
  }

  /** Whether `find` is worth an identity: computing one costs more than asking this. */
  has(hash: number): boolean {
    return this.#next(this.#heads[this.#headOf(hash)]!, hash) !== 0;
  }

  /** The final status of the transaction; 0 when there is none. */
  statusOf(hash: number, identity: number, isInvite: boolean): number {
    const rows = this.#rows;
    let link = this.#next(this.#heads[this.#headOf(hash)]!, hash);
    while (link !== 0) {
      const at = (link - 1) * wordsPerRow;
      const status = rows[at + statusWord]!;
      if (rows[at + identityWord] === identity && status < 0 === isInvite) {
        if (!this.#isDue(link - 1, this.#wheel.nowMs)) return Math.abs(status);
      }
      link = this.#next(rows[at + chainWord]!, hash);
    }
    return 0;
  }

  /** Whether an INVITE with this hash had a From tag with this `merge`. */
  hasMerged(hash: number, merge: number): boolean {
    const rows = this.#rows;
    let link = this.#next(this.#heads[this.#headOf(hash)]!, hash);
    while (link !== 0) {
      const at = (link - 1) * wordsPerRow;
      if (rows[at + mergeWord] === merge && rows[at + statusWord]! < 0) {
        if (!this.#isDue(link - 1, this.#wheel.nowMs)) return true;
      }
      link = this.#next(rows[at + chainWord]!, hash);
    }
    return false;
  }

  /** The timer of `keep` fired: forgets what is due. */
  sweep(): void {
    this.#sweepTimer = 0;
    const { nowMs } = this.#wheel;
    while (this.#oldest !== 0 && this.#isDue(this.#oldest - 1, nowMs)) this.#dropOldest();
    const isSparse = this.#touched >= renewFrom && this.#size * 16 <= this.#touched;
    if (isSparse && this.#size <= renewRowsMax) this.#renew();
    if (this.#oldest !== 0) this.#armSweep(sweepMs);
  }

  /** Moves the rows in use to a block of their own; the old one goes back to the system. */
  #renew(): void {
    const from = this.#rows;
    let link = this.#oldest;
    this.#rows = new Int32Array(from.length);
    this.#heads = new Int32Array(this.#heads.length);
    this.#size = 0;
    this.#touched = 0;
    this.#free = 0;
    this.#oldest = 0;
    this.#youngest = 0;
    while (link !== 0) {
      const at = (link - 1) * wordsPerRow;
      const row = this.#touched++;
      for (let word = hashWord; word <= dueWord; word++) {
        this.#rows[row * wordsPerRow + word] = from[at + word]!;
      }
      this.#link(row);
      link = from[at + youngerWord]!;
    }
  }

  #armSweep(delayMs: number): void {
    this.#sweepTimer = this.#wheel.arm(this, TimerName.spentSweep, delayMs);
  }

  #isDue(row: number, nowMs: number): boolean {
    return ((this.#rows[row * wordsPerRow + dueWord]! - nowMs) | 0) <= 0;
  }

  /** The high bits too: in the low ones all requests of a Call-ID agree. */
  #headOf(hash: number): number {
    return (hash ^ (hash >>> 14)) & (this.#heads.length - 1);
  }

  /** The first row of the chain from `link` on that has this hash, as a link. */
  #next(link: number, hash: number): number {
    const rows = this.#rows;
    while (link !== 0 && rows[(link - 1) * wordsPerRow + hashWord] !== hash) {
      link = rows[(link - 1) * wordsPerRow + chainWord]!;
    }
    return link;
  }

  /** Whether no further transaction of this hash is begun: what is spent must be kept, or its repeat would be
   *  taken for a new request. */
  isCrowded(hash: number): boolean {
    let alike = 0;
    let link = this.#next(this.#heads[this.#headOf(hash)]!, hash);
    while (link !== 0) {
      alike++;
      link = this.#next(this.#rows[(link - 1) * wordsPerRow + chainWord]!, hash);
    }
    return alike >= alikeMax;
  }

  #take(): number {
    if (this.#free !== 0) {
      const row = this.#free - 1;
      this.#free = this.#rows[row * wordsPerRow + youngerWord]!;
      return row;
    }
    if (this.#touched < this.#rowsMax) return this.#touched++;
    this.#dropOldest();
    return this.#take();
  }

  #dropOldest(): void {
    const rows = this.#rows;
    const link = this.#oldest;
    const at = (link - 1) * wordsPerRow;
    this.#oldest = rows[at + youngerWord]!;
    if (this.#oldest === 0) this.#youngest = 0;
    this.#unchain(link, this.#headOf(rows[at + hashWord]!));
    rows[at + youngerWord] = this.#free;
    this.#free = link;
    this.#size--;
  }

  #unchain(link: number, head: number): void {
    const rows = this.#rows;
    const after = rows[(link - 1) * wordsPerRow + chainWord]!;
    if (this.#heads[head] === link) {
      this.#heads[head] = after;
      return;
    }
    let before = this.#heads[head]!;
    while (rows[(before - 1) * wordsPerRow + chainWord] !== link) {
      before = rows[(before - 1) * wordsPerRow + chainWord]!;
    }
    rows[(before - 1) * wordsPerRow + chainWord] = after;
  }
}
