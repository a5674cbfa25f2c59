// From the numbers that were routed to those that leave towards one routing gateway: the number called by the
// transform table, the gateway's dial plans, its tech prefix before the number called.
import type { RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type NumberContext, planned } from './dial-plans.ts';
import type { CallNumbers } from './ingress-numbers.ts';
import { screenRefusal } from './number-screen.ts';
import { transformedCallee } from './number-transform.ts';

/** Whether the gateway's rules let the routed numbers pass. */
export function isTakenBy(
  snapshot: Snapshot,
  { numbers }: RoutingGateway,
  routed: CallNumbers,
  context: NumberContext,
): boolean {
  const screen = numbers?.screen ?? null;
  return screen === null || screenRefusal(snapshot, screen, routed, context) === undefined;
}

/** "" where the dial plan leaves nothing: the gateway cannot be called then. */
export function calleeOutOf(
  snapshot: Snapshot,
  gateway: RoutingGateway,
  callee: string,
  context: NumberContext,
): string {
  const { numbers, calleePrefix } = gateway;
  if (numbers === null) return calleePrefix + callee;
  let number = callee;
  if (numbers.transforms) {
    number = transformedCallee(snapshot, callee);
    context.trace?.(
      'callee transform',
      number === callee ? `${callee} stays` : `${callee} leaves as ${number}`,
    );
  }
  number = planned(numbers.calleePlans, number, context, 'callee');
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
