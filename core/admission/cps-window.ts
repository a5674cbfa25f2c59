// Calls per second (or per minute, for fraud limits): a sliding window, exact to the millisecond, shared by all
// workers without a lock. Words are Int32 of shared memory:
//
//   directory   word `slot`: where the slot's window is; 0 never placed, -1 its limit was lifted
//   window      | head | limit | span, ms | time stamp 0 | time stamp 1 | ... | time stamp limit-1 |
//
// A time stamp is the millisecond (low 32 bits) of one admission; `head` counts on, and head % limit is
// the cell of the oldest. A call is admitted by replacing the oldest stamp, at least `span` old, with
// its own in one compare-and-swap; then `head` moves on.
//
// Never more than `limit` in any span: every admission is one such exchange, so two stamps that follow
// each other in one cell lie at least a span apart; any span holds at most one admission of each of
// the `limit` cells. That does not depend on `head`, which only says where to look first.
// Nobody waits for anybody: a worker that dies after taking the cell, before moving `head`, leaves a
// fresh stamp at the head with an expired one behind it (in a window at rest the head is the oldest).
// Whoever sees that moves `head` on for it.
import { admissionSlotsMax } from './line-limits.ts';

export const cpsDirectoryWords: number = admissionSlotsMax;
export const cpsArenaWordsMin = 1024;
export const cpsLifted = -1;
/** Words of a window before its time stamps: head, limit, span. */
export const cpsWindowHeaderWords = 3;
/** In place of a stamp while the main thread moves the window: look into the directory again. */
export const cpsSealed = -2_147_483_648;

/** Spans of the two kinds of windows. */
export const secondMs = 1000;
export const minuteMs = 60_000;
/** Workers read the clock once a batch, so a stamp of another worker may lie ahead of ours by the length
 *  of our batch. A stamp further ahead is one of 25 days ago and more (the 32 bits came round). */
const clockSkewMaxMs = 60_000;
/** A lost exchange is another worker's admission or the main thread moving the window; this many in a
 *  row mean that a move is under way, and the call is refused. */
const triesMax = 64;

type Verdict = 0 | 1 | 2;
const refused = 0;
const admitted = 1;
const retry = 2;

/** Takes one place in the slot's last second or minute; limit 0: always true, not counted. What counts is the
 *  limit that the window was placed with: `limit` may come from a snapshot about to be replaced. */
export function acquireCps(words: Int32Array, slot: number, limit: number, nowMs: number): boolean {
  if (limit === 0) return true;
  for (let tries = 0; tries < triesMax; tries++) {
    const window = Atomics.load(words, slot);
    if (window === cpsLifted) return true;
    if (window === 0) throw new RangeError(`slot ${slot}: CPS limit ${limit} has no window placed`);
    const verdict = tryWindow(words, window, nowMs | 0);
    if (verdict !== retry) return verdict === admitted;
  }
  return false;
}

function tryWindow(words: Int32Array, window: number, nowMs: number): Verdict {
  const head = Atomics.load(words, window);
  const limit = words[window + 1]!;
  const spanMs = words[window + 2]!;
  const cells = window + cpsWindowHeaderWords;
  // When the 32 bits of `head` come round, head % limit may jump: a few refusals too many, once.
  const index = (head >>> 0) % limit;
  const oldest = Atomics.load(words, cells + index);
  const newest = Atomics.load(words, cells + (index === 0 ? limit : index) - 1);
  if (oldest === cpsSealed || newest === cpsSealed) return retry;
  const stamp = laterOf(nowMs, newest);
  if (isFreshStamp(oldest, stamp, spanMs)) {
    if (limit === 1) return refused;
    const following = Atomics.load(words, cells + (index + 1 === limit ? 0 : index + 1));
    if (following === cpsSealed) return retry;
    if (isFreshStamp(following, stamp, spanMs)) {
      // Full, unless `head` was read before others took both cells. A taker of the second one has first
      // seen to it that `head` is past the first: an unmoved head says that the window is full.
      return Atomics.load(words, window) === head ? refused : retry;
    }
    Atomics.compareExchange(words, window, head, (head + 1) | 0);
    return retry;
  }
  if (Atomics.compareExchange(words, cells + index, oldest, stamp) !== oldest) return retry;
  Atomics.compareExchange(words, window, head, (head + 1) | 0);
  return admitted;
}

/** Whether `calls` places of the slot's window, of which there are at least so many, are taken. */
export function reachedCps(words: Int32Array, slot: number, calls: number, nowMs: number): boolean {
  const window = Atomics.load(words, slot);
  if (window <= 0) return false;
  const limit = words[window + 1]!;
  if (calls > limit) return false;
  // The head is the oldest, so the place `calls` behind it is the oldest of the newest `calls`.
  const index = ((Atomics.load(words, window) >>> 0) + limit - calls) % limit;
  const stamp = Atomics.load(words, window + cpsWindowHeaderWords + index);
  return stamp !== cpsSealed && isFreshStamp(stamp, nowMs | 0, words[window + 2]!);
}

/** Less than a span old at `nowMs`. Differences are taken in 32 bits, so the clock may come round; a
 *  window idle for 49.7 days to the minute may refuse for that minute. */
export function isFreshStamp(stamp: number, nowMs: number, spanMs: number): boolean {
  const ageMs = (nowMs - stamp) | 0;
  return ageMs < spanMs && ageMs >= -clockSkewMaxMs;
}

/** A stamp that is expired for every worker, however late its clock reading. */
export function expiredStamp(nowMs: number, spanMs: number): number {
  return unsealed(((nowMs | 0) - spanMs - clockSkewMaxMs) | 0);
}

/** Our clock reading, or the newest admission's where that is later: stamps then do not run backwards
 *  round the window, and a late reading is not refused a place that has become free since. */
function laterOf(nowMs: number, newest: number): number {
  const aheadMs = (newest - nowMs) | 0;
  return aheadMs > 0 && aheadMs <= clockSkewMaxMs ? newest : unsealed(nowMs);
}

/** The one millisecond in 49 days whose stamp would read as the seal counts as the next one. */
function unsealed(stamp: number): number {
  return stamp === cpsSealed ? stamp + 1 : stamp;
}
