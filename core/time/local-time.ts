// Local days and seconds of the day from UTC, by a table of offsets: an instant has exactly one local time,
// also in the hour that a clock repeats or leaves out.

export interface OffsetTable {
  /** Milliseconds since 1970, in order; `offsets[n]` seconds east of UTC hold from `since[n]` on. */
  readonly since: readonly number[];
  readonly offsets: readonly number[];
}

const daySeconds = 86_400;

/** Seconds since 1970 as a local clock would count them. */
export function localSeconds(zone: OffsetTable, at: number): number {
  let low = 0;
  let high = zone.since.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (zone.since[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return Math.floor(at / 1000) + zone.offsets[low]!;
}

/** The first instant of a day, ms since 1970: midnight, or what a clock that leaves it out shows next. */
export function startOfDay(zone: OffsetTable, day: number): number {
  const { since, offsets } = zone;
  for (let at = 0; ; at++) {
    const midnight = (day * daySeconds - offsets[at]!) * 1000;
    // The first offset holds for all time before, too.
    const start = at === 0 ? midnight : Math.max(midnight, since[at]!);
    if (at === since.length - 1 || start < since[at + 1]!) return start;
  }
}

/** Days since 1970-01-01, which is day 0. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / daySeconds);
}

export function secondOfDay(seconds: number): number {
  return seconds - dayOf(seconds) * daySeconds;
}

/** 0: Sunday. Day 0 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Whether a second of the day lies in a window, and on which day that window began: 0 today, -1 yesterday;
 *  undefined outside. A window that wraps midnight begins on the day before. */
export function windowDay(
  window: { readonly from: number; readonly to: number },
  second: number,
): 0 | -1 | undefined {
  const { from, to } = window;
  if (from < to) return second >= from && second < to ? 0 : undefined;
  if (second >= from) return 0;
  return second < to ? -1 : undefined;
}
