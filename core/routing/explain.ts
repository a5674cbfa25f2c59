// Routing analysis: what would happen to a call, step by step, by the functions that calls go through.
// Changes nothing and counts nothing. Texts in and out are people's text; inside they are byte strings.
import { textOfByteString } from '../bytes/utf8-text.ts';
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
import {
  type ExplainedCall,
  explainNumbers,
  explainOut,
  numberSkipReason,
} from './explain-numbers.ts';

export interface RouteRequest {
  /** Name of a mapping gateway. */
  readonly gateway: string;
  readonly callee: string;
  readonly caller?: string | undefined;
  /** Start of the call, ms since 1970. */
  readonly at: number;
}

export interface ExplainedCandidate {
  readonly gateway: string;
  readonly prefix: string;
  readonly calleeOut: string;
  readonly callerOut: string;
  readonly prefixLength: number;
  readonly priority: number;
  readonly prefixMode: 'terminate' | 'continue';
  /** What its rules made of the numbers, where it has any. */
  readonly numbers?: readonly RouteStep[];
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
  readonly callerAccess: string;
  readonly callerRouted: string;
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
  const steps: RouteStep[] = [
    { step: 'mapping gateway', result: `${mapping.name}${mapping.locked ? ', locked' : ''}` },
  ];
  const tell = (step: string, result: string): void => void steps.push({ step, result });
  const access = { caller: request.caller ?? '', callee: request.callee };
  const screened = explainNumbers(snapshot, mapping, { ...access, at: request.at }, tell);
  const { numbers } = screened;
  const isRefused = screened.refusal !== undefined;
  const routes = isRefused ? [] : candidateGateways(snapshot, numbers.callee);
  const order = huntOrder(
    routes,
    ({ gateway }) => explainOut(screened, gateway).skipped === undefined,
  );
  const candidates = isRefused ? [] : explainCandidates(screened, order);
  if (!isRefused) steps.push(...prefixSteps(candidates), orderStep(order));
  const refusal = screened.refusal ?? refusalOf(order, candidates);
  steps.push({ step: 'outcome', result: refusal?.key ?? `sent to ${order[0]!.gateway.name}` });
  return {
    configurationVersion: snapshot.version,
    calleeAccess: access.callee,
    calleeRouted: textOfByteString(numbers.callee),
    callerAccess: access.caller,
    callerRouted: textOfByteString(numbers.caller),
    order: order.map((candidate) => candidate.gateway.name),
    protect: [],
    candidates,
    endReason: refusal?.key ?? null,
    sipCode: refusal?.sipCode ?? null,
    steps,
  };
}

/** Candidates that are none of the order do not take the numbers. */
function refusalOf(
  order: readonly Candidate[],
  candidates: readonly ExplainedCandidate[],
): EndReason | undefined {
  if (order.length > 0) return undefined;
  const reasons = candidates.map(({ skipped }) => numberSkipReason(skipped));
  return reasons.findLast((reason) => reason !== undefined) ?? EndReasons.noAvailableRouter;
}

/** The walk of a call whose every attempt fails and may go on. */
function huntOrder(
  candidates: readonly Candidate[],
  canBeCalled: (candidate: Candidate) => boolean,
): Candidate[] {
  const hunt = startHunt(candidates);
  const order: Candidate[] = [];
  for (let next = nextCandidate(hunt); next !== undefined; next = nextCandidate(hunt)) {
    if (!canBeCalled(next)) continue;
    candidateTried(hunt, next);
    order.push(next);
  }
  return order;
}

/** Every gateway with a matching prefix, in order, with the reason where it is left out. */
function explainCandidates(call: ExplainedCall, order: readonly Candidate[]): ExplainedCandidate[] {
  const { snapshot, numbers } = call;
  const table = snapshot.prefixes;
  const explained: ExplainedCandidate[] = [];
  const told = new Set<RoutingGateway>();
  let entry = longestPrefix(table, numbers.callee);
  for (; entry >= 0; entry = shorterPrefix(table, entry)) {
    const prefixLength = prefixLengthOf(table, entry);
    const count = gatewayCountOf(table, entry);
    for (let index = 0; index < count && explained.length < explainedMax; index++) {
      const gateway = routingGatewayAt(snapshot, gatewayRowOf(table, entry, index));
      const isRepeated = told.has(gateway);
      told.add(gateway);
      explained.push(explainedCandidate(call, { gateway, prefixLength, isRepeated }, order));
    }
  }
  return explained;
}

function skipReason(
  gateway: RoutingGateway,
  prefixLength: number,
  order: readonly Candidate[],
  numberSkipped: string | undefined,
): string | undefined {
  if (gateway.locked) return 'locked';
  if (numberSkipped !== undefined) return numberSkipped;
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
  call: ExplainedCall,
  found: {
    readonly gateway: RoutingGateway;
    readonly prefixLength: number;
    readonly isRepeated: boolean;
  },
  order: readonly Candidate[],
): ExplainedCandidate {
  const { gateway, prefixLength } = found;
  const rewriting: RouteStep[] = [];
  const out = explainOut(call, gateway, (step, result) => void rewriting.push({ step, result }));
  const skipped = found.isRepeated
    ? 'has a longer prefix that matches'
    : skipReason(gateway, prefixLength, order, out.skipped);
  return {
    gateway: gateway.name,
    prefix: textOfByteString(call.numbers.callee.slice(0, prefixLength)),
    calleeOut: textOfByteString(out.calleeOut),
    callerOut: textOfByteString(out.callerOut),
    ...(rewriting.length === 0 ? {} : { numbers: rewriting }),
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
