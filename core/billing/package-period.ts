// The periods of an ordered package, and which part of the first one an order has to pay for.
import { divideHalfUp } from '../money.ts';
import {
  type CalendarPeriod,
  nextPeriodDay,
  type PeriodName,
  periodOfDay,
} from '../time/calendar-period.ts';
import { dayOf, localSeconds, type OffsetTable, startOfDay } from '../time/local-time.ts';

export interface PeriodTerms {
  readonly period: PeriodName | 'once';
  readonly zone: OffsetTable;
}

/** An order that is one period for itself. */
export interface OrderedOnce {
  /** First day of its only period, since 1970; -1: it has many. */
  readonly onceDay: number;
}

/** The period that `at` is in. */
export function orderPeriod(
  { period, zone }: PeriodTerms,
  { onceDay }: OrderedOnce,
  at: number,
): CalendarPeriod {
  return periodFrom(period, onceDay, dayOf(localSeconds(zone, at)));
}

export function periodFrom(
  period: PeriodTerms['period'],
  onceDay: number,
  day: number,
): CalendarPeriod {
  if (period === 'once') return { number: onceDay, day: onceDay };
  return periodOfDay(period, day);
}

/** From when an order counts, ms since 1970: where it may not begin in the middle of a period, from the next one. */
export function orderStart(
  { period, zone }: PeriodTerms,
  startsAt: number,
  partialFirstPeriod: boolean,
): number {
  if (period === 'once' || partialFirstPeriod) return startsAt;
  const day = dayOf(localSeconds(zone, startsAt));
  const first = startOfDay(zone, periodOfDay(period, day).day);
  return startsAt <= first ? startsAt : startOfDay(zone, nextPeriodDay(period, day));
}

/** End of the period that begins on `day`, ms since 1970; Infinity for one that only the order ends. */
export function periodEnd({ period, zone }: PeriodTerms, day: number): number {
  if (period === 'once') return Number.POSITIVE_INFINITY;
  return startOfDay(zone, nextPeriodDay(period, day));
}

/** Days of a period, and how many of them are left for an order that counts from `startsAt`. */
export function daysOfPeriod(
  { period, zone }: PeriodTerms,
  day: number,
  startsAt: number,
): { readonly days: number; readonly of: number } {
  if (period === 'once') return { days: 1, of: 1 };
  const of = nextPeriodDay(period, day) - day;
  const before = dayOf(localSeconds(zone, startsAt)) - day;
  return { days: of - Math.min(Math.max(0, before), of), of };
}

/** The part of an amount that falls on so many days, rounded once. */
export function amountForDays(
  units: bigint,
  percent: number,
  { days, of }: { readonly days: number; readonly of: number },
): bigint {
  return divideHalfUp(units * BigInt(percent) * BigInt(days), 100n * BigInt(of));
}
