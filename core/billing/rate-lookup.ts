// Which rate a call has: the longest prefix that is in effect when the call starts, in the account's private
// table, then in the one that its period rate chooses by the calendar, then in its own table. What is found
// holds for the whole call; a table with no match leaves it to the next.
import {
  calendarAt,
  periodRateAt,
  rateAreaAt,
  rateShapeAt,
  rateTableNameAt,
} from '../configuration/open-billing.ts';
import type { Account, BillingTables } from '../configuration/snapshot.ts';
import { rateRowWords } from '../configuration/snapshot-layout.ts';
import { isWorkingTime } from '../configuration/working-time.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { ratePrefixLength, ratePrice, rateRowOf } from './rate-table.ts';
import type { RateTerms } from './rate-terms.ts';
import { termsCacheOf } from './terms-cache.ts';

export type RateSource = 'private' | 'working hours' | 'non-working hours' | 'account';

export interface LookedIn {
  readonly source: RateSource;
  readonly rateTable: string;
  /** Of the match; null: none in effect. */
  readonly prefix: string | null;
}

export type RateFound = RateTerms | EndReason;

export function isRefusal(found: RateFound): found is EndReason {
  return 'sipCode' in found;
}

export interface RateQuestion {
  /** A byte string, as it is rated. */
  readonly number: string;
  /** Start of the call, ms since 1970. */
  readonly at: number;
  /** Told of every table looked in. */
  readonly trace?: ((looked: LookedIn) => void) | undefined;
}

export function findRate(billing: BillingTables, account: Account, call: RateQuestion): RateFound {
  let terms = lookIn(billing, account.privateRateTable, 'private', call);
  if (terms === undefined && account.periodRate >= 0) {
    const chosen = periodRateAt(billing, account.periodRate);
    terms = isWorkingTime(calendarAt(billing, chosen.calendar), call.at)
      ? lookIn(billing, chosen.workingRateTable, 'working hours', call)
      : lookIn(billing, chosen.nonWorkingRateTable, 'non-working hours', call);
  }
  terms ??= lookIn(billing, account.rateTable, 'account', call);
  if (terms === undefined) return EndReasons.noMatchingRate;
  if (terms.locked) return EndReasons.rateLocked;
  return terms.callType > account.callLevel ? EndReasons.authorizationLimited : terms;
}

/** `table`: -1 where the account has none of this source. */
function lookIn(
  billing: BillingTables,
  table: number,
  source: RateSource,
  call: RateQuestion,
): RateTerms | undefined {
  if (table < 0) return undefined;
  const terms = termsIn(billing, table, call);
  call.trace?.({
    source,
    rateTable: rateTableNameAt(billing, table),
    prefix: terms?.prefix ?? null,
  });
  return terms;
}

/** A copy of all that a call needs of its rate; undefined where the table has none. */
function termsIn(billing: BillingTables, table: number, call: RateQuestion): RateTerms | undefined {
  const row = rateRowOf(billing.rates, table, call.number, Math.floor(call.at / 1000));
  if (row < 0) return undefined;
  const cache = termsCacheOf(billing);
  const known = cache.at(row);
  if (known !== undefined) return known;
  const terms = termsAt(billing, table, row, call.number);
  cache.keep(row, terms);
  return terms;
}

/** `number` begins with the prefix of the row. */
function termsAt(billing: BillingTables, table: number, row: number, number: string): RateTerms {
  const { rates } = billing;
  const at = row * rateRowWords;
  const shape = rateShapeAt(billing, rates.rows[at + 2]!);
  return {
    rateTable: rateTableNameAt(billing, table),
    prefix: number.slice(0, ratePrefixLength(rates, row)),
    area: rateAreaAt(billing, rates.rows[at + 1]! >>> 8),
    callType: shape.callType,
    locked: shape.locked,
    price: ratePrice(rates, row),
    perSeconds: shape.perSeconds,
    connectionFee: shape.connectionFee,
    firstIncrementSeconds: shape.firstIncrementSeconds,
    nextIncrementSeconds: shape.nextIncrementSeconds,
    sections: shape.sections,
    taxPercent: shape.taxPercent,
    effectiveAt: rates.rows[at + 3]!,
    expiresAt: rates.rows[at + 4]!,
  };
}
