// The money of a call that is up, and its share of the days of fraud limits: two seconds before what is set
// aside ends, more of it is; when nobody has more, the call is cut at that second.
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { TimerName } from '../time/timer-name.ts';
import type { Call, CallBilling, OutboundLeg } from './call.ts';
import { paidSecondsOf, reserveTo } from './call-billing.ts';
import { endAnswered } from './call-ending.ts';
import type { CallEnvironment } from './environment.ts';
import { blockedBy } from './fraud-watch.ts';

/** Top-ups come so long before the reserve ends. */
const aheadMs = 2000;

/** The call is answered over this leg; from now on its time is paid for. */
export function watchBalance(
  env: CallEnvironment,
  call: Call,
  billing: CallBilling,
  leg: OutboundLeg,
): void {
  if (leg.vendor !== null) billing.parties = [...billing.payers, leg.vendor];
  const endMs = reserveEndMs(billing);
  if (endMs < Number.POSITIVE_INFINITY) arm(env, call, billing, endMs - aheadMs);
}

/** Either a top-up is due, or the end is here. */
export function onBalanceTimer(env: CallEnvironment, call: Call): void {
  const { billing } = call;
  if (billing === null) return;
  billing.timer = 0;
  const spentMs = env.nowMs - call.answeredMs;
  for (;;) {
    const endMs = reserveEndMs(billing);
    if (endMs - aheadMs > spentMs) {
      arm(env, call, billing, endMs - aheadMs - spentMs);
      return;
    }
    const short = topUp(env, billing);
    if (short < 0) continue;
    // A payment may still come before the end.
    if (endMs > spentMs) arm(env, call, billing, endMs - spentMs);
    else cut(env, call, billing, short);
    return;
  }
}

/** The time that a call reserves ahead, else one increment. -1; or the place of the party that has no more. */
function topUp(env: CallEnvironment, billing: CallBilling): number {
  const paid = paidSecondsOf(billing);
  const ahead = Math.max(1, billing.rules.advanceSeconds);
  if (reserveTo(env, billing, paid + ahead) < 0) return -1;
  return reserveTo(env, billing, paid + 1);
}

function cut(env: CallEnvironment, call: Call, billing: CallBilling, short: number): void {
  const { payers, parties, fraud } = billing;
  const isFraud = short >= parties.length;
  env.effects.count(isFraud ? Counter.callsCutFraud : Counter.callsCutBalance);
  const ofMoney =
    short < payers.length
      ? EndReasons.balanceExhaustedDuringCall
      : EndReasons.clearingAccountInsufficient;
  const reason = isFraud ? blockedBy(env, fraud!.stakes[short - parties.length]!) : ofMoney;
  endAnswered(env, call, undefined, { reason, by: 'server' });
}

/** Milliseconds after the answer at which a second begins that nobody has paid for. */
function reserveEndMs(billing: CallBilling): number {
  return (paidSecondsOf(billing) + billing.rules.freeSeconds) * 1000;
}

function arm(env: CallEnvironment, call: Call, billing: CallBilling, delayMs: number): void {
  billing.timer = env.wheel.arm(call, TimerName.balance, Math.max(0, delayMs));
}
