// The longest time that a call may be up: SS_MAX_CALL_DURATION or what the gateways have in its place, the
// accounts' own limits and fraud limits, and SS_SIP_NO_TIMER_REINVITE_INTERVAL for legs without session timers.
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { TimerName } from '../time/timer-name.ts';
import type { Call } from './call.ts';
import { endAnswered } from './call-ending.ts';
import type { CallEnvironment } from './environment.ts';
import { noteLengthBlock } from './fraud-watch.ts';

export function armDuration(env: CallEnvironment, call: Call): void {
  const seconds = smaller(callSecondsMax(call), untimedSecondsMax(call));
  if (seconds > 0) {
    call.durationTimer = env.wheel.arm(call, TimerName.duration, seconds * 1000);
  }
}

export function onDurationTimer(env: CallEnvironment, call: Call): void {
  call.durationTimer = 0;
  const most = callSecondsMax(call);
  const isTooLong = most > 0 && smaller(most, untimedSecondsMax(call)) === most;
  const watch = call.billing === null ? null : call.billing.fraud;
  if (isTooLong && watch !== null && watch.callSeconds === most) {
    env.effects.count(Counter.callsCutFraud);
    noteLengthBlock(env, watch, most);
  }
  const reason = isTooLong ? EndReasons.maximumCallDuration : EndReasons.sessionTimeout;
  endAnswered(env, call, undefined, { reason, by: 'server' });
}

/** 0: no limit, here and below. A gateway's own limit stands in the place of the system's, also where it is
 *  none; an account's is one more. */
function callSecondsMax(call: Call): number {
  const { SS_MAX_CALL_DURATION: system } = call.parameters;
  let most = inPlaceOf(system, call.mapping.maxCallSeconds);
  const { outbound, billing } = call;
  if (outbound !== undefined) {
    most = smaller(most, inPlaceOf(system, outbound.gateway.maxCallSeconds));
  }
  if (billing === null) return most;
  for (const { maxCallSeconds } of billing.accounts) most = smaller(most, maxCallSeconds);
  return billing.fraud === null ? most : smaller(most, billing.fraud.callSeconds);
}

function untimedSecondsMax({ parameters }: Call): number {
  return parameters.SS_SIP_NO_TIMER_REINVITE_INTERVAL;
}

function inPlaceOf(system: number, own: number): number {
  return own < 0 ? system : own;
}

function smaller(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}
