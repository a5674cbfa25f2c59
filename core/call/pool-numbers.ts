// The pool numbers of one attempt: taken when everything else of the gateway is held, kept as long as its line.
import type { CallerPool } from '../configuration/number-rules.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { type PoolNumber, takePoolNumber } from '../number/caller-pool.ts';
import type { Call } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export interface AttemptNumbers {
  readonly caller: PoolNumber | undefined;
  readonly forwarding: PoolNumber | undefined;
}

/** Shared by all attempts without a pool. */
const noNumbers: AttemptNumbers = { caller: undefined, forwarding: undefined };

/** Where a pool has no number free the original stays. A call for help shows whose it is. */
export function takePoolNumbers(
  env: CallEnvironment,
  call: Call,
  { numbers }: RoutingGateway,
): AttemptNumbers {
  if (numbers === null || call.emergency) return noNumbers;
  const { callerPool, forwardingPool } = numbers;
  if (callerPool === null && forwardingPool === null) return noNumbers;
  const { crossing } = call.inbound.invite!;
  const isForwarded = crossing.startsWith('Diversion: ') || crossing.includes('\r\nDiversion: ');
  return {
    caller: callerPool === null ? undefined : take(env, call, callerPool),
    forwarding:
      forwardingPool === null || !isForwarded ? undefined : take(env, call, forwardingPool),
  };
}

function take(env: CallEnvironment, call: Call, pool: CallerPool): PoolNumber | undefined {
  const accounts = call.billing === null ? [] : call.billing.accounts.map(({ slot }) => slot);
  const question = {
    pool,
    accounts,
    random32: env.identity.random32,
    trace: env.trace?.number,
  };
  const taken = takePoolNumber(env.snapshot, question, env.effects);
  if (taken === undefined) env.effects.count(Counter.poolsExhausted);
  return taken;
}
