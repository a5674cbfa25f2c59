// The one clockwork of a shard: a hierarchical timing wheel. Handles are integers, a timer is one index
// in parallel arrays, lists are links between indices; nothing is allocated to arm, fire or cancel.
//
//   level 0   256 slots of one tick (10 ms)       up to 2.56 s
//   level 1    64 slots of 256 ticks              up to 164 s
//   level 2    64 slots of 2^14 ticks             up to 2.9 h
//   level 3    64 slots of 2^20 ticks             up to 7.8 days, and whatever is later goes round again
//
// A slot of a higher level is spread over the lower ones when its first tick comes. Indices below
// `heads` are the slots' list heads, so that unlinking needs no branch and no knowledge of the list.
//
// The arrays double as timers need. Free indices below `lowEnd` are used first, so that what a peak took
// can be given back later (`shrink`): a timer cannot move, its owner holds its index.

/** Resolution: a timer fires in the first tick that begins at or after its due time, never before. */
export const tickMs = 10;
/** Timers that may be armed at once; arming one more throws, which ends the call that did it. */
export const timersMax: number = 2 ** 23 - 512;

const levelBits: readonly number[] = [0, 8, 14, 20];
const levelSpans: readonly number[] = [1, 2 ** 8, 2 ** 14, 2 ** 20];
const levelHeads: readonly number[] = [0, 256, 320, 384];
const heads = 448;
const firstCapacity = 1024;
/** What `shrink` leaves: 32,768 indices, about a megabyte, copied in some tenths of a millisecond. */
const lowEnd: number = 2 ** 15;

// A handle is generation * 2^23 + index: 31 bits, so that a field that holds one never needs a boxed number.
// A generation comes round after 255 uses of its index; owners forget a handle when it fires, long before.
const indexBits = 23;
const indexMask: number = 2 ** indexBits - 1;
const generationFirst = 1;
const generationEnd = 256;

/** A hierarchical timing wheel: integer handles, no closure a timer. 0 is never a handle. */
export class TimerWheel {
  /** What `arm` counts from: the time of the last `advance`, or later where the owner has set it on
   *  since (a shard does so before each batch, lest timers fire early after an idle spell). */
  nowMs: number;

