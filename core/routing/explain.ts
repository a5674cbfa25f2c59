// Routing analysis: what would happen to a call, step by step, by the functions that calls go through.
// Changes nothing and counts nothing. Texts in and out are people's text; inside they are byte strings.
import { textOfByteString } from '../bytes/utf8-text.ts';
import { mappingGatewayByName } from '../configuration/open-snapshot.ts';
import type { MappingGateway, RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import type { GatewayReadings } from '../effects.ts';
import { type EndReason, EndReasons, sipEndReason } from '../end-reason.ts';
import { moneyText } from '../money.ts';
import { candidateGateways, type RouteQuestion, type Routes } from './candidate-gateways.ts';
import { keysOf } from './explain-keys.ts';
import {
  type ExplainedCall,
  explainNumbers,
  explainOut,
  numberSkipReason,
} from './explain-numbers.ts';
import { awayReason, awayText, fullReason } from './gateway-availability.ts';
import { orderPlan, type SortKey, sortKeyNames } from './gateway-order.ts';
import { type Candidate, candidatesMax } from './gateway-ranking.ts';
import { mayTryNext } from './gateway-switching.ts';
import { candidateTried, type Hunt, huntProtect, nextCandidate, startHunt } from './hunt.ts';
import { protectDelay } from './protect-delay.ts';

export interface RouteRequest {
  /** Name of a mapping gateway. */
  readonly gateway: string;
  readonly callee: string;
  readonly caller?: string | undefined;
  /** Routing gateways taken for gone. */
  readonly without?: readonly string[] | undefined;
  /** Routing gateways that answer with these final codes. */
  readonly fail?: Readonly<Record<string, number>> | undefined;
}

/** What the analysis needs to know beside the configuration. */
export interface RoutePorts {
  /** Time of the call, milliseconds since 1970. */
  readonly at: number;
  readonly state: GatewayReadings;
  readonly minutePrice: RouteQuestion['minutePrice'];
  /** What the customer pays for a minute of this call; NaN: nobody does, or it is not known. */
  readonly sellPrice: (mapping: MappingGateway, callee: string) => number;
  /** Why this node cannot send to a gateway. */
  readonly unreachable: (gateway: RoutingGateway) => string | undefined;
}

export interface ExplainedCandidate {
  readonly gateway: string;
  readonly prefix: string;
  readonly calleeOut: string;
  readonly callerOut: string;
  /** What its rules made of the numbers, where it has any. */
  readonly numbers?: readonly RouteStep[];
  readonly prefixLength: number;
  readonly priority: number;
  readonly prefixMode: 'terminate' | 'continue';
  /** It is a protect route. */
  readonly protect?: true;
  /** By name of the key, smaller first; what they were compared by. */
  readonly sortKeys?: Readonly<Record<string, number | null>>;
  /** Decimal strings, of a minute; null: no rate. */
  readonly vendorRate?: string | null;
  readonly margin?: string | null;
  /** Why it is not in `order` or `protect`. */
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
  /** Protect routes behind them. */
  readonly protect: readonly string[];
  /** Seconds between the last of `order` and the first of `protect`. */
  readonly protectDelaySeconds: number;
  /** The gateway that takes the call: the first that was not said to fail. */
  readonly winner: string | null;
  readonly candidates: readonly ExplainedCandidate[];
  /** Null where the call would be sent out. */
  readonly endReason: string | null;
  readonly sipCode: number | null;
  readonly steps: readonly RouteStep[];
}

/** Candidates told of, skipped ones among them. */
const explainedMax = 256;
/** A failure without a code of its own: no answer. */
const noAnswer = 408;

interface Analysis {
  readonly snapshot: Snapshot;
  readonly mapping: MappingGateway;
  /** Its numbers, as they are routed. */
  readonly call: ExplainedCall;
  /** How they became so. */
  readonly rewriting: readonly RouteStep[];
  readonly request: RouteRequest;
  readonly ports: RoutePorts;
  readonly sell: number;
  readonly told: Told[];
  readonly keys: Map<RoutingGateway, ReadonlyMap<SortKey, number>>;
}

interface Told {
  readonly gateway: RoutingGateway;
  readonly prefixLength: number;
  readonly price: number;
  readonly leftOut: string | undefined;
}

/** Undefined: no mapping gateway of this name. */
export function explainRoute(
  snapshot: Snapshot,
  request: RouteRequest,
  ports: RoutePorts,
): RouteExplanation | undefined {
  const mapping = mappingGatewayByName(snapshot, request.gateway);
  if (mapping === undefined) return undefined;
  const rewriting: RouteStep[] = [];
  const access = { caller: request.caller ?? '', callee: request.callee, at: ports.at };
  const call = explainNumbers(snapshot, mapping, access, (step, result) =>
    rewriting.push({ step, result }),
  );
  const sell = ports.sellPrice(mapping, call.numbers.callee);
  const analysis: Analysis = {
    snapshot,
    mapping,
    call,
    rewriting,
    request,
    ports,
    sell,
    told: [],
    keys: new Map(),
  };
  const routes = call.refusal === undefined ? findRoutes(analysis) : noRoutes;
  const rehearsal = rehearse(analysis, routes);
  const refusal = call.refusal ?? refusalOf(routes, rehearsal);
  const candidates = explainCandidates(analysis, rehearsal);
  return {
    configurationVersion: snapshot.version,
    calleeAccess: request.callee,
    calleeRouted: textOfByteString(call.numbers.callee),
    callerAccess: access.caller,
    callerRouted: textOfByteString(call.numbers.caller),
    order: rehearsal.order.map(nameOf),
    protect: rehearsal.protect.map(nameOf),
    protectDelaySeconds: protectDelay(snapshot.parameters, mapping),
    winner: rehearsal.winner?.gateway.name ?? null,
    candidates,
    endReason: refusal?.key ?? null,
    sipCode: refusal?.sipCode ?? null,
    steps: stepsOf(analysis, candidates, rehearsal, refusal),
  };
}

const noRoutes: Routes = { normal: [], protect: [], priceLimited: false };

function findRoutes(analysis: Analysis): Routes {
  const { snapshot, mapping, call, ports, sell, told, keys } = analysis;
  const { callee, emergency } = call.numbers;
  const { at, state, minutePrice } = ports;
  const asked = { snapshot, mapping, callee, emergency, at, state };
  const question = { ...asked, minutePrice, sellPrice: sell };
  return candidateGateways(question, {
    found: (gateway, prefixLength, price) =>
      told.push({ gateway, prefixLength, price, leftOut: undefined }),
    leftOut: (gateway, prefixLength, leftOut) =>
      told.push({ gateway, prefixLength, price: Number.NaN, leftOut }),
    keys: (gateway, each) => keys.set(gateway, each),
  });
}

interface Rehearsal {
  readonly order: readonly Candidate[];
  readonly protect: readonly Candidate[];
  readonly winner: Candidate | undefined;
  /** Passed over when their turn came, and why. */
  readonly passed: ReadonlyMap<RoutingGateway, string>;
  /** The failure that ended the hunt before its end. */
  readonly stopped: { readonly gateway: RoutingGateway; readonly sipCode: number } | undefined;
}

/** The walk of a call whose attempts fail: with the codes asked for, else with no answer. */
function rehearse(analysis: Analysis, routes: Routes): Rehearsal {
  const { request, snapshot } = analysis;
  const passed = new Map<RoutingGateway, string>();
  const lists: { order: Candidate[]; protect: Candidate[] } = { order: [], protect: [] };
  let winner: Candidate | undefined;
  let stopped: Rehearsal['stopped'];
  const hunt: Hunt = startHunt(routes);
  const walk = (list: Candidate[]): void => {
    for (let next = nextCandidate(hunt); next !== undefined; next = nextCandidate(hunt)) {
      const reason = passedReason(analysis, next);
      if (reason !== undefined) {
        passed.set(next.gateway, reason);
        continue;
      }
      candidateTried(hunt, next);
      list.push(next);
      const sipCode = failureAsked(request, next.gateway.name);
      if (sipCode === undefined) winner ??= next;
      const attemptsMade = lists.order.length + lists.protect.length;
      const outcome = { ringing: false, sdpSeen: false, cause: 0, attemptsMade };
      const goesOn = mayTryNext(
        sipCode === undefined
          ? { kind: 'timeout', sipCode: 0, ...outcome }
          : { kind: 'response', sipCode, ...outcome },
        next.gateway,
        snapshot.parameters,
      );
      if (goesOn) continue;
      stopped = { gateway: next.gateway, sipCode: sipCode ?? noAnswer };
      return;
    }
  };
  walk(lists.order);
  if (stopped === undefined && routes.protect.length > 0) {
    huntProtect(hunt);
    walk(lists.protect);
  }
  return { ...lists, winner, passed, stopped };
}

/** Names are anything, so only what was asked for itself counts. */
function failureAsked({ fail }: RouteRequest, name: string): number | undefined {
  return fail !== undefined && Object.hasOwn(fail, name) ? fail[name] : undefined;
}

function passedReason(
  { call, request, ports }: Analysis,
  candidate: Candidate,
): string | undefined {
  const { gateway } = candidate;
  if (request.without?.includes(gateway.name)) return 'left out as asked';
  const unreachable = ports.unreachable(gateway);
  if (unreachable !== undefined) return unreachable;
  const away = awayReason(ports.state, gateway);
  if (away !== undefined) return awayText(away, ports.state.closedSeconds(gateway.slot));
  return fullReason(ports.state, candidate) ?? explainOut(call, gateway).skipped;
}

function refusalOf(
  routes: Routes,
  { order, protect, passed, winner }: Rehearsal,
): EndReason | undefined {
  if (winner !== undefined) return undefined;
  if (routes.normal.length + routes.protect.length === 0) {
    return routes.priceLimited ? EndReasons.profitLimited : EndReasons.noAvailableRouter;
  }
  // Nobody could be tried, or everybody failed as asked.
  if (order.length + protect.length > 0) return undefined;
  const reasons = [...passed.values()].map(numberSkipReason);
  return reasons.findLast((reason) => reason !== undefined) ?? EndReasons.allGatewayBusy;
}

/** Every gateway with a matching prefix, with the reason where it is left out. */
function explainCandidates(analysis: Analysis, rehearsal: Rehearsal): ExplainedCandidate[] {
  const place = new Map(
    [...rehearsal.order, ...rehearsal.protect].map(({ gateway }, index) => [gateway, index]),
  );
  const rank = ({ gateway, leftOut }: Told): number =>
    leftOut === undefined ? (place.get(gateway) ?? place.size) : place.size;
  // Those that are tried in their order; the others stay where their prefix put them.
  return analysis.told
    .toSorted((left, right) => rank(left) - rank(right))
    .slice(0, explainedMax)
    .map((told) => {
      const skipped = told.leftOut ?? skippedReason(told, rehearsal, place.has(told.gateway));
      return explainedCandidate(analysis, told, skipped);
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
  return `a call has at most ${candidatesMax} candidates`;
}

function explainedCandidate(
  { call, keys, sell, mapping, snapshot }: Analysis,
  { gateway, prefixLength, price, leftOut }: Told,
  skipped: string | undefined,
): ExplainedCandidate {
  const own = leftOut === undefined ? keys.get(gateway) : undefined;
  const rewriting: RouteStep[] = [];
  const out = explainOut(call, gateway, (step, result) => rewriting.push({ step, result }));
  const isPriced = !Number.isNaN(price) || orderPlan(snapshot, mapping).priced;
  return {
    gateway: gateway.name,
    prefix: textOfByteString(call.numbers.callee.slice(0, prefixLength)),
    calleeOut: textOfByteString(out.calleeOut),
    callerOut: textOfByteString(out.callerOut),
    ...(rewriting.length === 0 ? {} : { numbers: rewriting }),
    prefixLength,
    priority: gateway.priority,
    prefixMode: gateway.prefixMode,
    ...(gateway.protect ? { protect: true } : {}),
    ...(own === undefined ? {} : { sortKeys: keysOf(own) }),
    ...(isPriced ? { vendorRate: amount(price), margin: amount(sell - price) } : {}),
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function amount(units: number): string | null {
  return Number.isNaN(units) ? null : moneyText(BigInt(Math.round(units)));
}

function stepsOf(
  { mapping, snapshot, sell, call, rewriting }: Analysis,
  candidates: readonly ExplainedCandidate[],
  rehearsal: Rehearsal,
  refusal: EndReason | undefined,
): RouteStep[] {
  const steps: RouteStep[] = [
    { step: 'mapping gateway', result: `${mapping.name}${mapping.locked ? ', locked' : ''}` },
    ...rewriting,
  ];
  if (call.refusal === undefined) {
    const sold = amount(sell);
    if (sold !== null) steps.push({ step: 'price of a minute', result: sold });
    steps.push(...prefixSteps(candidates));
    const keys = orderPlan(snapshot, mapping).keys.map((key) => sortKeyNames[key]);
    steps.push({ step: 'sorted by', result: [...keys, 'name'].join(', ') });
    steps.push({ step: 'order', result: namesOf(rehearsal.order) || 'no gateway' });
    if (rehearsal.protect.length > 0) {
      const delay = protectDelay(snapshot.parameters, mapping);
      steps.push({ step: `protect, ${delay} s later`, result: namesOf(rehearsal.protect) });
    }
  }
  steps.push({ step: 'outcome', result: outcomeOf(rehearsal, refusal) });
  return steps;
}

function outcomeOf({ winner, stopped, order, protect }: Rehearsal, refusal?: EndReason): string {
  if (refusal !== undefined) return refusal.key;
  if (winner !== undefined) return `sent to ${winner.gateway.name}`;
  if (stopped !== undefined) return sipEndReason(stopped.sipCode).key;
  return `all fail, ${[...order, ...protect].at(-1)!.gateway.name} last`;
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

function nameOf({ gateway }: Candidate): string {
  return gateway.name;
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(nameOf).join(', ');
}
