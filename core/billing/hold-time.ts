// From the milliseconds between answer and end to the whole seconds that are billed, and back: until when
// may a call run before it counts a second more than those that are paid.
import type { BillingRules } from './billing-rules.ts';

type TimeRules = Pick<BillingRules, 'carryMs' | 'freeSeconds'>;

/** Free time comes off first; then a remainder of `carryMs` or more is a second. */
export function holdSeconds(holdMs: number, rules: TimeRules): number {
  const ms = Math.max(0, Math.floor(holdMs) - rules.freeSeconds * 1000);
  return Math.floor(ms / 1000) + (ms % 1000 >= rules.carryMs ? 1 : 0);
}

/** The last millisecond of a call that has at most this many hold seconds. */
export function lastMsOf(seconds: number, rules: TimeRules): number {
  return (seconds + rules.freeSeconds) * 1000 + rules.carryMs - 1;
}
