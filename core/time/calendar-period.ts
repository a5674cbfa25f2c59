// Periods of a calendar: a day, a month, a year. Each has a number that follows its predecessor's by one, and a
// first day, since 1970.

export type PeriodName = 'day' | 'month' | 'year';

export interface CalendarPeriod {
  readonly number: number;
  readonly day: number;
}

const dayMs = 86_400_000;

/** First day of the period behind the one that `day` is in. */
export function nextPeriodDay(name: PeriodName, day: number): number {
  if (name === 'day') return day + 1;
  const date = new Date(day * dayMs);
  const year = date.getUTCFullYear();
  if (name === 'year') return Date.UTC(year + 1, 0, 1) / dayMs;
  return Date.UTC(year, date.getUTCMonth() + 1, 1) / dayMs;
}

/** The period that a day since 1970 is in. */
export function periodOfDay(name: PeriodName, day: number): CalendarPeriod {
  if (name === 'day') return { number: day, day };
  const date = new Date(day * dayMs);
  const year = date.getUTCFullYear();
  if (name === 'year') return { number: year, day: Date.UTC(year, 0, 1) / dayMs };
  const month = date.getUTCMonth();
  return { number: year * 12 + month, day: Date.UTC(year, month, 1) / dayMs };
}
