// The timers of RFC 3261 17 (table 4) as this node runs them: the operators' list of resend intervals
// in place of the doubling from T1, everything else as in the RFC.
import type { Parameters } from '../configuration/model.ts';
import type { TimerValues } from './transaction.ts';

/** T2 and T4 of RFC 3261 table 4. */
const t2Ms = 4000;
const t4Ms = 5000;
/** 64*T1 with the T1 of the RFC: the span that the default list fills with eleven sends. */
const giveUpMs = 32_000;

export function timerValues(parameters: Parameters): TimerValues {
  const t1Ms = parameters.SS_SIP_TIMER_T1;
  const listed = parameters.SS_SIP_RESEND_INTERVAL;
  return {
    resendMs: listed.length > 0 ? listed.map(toMs) : doubling(t1Ms),
    inviteGiveUpMs: parameters.SS_SIP_TIMER_B * 1000,
    giveUpMs: listed.length > 0 ? giveUpMs : 64 * t1Ms,
    t1Ms,
    t2Ms,
    t4Ms,
  };
}

/** Wait before the resend with this index; the last interval of the list repeats. */
export function resendDelayMs(timers: TimerValues, index: number): number {
  const { resendMs } = timers;
  return resendMs[Math.min(index, resendMs.length - 1)]!;
}

/** How long a peer's timer E takes to reach T2: when RFC 4320 4.1 wants a 100 (3.5 s by default). */
export function tryingDueMs(timers: TimerValues): number {
  let elapsedMs = 0;
  for (let waitMs = timers.t1Ms; waitMs < timers.t2Ms; waitMs *= 2) elapsedMs += waitMs;
  return elapsedMs;
}

function doubling(t1Ms: number): number[] {
  const intervals = [];
  for (let waitMs = t1Ms; waitMs < t2Ms; waitMs *= 2) intervals.push(waitMs);
  intervals.push(t2Ms);
  return intervals;
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
