// The identity headers of the caller's INVITE as one gateway is shown them: numbers of pools, or what the gateway's
// dial plans make of them, in the place of those that came.
import type { DialPlan } from '../configuration/number-rules.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { type NumberContext, planned } from '../number/dial-plans.ts';
import type { Call } from './call.ts';
import type { CallEnvironment } from './environment.ts';
import {
  callerIdentityNames,
  forwardingIdentityNames,
  identityUser,
  withIdentityUser,
  withIdentityUsers,
} from './header-policy.ts';
import type { AttemptNumbers } from './pool-numbers.ts';

const assertedNames: readonly string[] = ['P-Asserted-Identity'];

export function crossingLines(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
  pooled: AttemptNumbers,
): string {
  const { crossing } = call.inbound.invite!;
  const { numbers } = gateway;
  if (crossing === '' || numbers === null) return crossing;
  const context: NumberContext = { at: call.cdr.startedAt, random32: env.identity.random32 };
  let lines = crossing;
  if (pooled.caller !== undefined) {
    lines = withIdentityUser(lines, callerIdentityNames, pooled.caller.number);
  } else if (numbers.assertedPlan !== null && !call.emergency) {
    lines = withPlan(lines, assertedNames, numbers.assertedPlan, context);
  }
  for (const step of call.parameters.FORWARD_SIGNAL_REWRITE_SEQUENCE) {
    if (step === 'caller_number_pool') {
      if (pooled.forwarding === undefined) continue;
      lines = withIdentityUser(lines, forwardingIdentityNames, pooled.forwarding.number);
    } else if (numbers.callerPlans !== null && !call.emergency) {
      const { callerPlans } = numbers;
      lines = withIdentityUsers(lines, forwardingIdentityNames, (user) =>
        planned(callerPlans, user, context, 'forwarding number'),
      );
    }
  }
  return lines;
}

/** The number that forwarded the call; '' where none is known. */
export function forwardingNumber({ inbound }: Call): string {
  return identityUser(inbound.invite!.crossing, forwardingIdentityNames);
}

function withPlan(
  lines: string,
  names: readonly string[],
  plan: DialPlan,
  context: NumberContext,
): string {
  const plans = { usual: plan, scheduled: [] };
  return withIdentityUsers(lines, names, (user) => planned(plans, user, context, 'identity'));
}
