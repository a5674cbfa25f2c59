// In which order candidates are tried: which keys count, left to right, and what they are compared by (smaller
// first). The compiler stores gateways by priority and name, so that equal ones come nearly in order.
//
//   policies of the mapping gateway | longer prefix | smaller priority | quality, rate (before line usage)
//   | line usage by weight | calls today | quality, rate (before gateway ID) | name
import type { MappingGateway, RoutePolicy, Snapshot } from '../configuration/snapshot.ts';
import { RoutePolicies, RoutingFlag } from '../configuration/snapshot.ts';

export const SortKey = {
  policyAsr: 0,
  policyAcd: 1,
  policyRate: 2,
  prefixLength: 3,
  priority: 4,
  asr: 5,
  acd: 6,
  rate: 7,
  lineUsage: 8,
  callsToday: 9,
} as const;
export type SortKey = (typeof SortKey)[keyof typeof SortKey];
export const sortKeysMax = 10;

/** Index: SortKey. */
export const sortKeyNames = [
  'policyAsr',
  'policyAcd',
  'policyRate',
  'prefixLength',
  'priority',
  'asr',
  'acd',
  'rate',
  'lineUsage',
  'callsToday',
] as const;

export interface OrderPlan {
  /** The name comes after them. */
  readonly keys: readonly SortKey[];
  /** A key is made of vendors' prices. */
  readonly priced: boolean;
  /** Whether the ASR of gateways that do not say so themselves counts. */
  readonly asrOfAll: boolean;
}

/** One for each pair of policies and each say about quality. */
const plans: WeakMap<Snapshot, (OrderPlan | undefined)[]> = new WeakMap();
const policiesMax = 4;
const qualitiesMax = 3;

export function orderPlan(snapshot: Snapshot, mapping: MappingGateway): OrderPlan {
  let known = plans.get(snapshot);
  if (known === undefined) {
    known = [];
    plans.set(snapshot, known);
  }
  const pair = mapping.firstRoutePolicy * policiesMax + mapping.secondRoutePolicy;
  const index = pair * qualitiesMax + mapping.quality + 1;
  let plan = known[index];
  if (plan === undefined) {
    plan = createPlan(snapshot, mapping);
    known[index] = plan;
  }
  return plan;
}

function createPlan(
  { parameters, routingFlags }: Snapshot,
  { firstRoutePolicy, secondRoutePolicy, quality: ofCaller }: MappingGateway,
): OrderPlan {
  const policies = [...policyKey(firstRoutePolicy), ...policyKey(secondRoutePolicy)];
  const quality: SortKey[] = [];
  const asrOfAll = ofCaller === -1 ? parameters.SS_GATEWAY_ASR_CALCULATE : ofCaller === 1;
  if (ofCaller !== 0) {
    if (asrOfAll || (routingFlags & RoutingFlag.quality) !== 0) quality.push(SortKey.asr);
    if (parameters.SS_GATEWAY_ACD_CALCULATE) quality.push(SortKey.acd);
  }
  const rate: SortKey[] = [];
  if (parameters.SS_GATEWAY_FEE_RATE_CALCULATE || (routingFlags & RoutingFlag.leastCost) !== 0) {
    rate.push(SortKey.rate);
  }
  const at = (position: string): SortKey[] => {
    const qualityHere = parameters.SS_GATEWAYASRROUTESORTCONFIG === position ? quality : [];
    const rateHere = parameters.SS_GATEWAYFEERATEROUTESORTCONFIG === position ? rate : [];
    return parameters.SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR
      ? [...rateHere, ...qualityHere]
      : [...qualityHere, ...rateHere];
  };
  const keys = [
    ...new Set<SortKey>([
      ...policies,
      SortKey.prefixLength,
      SortKey.priority,
      ...at('Before line usage'),
      SortKey.lineUsage,
      SortKey.callsToday,
      ...at('Before gateway ID'),
    ]),
  ];
  const priced = keys.includes(SortKey.rate) || keys.includes(SortKey.policyRate);
  return { keys, priced, asrOfAll };
}

function policyKey(policy: RoutePolicy): SortKey[] {
  switch (policy) {
    case RoutePolicies.none:
      return [];
    case RoutePolicies.asr:
      return [SortKey.policyAsr];
    case RoutePolicies.acd:
      return [SortKey.policyAcd];
    case RoutePolicies.rate:
      return [SortKey.policyRate];
  }
}

/** The order in which the compiler stores gateways. */
export function compareGateways(
  left: { readonly priority: number; readonly name: string },
  right: { readonly priority: number; readonly name: string },
): number {
  return left.priority - right.priority || compareNames(left.name, right.name);
}

/** By code unit: the same on every machine and in every locale. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
