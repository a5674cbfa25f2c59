// Routing analysis: every step of the decision for one call, as `tandem route` prints it. It runs the checks of call
// setup, the candidate search and the hunting rules that calls run, so that it says what a call would do; it changes
// nothing. Texts in and out are people's text; inside they are byte strings.
import { explainName, explainSource } from '../access/explain-caller.ts';
import { byteStringOf, textOfByteString } from '../bytes/utf8-text.ts';
import { mappingGatewayByName } from '../configuration/open-snapshot.ts';
import type { MappingGateway, RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons, sipEndReason } from '../end-reason.ts';
import { orderPlan, type SortKey, sortKeyNames } from '../routing/gateway-order.ts';
import type { Candidate } from '../routing/gateway-ranking.ts';
import { protectDelay } from '../routing/protect-delay.ts';
import type { RouteExplanation, RouteRequest, RouteStep } from '../routing/route-explanation.ts';
import { explainCandidates, prefixSteps, type Told } from './explain-candidates.ts';
import { setupSteps } from './explain-setup.ts';
import { skippedFailure } from './hunting.ts';
import { type RehearsedCall, rehearseCall } from './rehearsed-call.ts';
import type { CallReadings } from './rehearsed-effects.ts';
import { type Rehearsal, rehearseHunt } from './rehearsed-hunt.ts';
import { sellPrice } from './route-prices.ts';

/** What the analysis needs to know beside the configuration. */
export interface RoutePorts {
  /** Time of the call, milliseconds since 1970. */
  readonly at: number;
  readonly readings: CallReadings;
  /** Whose analysis it is. */
  readonly node: string;
  /** Why this node cannot send to a gateway. */
  readonly unreachable: (gateway: RoutingGateway) => string | undefined;
}

/** Undefined: no mapping gateway of this name, or the source is no address. */
export function explainRoute(
  snapshot: Snapshot,
  request: RouteRequest,
  ports: RoutePorts,
): RouteExplanation | undefined {
  const callee = byteStringOf(request.callee);
  const caller = findCaller(snapshot, request, callee);
  if (caller === undefined) return undefined;
  const steps: RouteStep[] = [{ step: 'mapping gateway', result: caller.how }];
  const { gateway: mapping } = caller;
  if (mapping === undefined) return notOurs(snapshot, request, undefined, steps);
  if (!callee.startsWith(mapping.techPrefix) && !mapping.locked) {
    const techPrefix = textOfByteString(mapping.techPrefix);
    const result = `${techPrefix} is missing: not this gateway's call`;
    steps.push({ step: 'tech prefix', result });
    return notOurs(snapshot, request, mapping, steps);
  }
  return explainCall(snapshot, request, { mapping, callee, steps, ports });
}

function findCaller(
  snapshot: Snapshot,
  { gateway, source }: RouteRequest,
  callee: string,
): { readonly gateway: MappingGateway | undefined; readonly how: string } | undefined {
  if (gateway === undefined) {
    return source === undefined ? undefined : explainSource(snapshot, source, callee);
  }
  const mapping = mappingGatewayByName(snapshot, gateway);
  return mapping && { gateway: mapping, how: explainName(snapshot, mapping, callee) };
}

interface Asked {
  readonly mapping: MappingGateway;
  /** A byte string. */
  readonly callee: string;
  readonly steps: RouteStep[];
  readonly ports: RoutePorts;
}

