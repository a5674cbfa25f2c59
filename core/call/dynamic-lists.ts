// The dynamic black lists: callers with too many calls in a time or at a time, and numbers that nobody answers,
// are refused until their listing ends. What is counted lies in shared memory (core/admission/number-watch.ts).
import { watchLineSlot } from '../admission/line-limits.ts';
import { extendListing, type Listing, putOnList } from '../admission/listed-numbers.ts';
import {
  findWatched,
  forgetEvents,
  ListedWhy,
  listedFor,
  type NumberWatch,
  noteEvent,
  watched,
} from '../admission/number-watch.ts';
import type { Parameters } from '../configuration/model.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { isWhite } from '../number/black-lists.ts';
import type { Call } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export interface DynamicLists {
  readonly watch: NumberWatch;
  /** Only gateways that say so; else all that do not ignore black lists. */
  readonly standalone: boolean;
  readonly malicious: EventRule | null;
  readonly concurrent: { readonly most: number; readonly listSeconds: number } | null;
  readonly noAnswer: EventRule | null;
}

interface EventRule {
  readonly most: number;
  readonly seconds: number;
  readonly listSeconds: number;
}

/** Null: nothing is watched. */
export function dynamicLists(
  parameters: Parameters,
  watch: NumberWatch | undefined,
): DynamicLists | null {
  const malicious = eventRule(
    parameters.SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT,
    parameters.SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL,
    parameters.SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE,
  );
  const noAnswer = eventRule(
    parameters.SS_BLACK_LIST_NO_ANSWER_LIMIT,
    parameters.SS_BLACK_LIST_NO_ANSWER_PERIODS,
    parameters.SS_BLACK_LIST_NO_ANSWER_EXPIRE,
  );
  const most = parameters.SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT;
  const listSeconds = parameters.SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE;
  const concurrent = most === 0 ? null : { most, listSeconds };
  if (watch === undefined) return null;
  if (malicious === null && noAnswer === null && concurrent === null) return null;
  const standalone = parameters.SS_BLACK_LIST_DYNAMIC_RUN_MODE === 'Standalone';
  return { watch, standalone, malicious, concurrent, noAnswer };
}

function eventRule(most: number, seconds: number, listSeconds: number): EventRule | null {
  return most === 0 ? null : { most, seconds, listSeconds };
}

/** Counts the call, and says why it is refused. */
export function dynamicRefusal(env: CallEnvironment, call: Call): EndReason | undefined {
  const lists = env.dynamicLists;
  if (lists === null || !isWatched(lists, call)) return undefined;
  if (isCalleeListed(env, lists, call)) return EndReasons.calleeBlacklisted;
  return isCallerRefused(env, lists, call) ? EndReasons.callerBlacklisted : undefined;
}

/** An answered call has ended: what was counted of the number called begins anew. */
export function noteAnswered(env: CallEnvironment, call: Call): void {
  const lists = env.dynamicLists;
  if (lists === null || !countsAnswers(env, lists, call)) return;
  const entry = findWatched(lists.watch, 'callee', call.calleeRouted);
  if (entry >= 0) forgetEvents(lists.watch, entry);
}

/** A call has ended without an answer; `statusCode` before any mapping for the caller. */
export function noteUnanswered(env: CallEnvironment, call: Call, statusCode: number): void {
  const lists = env.dynamicLists;
  if (lists === null || !countsAnswers(env, lists, call)) return;
  if (!nobodyAnswered.includes(statusCode)) return;
  const { calleeRouted: callee } = call;
  const { watch } = lists;
  const noAnswer = lists.noAnswer!;
  const now = secondsOf(env);
  const entry = watched(watch, 'callee', callee, now);
  if (entry < 0) env.effects.count(Counter.watchTableFull);
  else if (noteEvent(watch, entry, now, noAnswer)) {
    const until = now + noAnswer.listSeconds;
    const why = ListedWhy.noAnswer;
    listNumber(env, lists, entry, { side: 'callee', number: callee, since: now, until, why });
  }
}

/** A call that no gateway saw says nothing of the number. */
function countsAnswers(env: CallEnvironment, lists: DynamicLists, call: Call): boolean {
  if (lists.noAnswer === null || !isWatched(lists, call)) return false;
  return call.cdr.attempts.length > 0 && !isWhite(env.snapshot, call.calleeRouted);
}

/** Nothing came in time, not there, given up by the caller: not busy, wrong or refused. */
const nobodyAnswered: readonly number[] = [408, 480, 487];

function isWatched({ standalone }: DynamicLists, { mapping, emergency }: Call): boolean {
  if (emergency || mapping.numbers?.ignoresBlackLists) return false;
  return !standalone || mapping.numbers?.dynamicBlackList === true;
}

function isCalleeListed(
  env: CallEnvironment,
  { watch, noAnswer }: DynamicLists,
  call: Call,
): boolean {
  if (noAnswer === null) return false;
  const entry = findWatched(watch, 'callee', call.calleeRouted);
  if (entry < 0 || listedFor(watch, entry, secondsOf(env)) === undefined) return false;
  return !isWhite(env.snapshot, call.calleeRouted);
}

/** A caller without a number is nobody in particular. */
function isCallerRefused(env: CallEnvironment, lists: DynamicLists, call: Call): boolean {
  const { watch, malicious, concurrent } = lists;
  const caller = call.callerRouted;
  if ((malicious === null && concurrent === null) || caller === '') return false;
  if (isWhite(env.snapshot, caller)) return false;
  const now = secondsOf(env);
  const entry = watched(watch, 'caller', caller, now);
  if (entry < 0) {
    env.effects.count(Counter.watchTableFull);
    return false;
  }
  const why = listedFor(watch, entry, now);
  if (why !== undefined) {
    // A malicious caller is listed until so long after his last call, and this is one.
    if (why === ListedWhy.malicious && malicious !== null) {
      extendListing(watch, entry, now, now + malicious.listSeconds);
    }
    return true;
  }
  if (malicious !== null && noteEvent(watch, entry, now, malicious)) {
    const until = now + malicious.listSeconds;
    const listing = { side: 'caller', number: caller, since: now, until } as const;
    listNumber(env, lists, entry, { ...listing, why: ListedWhy.malicious });
  }
  if (concurrent !== null) countCall(env, lists, call, entry);
  return false;
}

/** Holds a line of the caller until the call is over; the last that may be up lists him. */
function countCall(env: CallEnvironment, lists: DynamicLists, call: Call, entry: number): void {
  const { most, listSeconds } = lists.concurrent!;
  const line = watchLineSlot(entry);
  if (!env.effects.acquireLine(line, most - 1)) {
    env.effects.acquireLine(line, 0);
    const since = secondsOf(env);
    const listing = { side: 'caller', number: call.callerRouted, since } as const;
    const until = since + listSeconds;
    listNumber(env, lists, entry, { ...listing, until, why: ListedWhy.concurrent });
  }
  call.watchLine = line;
}

function listNumber(
  env: CallEnvironment,
  { watch }: DynamicLists,
  entry: number,
  listing: Listing,
): void {
  putOnList(watch, entry, listing);
  env.effects.count(Counter.numbersListed);
}

/** Of the monotonic clock; never 0. */
function secondsOf(env: CallEnvironment): number {
  return Math.floor(env.nowMs / 1000) + 1;
}
