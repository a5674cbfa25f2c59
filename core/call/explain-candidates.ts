// The candidates of routing analysis: every gateway with a matching prefix, with its keys, numbers and prices, and the
// reason where it is left out.
import { textOfByteString } from '../bytes/utf8-text.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { moneyText } from '../money.ts';
import { keysOf } from '../routing/explain-keys.ts';
import type { SortKey } from '../routing/gateway-order.ts';
import { candidatesMax, furtherMax } from '../routing/gateway-ranking.ts';
import type { ExplainedCandidate, RouteStep } from '../routing/route-explanation.ts';
import { explainOut } from './explain-numbers.ts';
import type { RehearsedCall } from './rehearsed-call.ts';
import type { Rehearsal } from './rehearsed-hunt.ts';

/** A gateway that the candidate search met. */
export interface Told {
  readonly gateway: RoutingGateway;
  readonly prefixLength: number;
  /** Of a minute, in units of money; NaN: none. */
  readonly price: number;
  readonly leftOut: string | undefined;
}

interface Explained {
  readonly rehearsed: RehearsedCall;
  readonly told: readonly Told[];
  readonly keys: ReadonlyMap<RoutingGateway, ReadonlyMap<SortKey, number>>;
  /** What the customer pays for a minute; NaN: nobody does. */
  readonly sell: number;
  readonly hunted: Rehearsal;
}

/** Candidates told of, skipped ones among them. */
const explainedMax = 256;

export function explainCandidates(explained: Explained): ExplainedCandidate[] {
  const { told, hunted } = explained;
  const place = new Map(
    [...hunted.order, ...hunted.protect].map(({ gateway }, index) => [gateway, index]),
  );
  const rank = ({ gateway, leftOut }: Told): number =>
    leftOut === undefined ? (place.get(gateway) ?? place.size) : place.size;
  // Those that are tried in their order; the others stay where their prefix put them.
  return told
    .toSorted((left, right) => rank(left) - rank(right))
    .slice(0, explainedMax)
    .map((each) => {
      const skipped = each.leftOut ?? skippedReason(each, hunted, place.has(each.gateway));
      return explainedCandidate(explained, each, skipped);
    });
}

function skippedReason(
  { gateway, prefixLength }: Told,
  { order, protect, passed, stopped }: Rehearsal,
  isTried: boolean,
): string | undefined {
  if (isTried) return undefined;
  const reason = passed.get(gateway);
  if (reason !== undefined) return reason;
  if (stopped !== undefined) {
    return `the hunt ends at ${stopped.gateway.name} (${stopped.sipCode})`;
  }
  const stopper = (gateway.protect ? protect : order).find(
    (candidate) =>
      candidate.gateway.prefixMode === 'terminate' && candidate.prefixLength > prefixLength,
  );
  if (stopper !== undefined) {
    return `${stopper.gateway.name} has a longer prefix and prefixMode terminate`;
  }
  return `${furtherMax} better ones are looked at, and ${candidatesMax} tried, at most`;
}

function explainedCandidate(
  { rehearsed, keys, sell }: Explained,
  { gateway, prefixLength, price, leftOut }: Told,
  skipped: string | undefined,
): ExplainedCandidate {
  const own = leftOut === undefined ? keys.get(gateway) : undefined;
  const rewriting: RouteStep[] = [];
  const out = explainOut(rehearsed, gateway, (step, result) => rewriting.push({ step, result }));
  return {
    gateway: gateway.name,
    prefix: textOfByteString(rehearsed.call.calleeRouted.slice(0, prefixLength)),
    calleeOut: textOfByteString(out.calleeOut),
    callerOut: textOfByteString(out.callerOut),
    ...(rewriting.length === 0 ? {} : { numbers: rewriting }),
    prefixLength,
    priority: gateway.priority,
    prefixMode: gateway.prefixMode,
    ...(gateway.protect ? { protect: true } : {}),
    ...(own === undefined ? {} : { sortKeys: keysOf(own) }),
    vendorRate: moneyOrNull(price),
    margin: moneyOrNull(sell - price),
    ...(skipped === undefined ? {} : { skipped }),
  };
}

/** A plain number of units as text; null for NaN. */
export function moneyOrNull(units: number): string | null {
  return Number.isNaN(units) ? null : moneyText(BigInt(Math.round(units)));
}

export function prefixSteps(candidates: readonly ExplainedCandidate[]): RouteStep[] {
  const byPrefix = new Map<string, string[]>();
  for (const { prefix, gateway, skipped } of candidates) {
    const names = byPrefix.get(prefix) ?? [];
    names.push(skipped === undefined ? gateway : `${gateway} (${skipped})`);
    byPrefix.set(prefix, names);
  }
  return [...byPrefix].map(([prefix, names]) => ({
    step: `prefix "${prefix}"`,
    result: names.join(', '),
  }));
}
