// The numbers of one attempt, as its gateway is to see them.
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { calleeOutOf, callerOutOf } from '../number/egress-numbers.ts';
import type { Call } from './call.ts';
import type { CallEnvironment } from './environment.ts';

/** False where nothing is left of the number called: the gateway is to be skipped. */
export function numbersOut(env: CallEnvironment, call: Call, gateway: RoutingGateway): boolean {
  if (gateway.numbers === null) {
    call.calleeOut = gateway.calleePrefix + call.calleeRouted;
    call.callerOut = call.callerRouted;
    return true;
  }
  const context = { at: call.cdr.startedAt, random32: env.identity.random32 };
  call.calleeOut = calleeOutOf(gateway, call.calleeRouted, context);
  call.callerOut = callerOutOf(gateway, call.callerRouted, context);
  if (call.calleeOut !== '') return true;
  call.calleeEmptied = true;
  env.effects.count(Counter.skippedNumber);
  return false;
}
