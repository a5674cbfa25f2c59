// The numbers of one attempt, as its gateway is to see them.
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { NumberContext } from '../number/dial-plans.ts';
import { calleeOutOf, callerOutOf, isTakenBy } from '../number/egress-numbers.ts';
import { passesPrefixes } from '../number/number-screen.ts';
import type { Call } from './call.ts';
import { forwardingNumber } from './crossing-lines.ts';
import type { CallEnvironment } from './environment.ts';

/** False where the gateway does not take them, or nothing is left of the number called: it is skipped. */
export function numbersOut(env: CallEnvironment, call: Call, gateway: RoutingGateway): boolean {
  if (gateway.numbers === null) {
    call.calleeOut = gateway.calleePrefix + call.calleeRouted;
    call.callerOut = call.callerRouted;
    return true;
  }
  const context: NumberContext = { at: call.cdr.startedAt, random32: env.identity.random32 };
  const routed = {
    caller: call.callerRouted,
    callee: call.calleeRouted,
    emergency: call.emergency,
  };
  if (!isTakenBy(env.snapshot, gateway, routed, context)) {
    return skip(env, call, EndReasons.noAvailableRouter);
  }
  const { forwardPrefixes } = gateway.numbers;
  if (forwardPrefixes !== null && !call.emergency) {
    const forwarding = forwardingNumber(call);
    if (forwarding !== '' && !passesPrefixes(forwardPrefixes, forwarding)) {
      return skip(env, call, EndReasons.noAvailableRouter);
    }
  }
  call.calleeOut = calleeOutOf(env.snapshot, gateway, routed, context);
  if (call.calleeOut === '') return skip(env, call, EndReasons.numberEmptyAfterTransform);
  call.callerOut = callerOutOf(gateway, routed.caller, context);
  return true;
}

/** For the caller, if no other gateway takes the call. */
function skip(env: CallEnvironment, call: Call, reason: EndReason): false {
  call.numbersRefused = reason;
  env.effects.count(Counter.skippedNumber);
  return false;
}
