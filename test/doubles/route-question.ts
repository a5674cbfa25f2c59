// What routing is asked about one call: nobody has lines in use or a price, unless the test says otherwise.
import type { CallReadings } from '../../core/call/rehearsed-effects.ts';
import { mappingGatewayAt, routingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import type { MappingGateway, Snapshot } from '../../core/configuration/snapshot.ts';
import type { GatewayReadings } from '../../core/effects.ts';
import { candidateGateways, type RouteQuestion } from '../../core/routing/candidate-gateways.ts';
import type { Candidate } from '../../core/routing/gateway-ranking.ts';

export const plainMapping: MappingGateway = {
  name: 'in',
  slot: 0,
  account: null,
  accountRow: -1,
  lineLimit: 0,
  cpsLimit: 0,
  trusted: false,
  maxCallSeconds: -1,
  locked: false,
  groups: [],
  scheduledCapacity: [],
  routingGroups: null,
  routingGateways: null,
  firstRoutePolicy: 0,
  secondRoutePolicy: 0,
  quality: -1,
  minProfit: null,
  maxMinutePrice: -1,
  protectDelaySeconds: -1,
  failureCodes: [],
  techPrefix: '',
  callLevel: 5,
  numbers: null,
};

export const idleState: GatewayReadings = {
  linesUsed: () => 0,
  callsToday: () => 0,
  asr: () => -1,
  acd: () => -1,
  isOffline: () => false,
  closedSeconds: () => 0,
};

/** Nobody is short of money either. */
export const idleReadings: CallReadings = {
  ...idleState,
  available: () => undefined,
  readUsage: () => 0n,
};

/** Readings by the names of gateways. */
export function stateOf(
  snapshot: Snapshot,
  readings: { [reading in 'linesUsed' | 'callsToday' | 'asr' | 'acd']?: Record<string, number> },
): GatewayReadings {
  const bySlot = (named: Record<string, number> = {}): Map<number, number> =>
    new Map(
      Object.entries(named).map(([name, value]) => [
        routingGatewayByName(snapshot, name)!.slot,
        value,
      ]),
    );
  const [lines, today, asr, acd] = [
    bySlot(readings.linesUsed),
    bySlot(readings.callsToday),
    bySlot(readings.asr),
    bySlot(readings.acd),
  ];
  return {
    ...idleState,
    linesUsed: (slot) => lines.get(slot) ?? 0,
    callsToday: (slot) => today.get(slot) ?? 0,
    asr: (slot) => asr.get(slot) ?? -1,
    acd: (slot) => acd.get(slot) ?? -1,
  };
}

export function routeQuestion(
  snapshot: Snapshot,
  callee: string,
  fields: Partial<RouteQuestion> = {},
): RouteQuestion {
  const hasMapping = snapshot.mappingGateways.rows.length > 0;
  return {
    snapshot,
    mapping: hasMapping ? mappingGatewayAt(snapshot, 0) : plainMapping,
    callee,
    emergency: false,
    at: Date.UTC(2026, 0, 1),
    state: idleState,
    minutePrice: () => Number.NaN,
    sellPrice: Number.NaN,
    ...fields,
  };
}

export function candidatesOf(
  snapshot: Snapshot,
  callee: string,
  fields?: Partial<RouteQuestion>,
): readonly Candidate[] {
  return candidateGateways(routeQuestion(snapshot, callee, fields)).normal;
}