  #size = 0;
  /** The last tick whose timers have fired. */
  #tick: number;
  /** Free indices below and from `lowEnd`, linked by `next`. */
  #freeLow = 0;
  #freeHigh = 0;
  /** Timers armed at indices from `lowEnd` on. */
  #highSize = 0;
  /** Of an index that has never been in use. */
  #generationNew = generationFirst;
  #capacity: number;
  readonly #limit: number;
  readonly #levelSizes: Int32Array = new Int32Array(4);
  #next: Int32Array;
  #previous: Int32Array;
  #generations: Int32Array;
  #dueTicks: Float64Array;
  #levels: Uint8Array;
  #timers: Uint8Array;
  #owners: (object | undefined)[];

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: number, limit: number = timersMax) {
    this.nowMs = nowMs;
    this.#tick = Math.floor(nowMs / tickMs);
    this.#limit = Math.min(limit, timersMax);
    this.#capacity = heads;
    this.#next = Int32Array.from({ length: heads }, (_, head) => head);
    this.#previous = this.#next.slice();
    this.#generations = new Int32Array(heads);
    this.#dueTicks = new Float64Array(heads);
    this.#levels = new Uint8Array(heads);
    this.#timers = new Uint8Array(heads);
    this.#owners = Array.from<object | undefined>({ length: heads });
    this.#resize(Math.min(heads + this.#limit, firstCapacity));
  }

  /** Timers armed. */
  get size(): number {
    return this.#size;
  }

  /** Indices that memory is held for. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Arms `timer` (0..255) for `owner`, due after `delayMs`; returns its handle. */
  arm(owner: object, timer: number, delayMs: number): number {
    if (!Number.isFinite(delayMs)) throw new RangeError(`delay of timer ${timer}: ${delayMs} ms`);
    const index = this.#take();
    const now = this.nowMs;
    // Strictly after the present tick: a timer armed by a firing one waits for the next advance, so no
    // chain of zero delays can hold the shard.
    const due = Math.max(Math.ceil((now + delayMs) / tickMs), Math.floor(now / tickMs) + 1);
    this.#dueTicks[index] = due;
    this.#timers[index] = timer;
    this.#owners[index] = owner;
    this.#size++;
    this.#place(index, due);
    return (this.#generations[index]! << indexBits) | index;
  }

  /** Disarms; a handle that has fired or was cancelled, and 0, are ignored. Returns 0, to be stored. */
  cancel(handle: number): 0 {
    const index = handle & indexMask;
    if (index < heads || index >= this.#capacity) return 0;
    // A free index has moved on to its next generation, which no handle carries yet.
    if (this.#generations[index] !== handle >>> indexBits) return 0;
    this.#release(index);
    return 0;
  }

  /** Fires what is due, oldest tick first. `fire` may arm and cancel. */
  advance(nowMs: number, fire: (owner: object, timer: number) => void): void {
    if (nowMs > this.nowMs) this.nowMs = nowMs;
    const target = Math.floor(this.nowMs / tickMs);
    // First the rest of a tick that an exception of `fire` cut short; otherwise this finds nothing.
    this.#fireTick(fire);
    while (this.#tick < target) {
      this.#tick = this.#nextStop(target);
      this.#spread();
      this.#fireTick(fire);
    }
  }

  /** How long nothing is due, at most `atMostMs`; a lower bound, for where a slot of a higher level begins
   *  its timers have yet to be looked at. Looks at up to a slot a tick: not for every batch. */
  untilNextMs(nowMs: number, atMostMs: number): number {
    const isEmptyAbove = this.#levelSizes[0] === this.#size;
    const last = Math.floor((nowMs + atMostMs) / tickMs);
    let tick = this.#tick + 1;
    while (tick <= last && (isEmptyAbove || (tick & 255) !== 0) && !this.#isDueIn(tick)) tick++;
    return Math.max(0, Math.min(atMostMs, tick * tickMs - nowMs));
  }

  #isDueIn(tick: number): boolean {
    const head = tick & 255;
    return this.#next[head] !== head;
  }

  /** The next tick worth a visit: with the low levels empty, the next slot of the level above. */
  #nextStop(target: number): number {
    if (this.#size === 0) return target;
    let level = 0;
    while (level < 3 && this.#levelSizes[level] === 0) level++;
    const span = levelSpans[level]!;
    return Math.min((Math.floor(this.#tick / span) + 1) * span, target);
  }

  /** Where a slot of a higher level begins, its timers move to the levels below; the highest first. */
  #spread(): void {
    for (let level = 3; level > 0; level--) {
      if (this.#tick % levelSpans[level]! !== 0 || this.#levelSizes[level] === 0) continue;
      const head = levelHeads[level]! + ((this.#tick >>> levelBits[level]!) & 63);
      this.#spreadSlot(head, level);
    }
  }

  #spreadSlot(head: number, level: number): void {
    const next = this.#next;
    let index = next[head]!;
    next[head] = head;
    this.#previous[head] = head;
    while (index !== head) {
      const following = next[index]!;
      this.#levelSizes[level]!--;
      this.#place(index, this.#dueTicks[index]!);
      index = following;
    }
  }

  /** Nothing armed meanwhile lands in this slot: it would have to be due now, or a whole round away. */
  #fireTick(fire: (owner: object, timer: number) => void): void {
    const head = this.#tick & 255;
    // `fire` may grow the arrays: read them anew each time.
    for (let index = this.#next[head]!; index !== head; index = this.#next[head]!) {
      const owner = this.#owners[index]!;
      const timer = this.#timers[index]!;
      this.#release(index);
      fire(owner, timer);
    }
  }

  /** Appends the index to the slot of `due`. */
  #place(index: number, due: number): void {
    const ahead = due - this.#tick;
    const level = ahead < 2 ** 8 ? 0 : ahead < 2 ** 14 ? 1 : ahead < 2 ** 20 ? 2 : 3;
    const mask = level === 0 ? 255 : 63;
    const head = levelHeads[level]! + ((due >>> levelBits[level]!) & mask);
    const last = this.#previous[head]!;
    this.#levels[index] = level;
    this.#levelSizes[level]!++;
    this.#next[last] = index;
    this.#previous[index] = last;
    this.#next[index] = head;
    this.#previous[head] = index;
  }

  /** Unlinks an armed index and puts it first on the free list. */
  #release(index: number): void {
    const next = this.#next[index]!;
    const previous = this.#previous[index]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#levelSizes[this.#levels[index]!]!--;
    this.#size--;
    // A kept reference would hold an ended call in memory.
    this.#owners[index] = undefined;
    const generation = this.#generations[index]! + 1;
    this.#generations[index] = generation === generationEnd ? generationFirst : generation;
    this.#putFree(index);
  }

  #putFree(index: number): void {
    if (index < lowEnd) {
      this.#next[index] = this.#freeLow;
      this.#freeLow = index;
    } else {
      this.#highSize--;
      this.#next[index] = this.#freeHigh;
      this.#freeHigh = index;
    }
  }

  #take(): number {
    if (this.#size >= this.#limit)
      throw new RangeError(`timer wheel full: ${this.#size} timers armed`);
    if (this.#freeLow === 0 && this.#freeHigh === 0) {
      this.#resize(Math.min(this.#capacity * 2, heads + this.#limit));
    }
    let index = this.#freeLow;
    if (index !== 0) {
      this.#freeLow = this.#next[index]!;
    } else {
      index = this.#freeHigh;
      this.#freeHigh = this.#next[index]!;
      this.#highSize++;
    }
    return index;
  }

  /** Gives back the arrays' room beyond `lowEnd` where no timer is armed there and there is much of it; now
   *  and then, not in a firing. */
  shrink(): void {
    if (this.#highSize > 0 || this.#capacity < 4 * lowEnd) return;
    this.#freeHigh = 0;
    // The generations there are forgotten: begin elsewhere, lest an old handle fit a new timer.
    this.#generationNew = (this.#generationNew % (generationEnd - 1)) + generationFirst;
    this.#resize(lowEnd);
  }

  #resize(capacity: number): void {
    const first = this.#capacity;
    this.#next = resized(this.#next, new Int32Array(capacity));
    this.#previous = resized(this.#previous, new Int32Array(capacity));
    this.#generations = resized(this.#generations, new Int32Array(capacity));
    this.#dueTicks = resized(this.#dueTicks, new Float64Array(capacity));
    this.#levels = resized(this.#levels, new Uint8Array(capacity));
    this.#timers = resized(this.#timers, new Uint8Array(capacity));
    this.#capacity = capacity;
    if (capacity < first) {
      this.#owners = this.#owners.slice(0, capacity);
      return;
    }
    this.#generations.fill(this.#generationNew, first);
    this.#highSize += Math.max(0, capacity - Math.max(first, lowEnd));
    // Upwards and one by one: an array that is written far beyond its end becomes a slow dictionary.
    for (let index = first; index < capacity; index++) this.#owners.push(undefined);
    for (let index = capacity - 1; index >= first; index--) this.#putFree(index);
  }
}

interface Column {
  readonly length: number;
  set(from: this): void;
  subarray(start: number, end: number): this;
}

function resized<C extends Column>(from: C, to: C): C {
  to.set(from.length > to.length ? from.subarray(0, to.length) : from);
  return to;
}
