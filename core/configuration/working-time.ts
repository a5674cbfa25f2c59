// Is it working time by a calendar? The calendar's own zone decides; a window that wraps midnight belongs to
// the day on which it begins, so the night after a working Friday is working time until it ends on Saturday.
import { dayOf, localSeconds, secondOfDay, weekdayOf, windowDay } from '../time/local-time.ts';
import type { Calendar } from './snapshot.ts';

/** `at`: milliseconds since 1970. */
export function isWorkingTime(calendar: Calendar, at: number): boolean {
  const local = localSeconds(calendar.zone, at);
  const shift = windowDay(calendar.window, secondOfDay(local));
  if (shift === undefined) return false;
  const day = dayOf(local) + shift;
  return calendar.workingDays[weekdayOf(day)]! && !calendar.holidays.includes(day);
}
