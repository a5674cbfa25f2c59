// What stands on the dynamic black lists, for people: which number, since when, until when, why; and taking it off.
// The table of number-watch.ts has hashes of numbers; the number itself is written when it is listed, because
// only then somebody may ask for it.
import {
  findWatched,
  forgetEvents,
  type ListedWhy,
  list,
  listedFor,
  type NumberWatch,
  type WatchedSide,
  WatchWord,
  watchWords,
} from './number-watch.ts';

/** Longer numbers are listed whole and shown so far. */
export const shownBytesMax = 32;
const bytesPerWord = 4;
const sideShift = 16;

export interface Listing {
  readonly side: WatchedSide;
  /** A byte string. */
  readonly number: string;
  readonly why: ListedWhy;
  /** Seconds as number-watch.ts has them. */
  readonly since: number;
  readonly until: number;
}

export interface ShownListing extends Listing {
  /** The number has more bytes than are shown. */
  readonly isCut: boolean;
}

/** Where the number is listed already it stays so since then. */
export function putOnList(watch: NumberWatch, entry: number, listing: Listing): void {
  const { words } = watch;
  const { side, number, since, until, why } = listing;
  const at = entry * watchWords;
  if (listedFor(watch, entry, since) === undefined) {
    Atomics.store(words, at + WatchWord.listedSince, since);
  }
  const shown = Math.min(number.length, shownBytesMax);
  for (let index = 0; index < shown; index += bytesPerWord) {
    let word = 0;
    for (let byte = index; byte < Math.min(index + bytesPerWord, shown); byte++) {
      word |= (number.charCodeAt(byte) & 0xff) << ((byte - index) * 8);
    }
    Atomics.store(words, at + WatchWord.number + index / bytesPerWord, word);
  }
  const sideBit = side === 'caller' ? 0 : 1;
  Atomics.store(words, at + WatchWord.sideAndLength, (sideBit << sideShift) | number.length);
  list(watch, entry, until, why);
}

/** A listing that an operator has just ended is not begun again by a call that saw it. */
export function extendListing(
  { words }: NumberWatch,
  entry: number,
  nowSeconds: number,
  untilSeconds: number,
): void {
  const at = entry * watchWords + WatchWord.listedUntil;
  const until = Atomics.load(words, at);
  if (until > nowSeconds) Atomics.compareExchange(words, at, until, untilSeconds);
}

/** The first `limit` that come, and how many there are. */
export function listedNumbers(
  watch: NumberWatch,
  nowSeconds: number,
  limit: number,
): { readonly listed: ShownListing[]; readonly total: number } {
  const listed: ShownListing[] = [];
  let total = 0;
  for (let entry = 0; entry < watch.keys.length; entry++) {
    const listing = listingOf(watch, entry, nowSeconds);
    if (listing === undefined) continue;
    total++;
    if (listed.length < limit) listed.push(listing);
  }
  return { listed, total };
}

/** Also what was counted of it begins anew. False where it is not listed. */
export function unlist(
  watch: NumberWatch,
  side: WatchedSide,
  number: string,
  nowSeconds: number,
): boolean {
  const entry = findWatched(watch, side, number);
  return entry >= 0 && unlistEntry(watch, entry, nowSeconds);
}

/** How many were listed. */
export function unlistAll(watch: NumberWatch, nowSeconds: number): number {
  let ended = 0;
  for (let entry = 0; entry < watch.keys.length; entry++) {
    if (watch.keys[entry] !== 0n && unlistEntry(watch, entry, nowSeconds)) ended++;
  }
  return ended;
}

function unlistEntry(watch: NumberWatch, entry: number, nowSeconds: number): boolean {
  if (listedFor(watch, entry, nowSeconds) === undefined) return false;
  Atomics.store(watch.words, entry * watchWords + WatchWord.listedUntil, 0);
  forgetEvents(watch, entry);
  return true;
}

/** Listed entries keep their number, so what is read here is of one number. */
function listingOf(
  watch: NumberWatch,
  entry: number,
  nowSeconds: number,
): ShownListing | undefined {
  const { keys, words } = watch;
  if (keys[entry] === 0n) return undefined;
  const why = listedFor(watch, entry, nowSeconds);
  if (why === undefined) return undefined;
  const at = entry * watchWords;
  const sideAndLength = Atomics.load(words, at + WatchWord.sideAndLength);
  const length = sideAndLength & ((1 << sideShift) - 1);
  const shown = Math.min(length, shownBytesMax);
  let number = '';
  for (let byte = 0; byte < shown; byte++) {
    const word = Atomics.load(words, at + WatchWord.number + Math.floor(byte / bytesPerWord));
    number += String.fromCharCode((word >>> ((byte % bytesPerWord) * 8)) & 0xff);
  }
  return {
    side: sideAndLength >>> sideShift === 0 ? 'caller' : 'callee',
    number,
    isCut: length > shown,
    why,
    since: Atomics.load(words, at + WatchWord.listedSince),
    until: Atomics.load(words, at + WatchWord.listedUntil),
  };
}