function explainCall(
  snapshot: Snapshot,
  request: RouteRequest,
  { mapping, callee, steps, ports }: Asked,
): RouteExplanation {
  const { at, readings, node, unreachable } = ports;
  const told: Told[] = [];
  const keys = new Map<RoutingGateway, ReadonlyMap<SortKey, number>>();
  const calleeBilling = request.recorded?.calleeBilling ?? null;
  const rehearsed = rehearseCall(
    {
      snapshot,
      mapping,
      caller: byteStringOf(request.caller ?? ''),
      callee,
      at,
      readings,
      node,
      admitted: (request.recorded?.attempted.length ?? 0) > 0,
      calleeBilling: calleeBilling === null ? null : byteStringOf(calleeBilling),
      route: {
        found: (gateway, prefixLength, price) =>
          told.push({ gateway, prefixLength, price, leftOut: undefined }),
        leftOut: (gateway, prefixLength, { reason, minutePrice: price }) =>
          told.push({ gateway, prefixLength, price, leftOut: reason }),
        keys: (gateway, each) => keys.set(gateway, each),
      },
      tell: (check, refusal, call) =>
        steps.push(...setupSteps({ snapshot, readings, call }, check, refusal)),
    },
    (step, result) => steps.push({ step, result: textOfByteString(result) }),
  );
  const { call, refusal } = rehearsed;
  const hunted = rehearseHunt(rehearsed, { request, unreachable });
  const ended = refusal ?? unrouted(rehearsed, hunted);
  const winner = refusal === undefined ? hunted.winner : undefined;
  const sell = sellPrice(call.billing);
  const candidates = explainCandidates({ rehearsed, told, keys, sell, hunted });
  if (told.length > 0) {
    steps.push(...prefixSteps(candidates), ...orderSteps(snapshot, mapping, hunted));
  }
  steps.push({ step: 'outcome', result: outcomeOf({ ...hunted, winner }, ended) });
  return {
    configurationVersion: snapshot.version,
    mappingGateway: mapping.name,
    calleeAccess: request.callee,
    calleeRouted: textOfByteString(call.calleeRouted),
    callerAccess: request.caller ?? '',
    callerRouted: textOfByteString(call.callerRouted),
    order: hunted.order.map(nameOf),
    protect: hunted.protect.map(nameOf),
    protectDelaySeconds: protectDelay(snapshot.parameters, mapping),
    winner: winner?.gateway.name ?? null,
    candidates,
    endReason: ended?.key ?? null,
    sipCode: ended?.sipCode ?? null,
    steps,
  };
}

/** Nobody's call, or another's: as the CDR of such an INVITE says (SERVER_BILLING_RECORD_ILLEGAL_CALL). */
function notOurs(
  snapshot: Snapshot,
  request: RouteRequest,
  mapping: MappingGateway | undefined,
  steps: readonly RouteStep[],
): RouteExplanation {
  const { key, sipCode } = EndReasons.illegalCall;
  const { callee, caller = '' } = request;
  return {
    configurationVersion: snapshot.version,
    mappingGateway: mapping?.name ?? null,
    calleeAccess: callee,
    calleeRouted: callee,
    callerAccess: caller,
    callerRouted: caller,
    order: [],
    protect: [],
    protectDelaySeconds: 0,
    winner: null,
    candidates: [],
    endReason: key,
    sipCode,
    steps: [...steps, { step: 'outcome', result: key }],
  };
}

/** A call that was let in ends so where no gateway could be tried; undefined: some could. */
function unrouted({ call }: RehearsedCall, { order, protect }: Rehearsal): EndReason | undefined {
  return order.length + protect.length > 0 ? undefined : skippedFailure(call).reason;
}

function orderSteps(
  snapshot: Snapshot,
  mapping: MappingGateway,
  hunted: Rehearsal,
): readonly RouteStep[] {
  const keys = orderPlan(snapshot, mapping).keys.map((key) => sortKeyNames[key]);
  const steps = [
    { step: 'sorted by', result: [...keys, 'name'].join(', ') },
    { step: 'order', result: namesOf(hunted.order) || 'no gateway' },
  ];
  if (hunted.protect.length === 0) return steps;
  const delay = protectDelay(snapshot.parameters, mapping);
  return [...steps, { step: `protect, ${delay} s later`, result: namesOf(hunted.protect) }];
}

function outcomeOf({ winner, stopped, order, protect }: Rehearsal, ended?: EndReason): string {
  if (ended !== undefined) return ended.key;
  if (winner !== undefined) return `sent to ${winner.gateway.name}`;
  if (stopped !== undefined) return sipEndReason(stopped.sipCode).key;
  return `all fail, ${[...order, ...protect].at(-1)!.gateway.name} last`;
}

function nameOf({ gateway }: Candidate): string {
  return gateway.name;
}

function namesOf(candidates: readonly Candidate[]): string {
  return candidates.map(nameOf).join(', ');
}
