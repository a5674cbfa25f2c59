// From the numbers that were routed to those that leave towards one routing gateway: its dial plans, then its
// tech prefix before the number called.
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { type NumberContext, planned } from './dial-plans.ts';

/** "" where the dial plan leaves nothing: the gateway cannot be called then. */
export function calleeOutOf(
  gateway: RoutingGateway,
  callee: string,
  context: NumberContext,
): string {
  const { numbers, calleePrefix } = gateway;
  const number =
    numbers === null ? callee : planned(numbers.calleePlans, callee, context, 'callee');
  return number === '' ? '' : calleePrefix + number;
}

export function callerOutOf(
  gateway: RoutingGateway,
  caller: string,
  context: NumberContext,
): string {
  const { numbers } = gateway;
  return numbers === null ? caller : planned(numbers.callerPlans, caller, context, 'caller');
}
