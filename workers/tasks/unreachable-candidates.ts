// Routing analysis leaves out the gateways that no listening socket of this node can reach, as a call does
// (it skips them like full ones: they are not tried, so their prefixMode ends nothing).
import { byteStringOf } from '../../core/bytes/utf8-text.ts';
import type { RoutingGateway, Snapshot } from '../../core/configuration/snapshot.ts';
import { EndReasons } from '../../core/end-reason.ts';
import {
  candidateGateways,
  candidateTried,
  nextCandidate,
  startHunt,
} from '../../core/routing/candidate-gateways.ts';
import type { ExplainedCandidate, RouteExplanation } from '../../core/routing/explain.ts';
import { numberSkipReason } from '../../core/routing/explain-numbers.ts';

/** `reasonOf`: why a gateway cannot be reached. */
export function skipUnreachable(
  explanation: RouteExplanation,
  snapshot: Snapshot,
  reasonOf: (gateway: RoutingGateway) => string | undefined,
): RouteExplanation {
  const candidates = candidateGateways(snapshot, byteStringOf(explanation.calleeRouted));
  const unreachable = new Map<string, string>();
  for (const { gateway } of candidates) {
    const reason = reasonOf(gateway) ?? numberSkipOf(explanation, gateway.name);
    if (reason !== undefined) unreachable.set(gateway.name, reason);
  }
  // Without candidates it is a locked mapping gateway, or there is no route: nothing to leave out.
  if (unreachable.size === 0 || explanation.candidates.length === 0) return explanation;

  const order: string[] = [];
  const hunt = startHunt(candidates);
  for (let next = nextCandidate(hunt); next !== undefined; next = nextCandidate(hunt)) {
    if (unreachable.has(next.gateway.name)) continue;
    candidateTried(hunt, next);
    order.push(next.gateway.name);
  }
  const told = explanation.candidates.map((each) => retold(each, order, unreachable));
  const reasons = [...unreachable.values()].map(numberSkipReason);
  const none = reasons.findLast((reason) => reason !== undefined) ?? EndReasons.noAvailableRouter;
  const refusal = order.length === 0 ? none : undefined;
  return {
    ...explanation,
    order,
    candidates: told,
    endReason: refusal?.key ?? null,
    sipCode: refusal?.sipCode ?? null,
    steps: [
      ...explanation.steps.filter(({ step }) => step !== 'order' && step !== 'outcome'),
      {
        step: 'out of reach',
        result: [...unreachable].map(([name, why]) => `${name}: ${why}`).join('; '),
      },
      { step: 'order', result: order.join(', ') || 'no gateway' },
      { step: 'outcome', result: refusal?.key ?? `sent to ${order[0]!}` },
    ],
  };
}

function numberSkipOf({ candidates }: RouteExplanation, name: string): string | undefined {
  const told = candidates.find(({ gateway }) => gateway === name);
  return numberSkipReason(told?.skipped) === undefined ? undefined : told?.skipped;
}

/** A candidate's first mention carries the reason; a gateway that follows now is skipped no longer. */
function retold(
  candidate: ExplainedCandidate,
  order: readonly string[],
  unreachable: ReadonlyMap<string, string>,
): ExplainedCandidate {
  const { skipped, ...rest } = candidate;
  if (skipped === 'locked' || skipped === 'has a longer prefix that matches') return candidate;
  const reason = unreachable.get(candidate.gateway);
  if (reason !== undefined) return { ...rest, skipped: reason };
  return order.includes(candidate.gateway) ? rest : candidate;
}
