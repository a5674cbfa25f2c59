// Caller number pools: the caller that a carrier is shown comes out of a number group, by chance or in turn,
// no number in more calls at a time than the gateway says. A number assigned to an account serves the calls of
// that account and of those below it, and nobody else's; numbers without an account serve everybody, once
// the account's own are taken.

import { poolPlaceWords, poolSegmentWords, poolWords } from '../configuration/number-layout.ts';
import type { CallerPool } from '../configuration/number-rules.ts';
import { asciiText, entityAt } from '../configuration/read-text-rows.ts';
import type { NumberTables, Snapshot } from '../configuration/snapshot.ts';
import { prefixEntryWords } from '../configuration/snapshot-layout.ts';
import type { PoolEffects } from '../effects.ts';
import { type Random32, randomBelow } from './dial-plan.ts';
import type { NumberTrace } from './dial-plans.ts';
import { prefixLengthOf } from './prefix-table.ts';

export interface PoolQuestion {
  readonly pool: CallerPool;
  /** Slots of the account that pays and of its agents, nearest first. */
  readonly accounts: readonly number[];
  readonly random32: Random32;
  readonly trace?: NumberTrace | undefined;
}

export interface PoolNumber {
  readonly number: string;
  /** Line slot that is held until the call is over. */
  readonly line: number;
}

/** Undefined: all that may serve this call are taken, or there are none. */
export function takePoolNumber(
  { numbers }: Snapshot,
  question: PoolQuestion,
  effects: PoolEffects,
): PoolNumber | undefined {
  const row = poolRows(numbers).get(question.pool.group);
  if (row === undefined) return undefined;
  for (const owner of question.accounts) {
    const found = takeOf(numbers, segmentOf(numbers, row, owner), question, effects);
    if (found !== undefined) return found;
  }
  const found = takeOf(numbers, segmentOf(numbers, row, 0), question, effects);
  if (found === undefined) question.trace?.('caller pool', 'no number is free: the caller stays');
  return found;
}

/** `segment`: word of the numbers of one owner; -1: none. */
function takeOf(
  numbers: NumberTables,
  segment: number,
  { pool, random32, trace }: PoolQuestion,
  effects: PoolEffects,
): PoolNumber | undefined {
  if (segment < 0) return undefined;
  const first = numbers.poolSegments[segment + 1]!;
  const count = numbers.poolSegments[segment + 2]!;
  const start = pool.poll ? effects.nextPlace(pool.cursor) % count : randomBelow(count, random32);
  for (let tried = 0; tried < count; tried++) {
    const place = (first + ((start + tried) % count)) * poolPlaceWords;
    const line = numbers.poolPlaces[place + 1]!;
    if (!effects.acquireLine(line, pool.multiplexes)) continue;
    const number = numberOf(numbers, numbers.poolPlaces[place]!);
    trace?.('caller pool', poolText(pool, count, number));
    return { number, line };
  }
  return undefined;
}

function poolText({ group, poll, multiplexes }: CallerPool, count: number, number: string): string {
  const how = poll ? 'in turn' : 'by chance';
  const most = multiplexes === 0 ? '' : `, each in ${multiplexes} calls at most`;
  return `${number}, one of ${count} of ${group} ${how}${most}`;
}

function segmentOf(
  { poolRows: rows, poolSegments }: NumberTables,
  row: number,
  owner: number,
): number {
  const first = rows[row * poolWords + 1]! * poolSegmentWords;
  const end = first + rows[row * poolWords + 2]! * poolSegmentWords;
  for (let at = first; at < end; at += poolSegmentWords) if (poolSegments[at] === owner) return at;
  return -1;
}

function numberOf({ groups }: NumberTables, entry: number): string {
  return asciiText(
    groups.keys,
    groups.entries[entry * prefixEntryWords]!,
    prefixLengthOf(groups, entry),
  );
}

/** By name of their group. */
function poolRows(numbers: NumberTables): ReadonlyMap<string, number> {
  if (numbers.poolsByGroup === undefined) {
    const pools = new Map<string, number>();
    const count = numbers.poolRows.length / poolWords;
    for (let row = 0; row < count; row++) {
      const group = numbers.poolRows[row * poolWords]!;
      pools.set(
        entityAt(numbers.groupNames, group, (parsed) => parsed as string),
        row,
      );
    }
    numbers.poolsByGroup = pools;
  }
  return numbers.poolsByGroup;
}
