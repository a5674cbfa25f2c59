// Routing analysis: what would happen to a call, step by step, by the functions that calls go through.
// Changes nothing and counts nothing. Texts in and out are people's text; inside they are byte strings.
import { byteStringOf, textOfByteString } from '../bytes/utf8-text.ts';
import { mappingGatewayByName, routingGatewayAt } from '../configuration/open-snapshot.ts';
import type { RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import {
  gatewayCountOf,
  gatewayRowOf,
  longestPrefix,
  prefixLengthOf,
  shorterPrefix,
} from '../number/prefix-table.ts';
import {
  type Candidate,
  candidateGateways,
  candidatesMax,
  candidateTried,
  nextCandidate,
  startHunt,
} from './candidate-gateways.ts';

export interface RouteRequest {
  /** Name of a mapping gateway. */
  readonly gateway: string;
  readonly callee: string;
  readonly caller?: string | undefined;
}

export interface ExplainedCandidate {
  readonly gateway: string;
  readonly prefix: string;
  readonly calleeOut: string;
  readonly prefixLength: number;
  readonly priority: number;
  readonly prefixMode: 'terminate' | 'continue';
  /** Why it is not in `order`. */
  readonly skipped?: string;
}

export interface RouteStep {
  readonly step: string;
  readonly result: string;
}

export interface RouteExplanation {
  readonly configurationVersion: number;
  readonly calleeAccess: string;
  readonly calleeRouted: string;
  /** Gateways in the order in which they would be tried while each one fails. */
  readonly order: readonly string[];
  readonly protect: readonly string[];
  readonly candidates: readonly ExplainedCandidate[];
  /** Null where the call would be sent out. */
  readonly endReason: string | null;
  readonly sipCode: number | null;
  readonly steps: readonly RouteStep[];
}

/** Candidates told of, skipped ones among them. */
const explainedMax = 256;

/** Undefined: no mapping gateway of this name. */
export function explainRoute(
  snapshot: Snapshot,
  request: RouteRequest,
): RouteExplanation | undefined {
  const mapping = mappingGatewayByName(snapshot, request.gateway);
  if (mapping === undefined) return undefined;
  const callee = byteStringOf(request.callee);
  const steps: RouteStep[] = [
    { step: 'mapping gateway', result: `${mapping.name}${mapping.locked ? ', locked' : ''}` },
  ];
  const order = mapping.locked ? [] : huntOrder(candidateGateways(snapshot, callee));
  const candidates = mapping.locked ? [] : explainCandidates(snapshot, callee, order);
  if (!mapping.locked) steps.push(...prefixSteps(candidates), orderStep(order));
  const refusal = refusalOf(mapping.locked, order);
  steps.push({ step: 'outcome', result: refusal?.key ?? `sent to ${order[0]!.gateway.name}` });
  return {
    configurationVersion: snapshot.version,
    calleeAccess: request.callee,
    calleeRouted: request.callee,
    order: order.map((candidate) => candidate.gateway.name),
    protect: [],
    candidates,
    endReason: refusal?.key ?? null,
    sipCode: refusal?.sipCode ?? null,
    steps,
  };
}

function refusalOf(locked: boolean, order: readonly Candidate[]): EndReason | undefined {
  if (locked) return EndReasons.accountLocked;
  return order.length === 0 ? EndReasons.noAvailableRouter : undefined;
}

/** The walk of a call whose every attempt fails and may go on. */
function huntOrder(candidates: readonly Candidate[]): Candidate[] {
  const hunt = startHunt(candidates);
  const order: Candidate[] = [];
  for (let next = nextCandidate(hunt); next !== undefined; next = nextCandidate(hunt)) {
    candidateTried(hunt, next);
    order.push(next);
  }
  return order;
}

/** Every gateway with a matching prefix, in order, with the reason where it is left out. */
function explainCandidates(
  snapshot: Snapshot,
  callee: string,
  order: readonly Candidate[],
): ExplainedCandidate[] {
  const table = snapshot.prefixes;
  const explained: ExplainedCandidate[] = [];
  const told = new Set<RoutingGateway>();
  for (let entry = longestPrefix(table, callee); entry >= 0; entry = shorterPrefix(table, entry)) {
    const prefixLength = prefixLengthOf(table, entry);
    const count = gatewayCountOf(table, entry);
    for (let index = 0; index < count && explained.length < explainedMax; index++) {
      const gateway = routingGatewayAt(snapshot, gatewayRowOf(table, entry, index));
      const skipped = told.has(gateway)
        ? 'has a longer prefix that matches'
        : skipReason(gateway, prefixLength, order);
      told.add(gateway);
      explained.push(explainedCandidate(gateway, callee, prefixLength, skipped));
    }
  }
  return explained;
}

function skipReason(
  gateway: RoutingGateway,
  prefixLength: number,
  order: readonly Candidate[],
): string | undefined {
  if (gateway.locked) return 'locked';
  if (order.some((candidate) => candidate.gateway === gateway)) return undefined;
  const stopper = order.find(
    (candidate) =>
      candidate.gateway.prefixMode === 'terminate' && candidate.prefixLength > prefixLength,
  );
  if (stopper !== undefined) {
    return `${stopper.gateway.name} has a longer prefix and prefixMode terminate`;
  }
  return `a call has at most ${candidatesMax} candidates`;
}

function explainedCandidate(
  gateway: RoutingGateway,
  callee: string,
  prefixLength: number,
  skipped: string | undefined,
): ExplainedCandidate {
  return {
    gateway: gateway.name,
    prefix: textOfByteString(callee.slice(0, prefixLength)),
    calleeOut: textOfByteString(gateway.calleePrefix + callee),
    prefixLength,
    priority: gateway.priority,
    prefixMode: gateway.prefixMode,
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function prefixSteps(candidates: readonly ExplainedCandidate[]): RouteStep[] {
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

function orderStep(order: readonly Candidate[]): RouteStep {
  const names = order.map((candidate) => candidate.gateway.name);
  return { step: 'order', result: names.join(', ') || 'no gateway' };
}
