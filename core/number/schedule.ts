// Whether a scheduled rule holds.
import type { Schedule } from '../configuration/number-rules.ts';
import { isWorkingTime } from '../configuration/working-time.ts';

/** `at`: milliseconds since 1970. */
export function isScheduled({ calendar, working }: Schedule, at: number): boolean {
  return isWorkingTime(calendar, at) === working;
}
