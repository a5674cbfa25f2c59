// Periods of a calendar: a day, a month, a year. Each has a number that follows its predecessor's by one, and a
// first day, since 1970.

export type PeriodName = 'day' | 'month' | 'year';

export interface CalendarPeriod {
  readonly number: number;
  readonly day: number;
}

const dayMs = 86_400_000;

/** The period that a day since 1970 is in. */
export function periodOfDay(name: PeriodName, day: number): CalendarPeriod {
  if (name === 'day') return { number: day, day };
  const date = new Date(day * dayMs);
  const year = date.getUTCFullYear();
  if (name === 'year') return { number: year, day: Date.UTC(year, 0, 1) / dayMs };
  const month = date.getUTCMonth();
  return { number: year * 12 + month, day: Date.UTC(year, month, 1) / dayMs };
}
