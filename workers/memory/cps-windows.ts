// Places the CPS windows of core/admission/cps-window.ts in their arena. Main thread only.
//
// Changing a limit while workers use the window, without one admission too many:
//   1. a region for the new window is taken from the arena;
//   2. each stamp of the old window is exchanged for the seal: what was read is the whole history, and
//      no admission succeeds there any more (its compare-and-swap finds the seal);
//   3. the new window is filled with the admissions of the last second and expired stamps before them
//      (those that a lowered limit leaves no cell for are kept aside, should it be raised at once);
//   4. one store into the directory shows it to the workers, which look there again at a seal.
// Between 2 and 4, microseconds, a call on this slot may be refused that had a place.
//
// A worker may still hold the place of an old window in a local, so the region is not used again until
// every worker has taken up a later configuration: the caller says so with `reclaimRetired`.
import {
  cpsDirectoryWords,
  cpsLifted,
  cpsSealed,
  cpsWindowHeaderWords,
  expiredStamp,
  isFreshStamp,
  secondMs,
} from '../../core/admission/cps-window.ts';
import { cpsWords, type SharedMemory } from './shared-memory.ts';

export interface CpsLimit {
  readonly slot: number;
  /** Admissions a second; 0: no limit. */
  readonly limit: number;
}

interface Region {
  start: number;
  words: number;
}

export class CpsWindows {
  readonly #words: Int32Array;
  readonly #spanMs: number;
  /** Free regions by ascending start, no two adjacent. */
  #free: Region[];
  #retired: Region[] = [];
  /** Admissions of the last second that found no cell in a window made smaller, by slot. */
  readonly #aside = new Map<number, number[]>();

  /** `spanMs`: of every window placed here. */
  constructor(memory: Pick<SharedMemory, 'cpsWindows'>, spanMs: number = secondMs) {
    this.#words = cpsWords(memory);
    this.#spanMs = spanMs;
    this.#free = [{ start: cpsDirectoryWords, words: this.#words.length - cpsDirectoryWords }];
  }

  /** Gives each slot its limit, before workers may ask with it. All or nothing: throws, and changes no
   *  window, when the arena has no room. A slot whose limit stays keeps its window. */
  place(limits: readonly CpsLimit[], nowMs: number): void {
    const changed = this.#changed(limits);
    const regions = this.#allocateAll(changed);
    for (const [i, { slot, limit }] of changed.entries()) {
      this.#replace(slot, limit, { start: regions[i]!.start, nowMs: nowMs | 0 });
    }
  }

  /** Changes nothing. @throws RangeError where `place` would, as long as nothing is placed in between */
  refuseWithoutRoom(limits: readonly CpsLimit[]): void {
    for (const region of this.#allocateAll(this.#changed(limits))) this.#release(region);
  }

  /** Lets the regions of replaced windows be used again. Only when every live worker has adopted a
   *  configuration published after they were replaced (`SnapshotStore.begin` has returned). */
  reclaimRetired(): void {
    for (const region of this.#retired) this.#release(region);
    this.#retired = [];
  }

  /** Admissions of the last second; null where no window is placed, for nothing is counted then. */
  admittedOf(slot: number, nowMs: number): number | null {
    const limit = this.limitOf(slot);
    if (limit === 0) return null;
    const cells = Atomics.load(this.#words, slot) + cpsWindowHeaderWords;
    let admitted = 0;
    for (let i = 0; i < limit; i++) {
      if (this.#isFresh(Atomics.load(this.#words, cells + i), nowMs | 0)) admitted++;
    }
    return admitted;
  }

  /** The limit in force; 0: none. */
  limitOf(slot: number): number {
    if (!Number.isInteger(slot) || slot < 0 || slot >= cpsDirectoryWords) {
      throw new RangeError(`CPS slot: ${slot}; expected an integer below ${cpsDirectoryWords}`);
    }
    const window = Atomics.load(this.#words, slot);
    return window > 0 ? this.#words[window + 1]! : 0;
  }

  #replace(slot: number, limit: number, place: { start: number; nowMs: number }): void {
    const words = this.#words;
    const old = Atomics.load(words, slot);
    const recent = old > 0 ? this.#seal(slot, old, place.nowMs) : [];
    this.#aside.delete(slot);
    if (limit > 0) {
      const kept = recent.slice(-limit);
      if (kept.length < recent.length) this.#aside.set(slot, recent.slice(0, -limit));
      const cells = place.start + cpsWindowHeaderWords;
      words[place.start] = 0;
      words[place.start + 1] = limit;
      words[place.start + 2] = this.#spanMs;
      words.fill(expiredStamp(place.nowMs, this.#spanMs), cells, cells + limit);
      words.set(kept, cells + limit - kept.length);
    }
    Atomics.store(words, slot, limit > 0 ? place.start : cpsLifted);
    if (old > 0) {
      this.#retired.push({ start: old, words: cpsWindowHeaderWords + words[old + 1]! });
    }
  }

  /** Ends admissions through the window; returns the slot's stamps of the last second, oldest first. */
  #seal(slot: number, window: number, nowMs: number): number[] {
    const words = this.#words;
    const cells = window + cpsWindowHeaderWords;
    const recent = (this.#aside.get(slot) ?? []).filter((stamp) => this.#isFresh(stamp, nowMs));
    for (let i = 0; i < words[window + 1]!; i++) {
      const stamp = Atomics.exchange(words, cells + i, cpsSealed);
      if (this.#isFresh(stamp, nowMs)) recent.push(stamp);
    }
    return recent.sort((a, b) => (a - b) | 0);
  }

  #isFresh(stamp: number, nowMs: number): boolean {
    return isFreshStamp(stamp, nowMs, this.#spanMs);
  }

  #changed(limits: readonly CpsLimit[]): CpsLimit[] {
    return limits.filter(({ slot, limit }) => this.limitOf(slot) !== limit);
  }

  /** All or none. */
  #allocateAll(limits: readonly CpsLimit[]): Region[] {
    const regions: Region[] = [];
    try {
      for (const limit of limits) regions.push(this.#allocate(limit));
      return regions;
    } catch (error) {
      for (const region of regions) this.#release(region);
      throw error;
    }
  }

  #allocate({ slot, limit }: CpsLimit): Region {
    if (!Number.isInteger(limit) || limit < 0) {
      throw new RangeError(`CPS limit of slot ${slot}: ${limit}; expected an integer, 0 or more`);
    }
    const words = limit === 0 ? 0 : cpsWindowHeaderWords + limit;
    if (words === 0) return { start: 0, words: 0 };
    const region = this.#free.find((free) => free.words >= words);
    if (region === undefined) {
      const largest = Math.max(0, ...this.#free.map((free) => free.words));
      throw new RangeError(
        `CPS limit of slot ${slot}: ${limit} needs ${words} words; the largest free region has ${largest}`,
      );
    }
    const start = region.start;
    region.start += words;
    region.words -= words;
    if (region.words === 0) this.#free = this.#free.filter((free) => free !== region);
    return { start, words };
  }

  #release(region: Region): void {
    if (region.words === 0) return;
    const next = this.#free.findIndex((free) => free.start > region.start);
    const at = next === -1 ? this.#free.length : next;
    this.#free.splice(at, 0, { ...region });
    this.#merge(at);
    if (at > 0) this.#merge(at - 1);
  }

  /** Joins the free region at `index` with the one behind it where they touch. */
  #merge(index: number): void {
    const region = this.#free[index]!;
    const following = this.#free[index + 1];
    if (following === undefined || region.start + region.words !== following.start) return;
    region.words += following.words;
    this.#free.splice(index + 1, 1);
  }
}
