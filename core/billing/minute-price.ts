// What a call of a minute costs, as a plain number of money's units: for comparing carriers, not for charging.
// It is the very amount that price.ts makes of 60 seconds, worked out without bigints where numbers are exact.
import type { RatedTerms } from '../cdr/cdr.ts';
import { accountAt, calendarAt, periodRateAt, rateShapeAt } from '../configuration/open-billing.ts';
import type {
  Account,
  BillingTables,
  RateShape,
  ShapeMinute,
  Snapshot,
} from '../configuration/snapshot.ts';
import { rateRowWords } from '../configuration/snapshot-layout.ts';
import { isWorkingTime } from '../configuration/working-time.ts';
import { billedTime, priceOf } from './price.ts';
import { ratePrice, rateRowOf, roundPrice } from './rate-table.ts';

const comparedSeconds = 60;
const unit = 1n;

/** Of an account's rate for a number at a time (ms since 1970); NaN: it has none, or a locked one. */
export function accountMinutePrice(
  snapshot: Snapshot,
  accountRow: number,
  number: string,
  at: number,
): number {
  const { billing } = snapshot;
  const row = rateRowInEffect(billing, accountAt(snapshot, accountRow), number, at);
  if (row < 0) return Number.NaN;
  const { rates, minutes } = billing;
  const shapeRow = rates.rows[row * rateRowWords + 2]!;
  const shape = rateShapeAt(billing, shapeRow);
  if (shape.locked) return Number.NaN;
  minutes[shapeRow] ??= shapeMinute(shape);
  const minute = minutes[shapeRow];
  const dividend = minute.fixed + roundPrice(rates, row) * minute.timedSeconds;
  if (minute.isExactNeeded || dividend > Number.MAX_SAFE_INTEGER / 2) {
    return termsMinutePrice({ ...shape, prefix: '', price: ratePrice(rates, row) });
  }
  const { period } = minute;
  const rest = dividend % period;
  return (dividend - rest) / period + (rest * 2 >= period ? 1 : 0);
}

/** Of terms that a call has copied. */
export function termsMinutePrice(terms: RatedTerms): number {
  return Number(priceOf(terms, comparedSeconds, unit).fee);
}

/** The tables of rate-lookup.ts, in its order. */
function rateRowInEffect(
  billing: BillingTables,
  account: Account,
  number: string,
  at: number,
): number {
  const seconds = Math.floor(at / 1000);
  const rowIn = (table: number): number =>
    table < 0 ? -1 : rateRowOf(billing.rates, table, number, seconds);
  let row = rowIn(account.privateRateTable);
  if (row < 0 && account.periodRate >= 0) {
    const chosen = periodRateAt(billing, account.periodRate);
    const isWorking = isWorkingTime(calendarAt(billing, chosen.calendar), at);
    row = rowIn(isWorking ? chosen.workingRateTable : chosen.nonWorkingRateTable);
  }
  return row < 0 ? rowIn(account.rateTable) : row;
}

function shapeMinute(shape: RateShape): ShapeMinute {
  const time = billedTime({ ...shape, prefix: '', price: 0n }, comparedSeconds);
  const fixed = Number((shape.connectionFee + time.sectionFees) * BigInt(shape.perSeconds));
  return {
    fixed,
    timedSeconds: time.timedSeconds,
    period: shape.perSeconds,
    isExactNeeded: shape.taxPercent !== 0n || fixed > Number.MAX_SAFE_INTEGER / 4,
  };
}
