// From the numbers that were routed to those that leave towards one routing gateway: the number called by the
// transform table, the gateway's dial plans, its tech prefix before the number called.
import type { RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type NumberContext, planned } from './dial-plans.ts';
import type { RoutedNumbers } from './ingress-numbers.ts';
import { screenRefusal } from './number-screen.ts';
import { transformedCallee } from './number-transform.ts';

/** Whether the gateway's rules let the routed numbers pass. No rule stands against a call for help. */
export function isTakenBy(
  snapshot: Snapshot,
  { numbers }: RoutingGateway,
  routed: RoutedNumbers,
  context: NumberContext,
): boolean {
  const screen = numbers?.screen ?? null;
  if (screen === null || routed.emergency) return true;
  return screenRefusal(snapshot, screen, routed, context) === undefined;
}

/** "" where the dial plan leaves nothing: the gateway cannot be called then, but for help, by the number routed. */
export function calleeOutOf(
  snapshot: Snapshot,
  gateway: RoutingGateway,
  { callee, emergency }: Pick<RoutedNumbers, 'callee' | 'emergency'>,
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
  if (number === '' && emergency) {
    number = callee;
    context.trace?.('emergency', `${callee} leaves as it is: the dial plan leaves nothing of it`);
  }
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
