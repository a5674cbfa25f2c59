// Numbers that are watched for the dynamic black lists: a table of bounded size in shared memory, changed by
// all workers without a lock.
//
//   keys      64 bits an entry: keyed hash of the number and its side; 0 free, -1 being claimed
//   words     80 Int32 words an entry, 320 bytes: five cache lines of its own
//     | last use | listed until | why | head | since | listed since | side, length | number (8 words) | ...
//     | time stamp 0 | ... | time stamp 63 |
//
// Times are seconds of the monotonic clock, never 0. `head` counts events; event n has its stamp in cell
// n % 64. The last `most` events lie within a time when the stamp of event head - most + 1 does: one addition,
// one store and one load. As long as fewer than 64 - most other workers count the same number between these,
// the stamp is that event's, so the count is exact (`most` is at most `watchedEventsMax`).
//
// A number has its entry in one of 16 places. Where all are taken, one that nobody is listed under and no
// call holds a line of is given to another number: the one used longest ago. It is marked, emptied, then named, unless
// another worker has named one for the number meanwhile. Two that name theirs at the same instant have it twice;
// the later place is then freed, and what was counted there is missed. Nothing else is lost but what a full table
// pushes out (counted).
import { byteHash } from '../bytes/byte-hash.ts';
import { keyedHashText } from '../bytes/keyed-hash.ts';
import { watchLineSlot, wordsPerLine } from './line-limits.ts';

export const watchWords = 80;
const stampsStart = 16;
const stamps = 64;
/** More events than these cannot be asked for. */
export const watchedEventsMax = 32;
const places = 16;

/** Those that listed-numbers.ts reads and writes too. */
export const WatchWord = { listedUntil: 1, listedSince: 5, sideAndLength: 6, number: 7 } as const;
const lastUse = 0;
const listedUntil = WatchWord.listedUntil;
const listedWhy = 2;
const head = 3;
const since = 4;

const free = 0n;
const claiming = -1n;

export interface NumberWatch {
  readonly keys: BigInt64Array;
  readonly words: Int32Array;
  /** Lines taken (line-limits.ts): an entry with calls up stays. */
  readonly used: Int32Array;
  readonly hashKey: Uint32Array;
}

export type WatchedSide = 'caller' | 'callee';

export const ListedWhy = { malicious: 1, concurrent: 2, noAnswer: 3 } as const;
export type ListedWhy = (typeof ListedWhy)[keyof typeof ListedWhy];

/** Entry of a number that was seen before; -1: none. */
export function findWatched(watch: NumberWatch, side: WatchedSide, number: string): number {
  const key = keyOf(watch, side, number);
  return placeOf(watch, key, startOf(watch, key));
}

/** Its entry, a new one if need be; -1: there is no room. */
export function watched(
  watch: NumberWatch,
  side: WatchedSide,
  number: string,
  nowSeconds: number,
): number {
  const key = keyOf(watch, side, number);
  const start = startOf(watch, key);
  let entry = placeOf(watch, key, start);
  if (entry < 0) entry = enter(watch, key, start, nowSeconds);
  if (entry >= 0) Atomics.store(watch.words, entry * watchWords + lastUse, nowSeconds);
  return entry;
}

/** Counts an event; true where the last `most` events, this one among them, lie within `seconds`. */
export function noteEvent(
  { words }: NumberWatch,
  entry: number,
  nowSeconds: number,
  { most, seconds }: { readonly most: number; readonly seconds: number },
): boolean {
  const at = entry * watchWords;
  const event = Atomics.add(words, at + head, 1);
  Atomics.store(words, at + stampsStart + (event & (stamps - 1)), nowSeconds);
  const first = (event - most + 1) | 0;
  if (((first - Atomics.load(words, at + since)) | 0) < 0) return false;
  const stamp = Atomics.load(words, at + stampsStart + (first & (stamps - 1)));
  return nowSeconds - stamp < seconds;
}

/** Events so far do not count any more. */
export function forgetEvents({ words }: NumberWatch, entry: number): void {
  const at = entry * watchWords;
  Atomics.store(words, at + since, Atomics.load(words, at + head));
}

export function list(
  { words }: NumberWatch,
  entry: number,
  untilSeconds: number,
  why: ListedWhy,
): void {
  const at = entry * watchWords;
  Atomics.store(words, at + listedWhy, why);
  Atomics.store(words, at + listedUntil, untilSeconds);
}

/** Why the number is listed now; undefined: it is not. */
export function listedFor(
  { words }: NumberWatch,
  entry: number,
  nowSeconds: number,
): ListedWhy | undefined {
  const at = entry * watchWords;
  if (Atomics.load(words, at + listedUntil) <= nowSeconds) return undefined;
  return Atomics.load(words, at + listedWhy) as ListedWhy;
}

function keyOf({ hashKey }: NumberWatch, side: WatchedSide, number: string): bigint {
  const text = `${side === 'caller' ? 'c' : 'd'}${number}`;
  const keyed = keyedHashText(text, hashKey);
  const key = BigInt.asIntN(64, (BigInt(keyed) << 32n) | BigInt(byteHash(text)));
  return key === free || key === claiming ? 1n : key;
}

/** By the keyed half, so that nobody can choose numbers that meet. */
function startOf({ keys }: NumberWatch, key: bigint): number {
  return Number(BigInt.asUintN(32, key >> 32n)) & (keys.length - 1);
}

function placeOf({ keys }: NumberWatch, key: bigint, start: number): number {
  for (let place = 0; place < places; place++) {
    const entry = (start + place) & (keys.length - 1);
    if (Atomics.load(keys, entry) === key) return entry;
  }
  return -1;
}

function enter(watch: NumberWatch, key: bigint, start: number, nowSeconds: number): number {
  const { keys, words } = watch;
  for (let tries = 0; tries < places; tries++) {
    const entry = roomFrom(watch, start, nowSeconds);
    if (entry < 0) return -1;
    const old = Atomics.load(keys, entry);
    if (old === claiming || Atomics.compareExchange(keys, entry, old, claiming) !== old) continue;
    const at = entry * watchWords;
    Atomics.store(words, at + listedUntil, 0);
    Atomics.store(words, at + since, Atomics.load(words, at + head));
    Atomics.store(words, at + lastUse, nowSeconds);
    // Another has entered it meanwhile, and may have counted under it.
    const named = placeOf(watch, key, start);
    Atomics.store(keys, entry, named < 0 ? key : free);
    if (named >= 0) return named;
    const first = placeOf(watch, key, start);
    if (first === entry || first < 0) return entry;
    Atomics.compareExchange(keys, entry, key, free);
    return first;
  }
  return -1;
}

/** The first free place, or the one used longest ago of those that may go; -1: none may. */
function roomFrom({ keys, words, used }: NumberWatch, start: number, nowSeconds: number): number {
  let oldest = -1;
  let oldestUse = 0;
  for (let place = 0; place < places; place++) {
    const entry = (start + place) & (keys.length - 1);
    const key = Atomics.load(keys, entry);
    if (key === free) return entry;
    const at = entry * watchWords;
    if (key === claiming || Atomics.load(words, at + listedUntil) > nowSeconds) continue;
    if (Atomics.load(used, watchLineSlot(entry) * wordsPerLine) > 0) continue;
    const use = Atomics.load(words, at + lastUse);
    if (oldest >= 0 && use >= oldestUse) continue;
    oldest = entry;
    oldestUse = use;
  }
  return oldest;
}
