// The gateways of a snapshot as their rows have them (JSON: sets are lists, bigints are text), and as calls do.
// Calls read these objects on every message: one factory, one shape.
import { openEgress, openIngress, type StoredEgress, type StoredIngress } from './open-numbers.ts';
import type { MappingGateway, NameList, RoutingGateway, Snapshot } from './snapshot.ts';

interface NameListRow {
  readonly allow: boolean;
  readonly names: readonly string[];
}

/** What JSON makes of a gateway. */
type Row<Gateway> = {
  readonly [field in keyof Gateway]: Gateway[field] extends NameList | null
    ? NameListRow | null
    : Gateway[field] extends bigint | null
      ? string | null
      : Gateway[field];
};
export type MappingRow = Row<Omit<MappingGateway, 'numbers'>> & {
  readonly numbers: StoredIngress | null;
};
export type RoutingRow = Row<Omit<RoutingGateway, 'numbers'>> & {
  readonly numbers: StoredEgress | null;
};

export function asMappingGateway(snapshot: Snapshot, parsed: unknown): MappingGateway {
  const row = parsed as MappingRow;
  return {
    name: row.name,
    slot: row.slot,
    account: row.account,
    accountRow: row.accountRow,
    lineLimit: row.lineLimit,
    cpsLimit: row.cpsLimit,
    trusted: row.trusted,
    maxCallSeconds: row.maxCallSeconds,
    locked: row.locked,
    groups: row.groups,
    scheduledCapacity: row.scheduledCapacity,
    routingGroups: nameList(row.routingGroups),
    routingGateways: nameList(row.routingGateways),
    firstRoutePolicy: row.firstRoutePolicy,
    secondRoutePolicy: row.secondRoutePolicy,
    quality: row.quality,
    minProfit: units(row.minProfit),
    maxMinutePrice: row.maxMinutePrice,
    protectDelaySeconds: row.protectDelaySeconds,
    failureCodes: row.failureCodes,
    techPrefix: row.techPrefix,
    callLevel: row.callLevel,
    numbers: row.numbers === null ? null : openIngress(snapshot, row.numbers),
  };
}

export function asRoutingGateway(snapshot: Snapshot, parsed: unknown): RoutingGateway {
  const row = parsed as RoutingRow;
  return {
    name: row.name,
    slot: row.slot,
    account: row.account,
    accountRow: row.accountRow,
    transport: row.transport,
    address: row.address,
    port: row.port,
    prefixMode: row.prefixMode,
    priority: row.priority,
    lineLimit: row.lineLimit,
    cpsLimit: row.cpsLimit,
    calleePrefix: row.calleePrefix,
    rateCalleeOut: row.rateCalleeOut,
    stopCodes: row.stopCodes,
    switchUntilConnect: row.switchUntilConnect,
    maxCallSeconds: row.maxCallSeconds,
    locked: row.locked,
    weight: row.weight,
    protect: row.protect,
    rateRequired: row.rateRequired,
    leastCost: row.leastCost,
    quality: row.quality,
    groups: row.groups,
    scheduledCapacity: row.scheduledCapacity,
    scheduledPriority: row.scheduledPriority,
    mappingGroups: nameList(row.mappingGroups),
    mappingGateways: nameList(row.mappingGateways),
    minProfit: units(row.minProfit),
    maxMinutePrice: row.maxMinutePrice,
    switchAllowRing: row.switchAllowRing,
    switchAllowSdp: row.switchAllowSdp,
    switchAllowBusy: row.switchAllowBusy,
    timeouts: row.timeouts,
    localIp: row.localIp,
    optionsCheck: row.optionsCheck,
    numbers: row.numbers === null ? null : openEgress(snapshot, row.numbers),
  };
}

function nameList(row: NameListRow | null): NameList | null {
  return row === null ? null : { allow: row.allow, names: new Set(row.names) };
}

function units(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
