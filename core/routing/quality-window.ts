// Rolling windows over counts that only grow: their values at the start of each segment are kept, and a window
// is the difference between now and the oldest of them. ASR is answered attempts by attempts, ACD talk seconds by
// answered calls: of sums over the window, or the mean of what its segments say. One thread owns a window;
// counting needs no part of it.
import { StateWord, stateWordsPerSlot } from './gateway-state.ts';

export interface WindowLength {
  readonly seconds: number;
  readonly segments: number;
}

/** The counts that windows are made of. */
const counted = [
  StateWord.ended,
  StateWord.answered,
  StateWord.responded,
  StateWord.talkSeconds,
  StateWord.talkCalls,
] as const;
const countedMax = counted.length;

/** What happened to a gateway within the window. */
export interface WindowSums {
  readonly ended: number;
  readonly answered: number;
  readonly responded: number;
  readonly talkSeconds: number;
  readonly talkCalls: number;
}

export class QualityWindow {
  readonly #words: Int32Array;
  #length: WindowLength;
  /** Number of the segment under way; each is `seconds / segments` long. */
  #segment = Number.NEGATIVE_INFINITY;
  /** Counts at the start of segments, oldest first; index: slot and count. */
  readonly #starts: Int32Array[] = [];

  /** `words`: the records of gateway-state.ts. */
  constructor(words: Int32Array, length: WindowLength) {
    this.#words = words;
    this.#length = length;
  }

  /** To be called often; `nowSeconds`: monotonic. Slots are below `slotsEnd`. */
  advance(nowSeconds: number, slotsEnd: number, length: WindowLength): void {
    if (length.seconds !== this.#length.seconds || length.segments !== this.#length.segments) {
      this.#length = length;
      this.#starts.length = 0;
      this.#segment = Number.NEGATIVE_INFINITY;
    }
    const segment = Math.floor((nowSeconds * length.segments) / length.seconds);
    if (segment === this.#segment) return;
    // A thread that was held up for longer than a segment has one start for all it missed.
    this.#starts.push(this.#countsNow(slotsEnd));
    const missed = Number.isFinite(this.#segment) ? segment - this.#segment : 1;
    for (let left = Math.min(missed, length.segments) - 1; left > 0; left--) {
      this.#starts.push(this.#starts.at(-1)!);
    }
    while (this.#starts.length > length.segments) this.#starts.shift();
    this.#segment = segment;
  }

  /** Forgets what was counted for a slot, with `clearState`. */
  clear(slot: number): void {
    for (const start of this.#starts) {
      if ((slot + 1) * countedMax <= start.length) {
        start.fill(0, slot * countedMax, (slot + 1) * countedMax);
      }
    }
  }

  /** Over the whole window. */
  sums(slot: number): WindowSums {
    return this.#between(slot, this.#starts[0], undefined);
  }

  /** Mean of a figure (below 0: of nothing) over the segments that have one, rounded; -1: none has. */
  meanOfSegments(slot: number, figureOf: (sums: WindowSums) => number): number {
    let sum = 0;
    let segments = 0;
    for (const [index, start] of this.#starts.entries()) {
      const figure = figureOf(this.#between(slot, start, this.#starts[index + 1]));
      if (figure < 0) continue;
      sum += figure;
      segments++;
    }
    return segments === 0 ? -1 : Math.round(sum / segments);
  }

  /** `to` undefined: until now. */
  #between(slot: number, from: Int32Array | undefined, to: Int32Array | undefined): WindowSums {
    const at = (counts: Int32Array | undefined, index: number): number =>
      counts?.[slot * countedMax + index] ?? 0;
    const grown = (index: number): number => {
      const word = slot * stateWordsPerSlot + counted[index]!;
      const end = to === undefined ? Atomics.load(this.#words, word) : at(to, index);
      return (end - at(from, index)) | 0;
    };
    return {
      ended: grown(0),
      answered: grown(1),
      responded: grown(2),
      talkSeconds: grown(3),
      talkCalls: grown(4),
    };
  }

  #countsNow(slotsEnd: number): Int32Array {
    const counts = new Int32Array(slotsEnd * countedMax);
    for (let slot = 0; slot < slotsEnd; slot++) {
      for (let index = 0; index < countedMax; index++) {
        counts[slot * countedMax + index] = Atomics.load(
          this.#words,
          slot * stateWordsPerSlot + counted[index]!,
        );
      }
    }
    return counts;
  }
}

const wholeRatio = 10_000;

/** Hundredths of a percent; -1: of nothing. */
export function ratioOf(part: number, whole: number): number {
  return whole <= 0 ? -1 : Math.round((Math.min(part, whole) * wholeRatio) / whole);
}

/** Tenths of a second; -1: no call. */
export function meanTenths(seconds: number, calls: number): number {
  return calls <= 0 ? -1 : Math.round((seconds * 10) / calls);
}
