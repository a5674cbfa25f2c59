// The gateways that could take a call, best first: as it is set up, and again when its protect routes have their turn, or
// when the best of many do not take it.
import {
  candidateGateways,
  hasPriceLimit,
  type RouteQuestion,
  type Routes,
} from '../routing/candidate-gateways.ts';
import { type Candidate, candidatesMax, furtherMax } from '../routing/gateway-ranking.ts';
import { huntFurther, nextCandidate } from '../routing/hunt.ts';
import type { Call } from './call.ts';
import type { CallEnvironment } from './environment.ts';
import { sellPrice } from './route-prices.ts';

export function findRoutes(env: CallEnvironment, call: Call): Routes {
  return candidateGateways(questionOf(env, call), env.trace?.route);
}

/** Lines in use and quality have changed while the call waited. Routes of a configuration that is gone stay as they were
 *  found. */
export function protectRoutesNow(env: CallEnvironment, call: Call): readonly Candidate[] {
  const { protect } = call.hunt;
  if (protect.length < 2 || !isCurrent(env, call)) return protect;
  return candidateGateways(questionOf(env, call)).protect;
}

/** The next candidate to look at. Behind the best come further ones, as long as fewer INVITEs were sent (`attemptsMade`)
 *  than there are best ones. */
export function nextOf(
  env: CallEnvironment,
  call: Call,
  attemptsMade: number,
): Candidate | undefined {
  const { hunt } = call;
  if (hunt.next >= candidatesMax && attemptsMade >= candidatesMax) return undefined;
  const next = nextCandidate(hunt);
  if (next !== undefined || !hunt.cut || !isCurrent(env, call)) return next;
  huntFurther(hunt, candidateGateways(questionOf(env, call), undefined, furtherMax).normal);
  return nextCandidate(hunt);
}

function isCurrent({ snapshot }: CallEnvironment, { cdr }: Call): boolean {
  return cdr.configurationVersion === snapshot.version;
}

function questionOf(env: CallEnvironment, call: Call): RouteQuestion {
  const { snapshot } = env;
  const { mapping } = call;
  return {
    snapshot,
    mapping,
    callee: call.calleeRouted,
    emergency: call.emergency,
    at: call.cdr.startedAt,
    state: env.effects,
    minutePrice: env.minutePrice,
    sellPrice: hasPriceLimit(snapshot, mapping) ? sellPrice(call.billing) : Number.NaN,
  };
}
