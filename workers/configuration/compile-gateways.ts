// Compiles the gateways of a checked document into the rows of a snapshot: names become slots and rows,
// defaults are filled in, money becomes units.
import { canonicalAddress, parseAddressPort } from '../../core/access/ip-address.ts';
import type { AttemptTimeouts } from '../../core/configuration/attempt-timeouts.ts';
import type { MappingRow, RoutingRow } from '../../core/configuration/gateway-rows.ts';
import type {
  MappingGatewayDocument,
  Parameters,
  RoutingGatewayDocument,
} from '../../core/configuration/model.ts';
import type {
  GatewayGroupDocument,
  NameListDocument,
} from '../../core/configuration/routing-model.ts';
import {
  CallTypes,
  type FailureCode,
  type GroupLines,
  type Override,
  RoutePolicies,
  RoutingFlag,
  type RoutingGateway,
} from '../../core/configuration/snapshot.ts';
import { Transport } from '../../core/sip/hop.ts';
import { byteString } from './byte-string.ts';
import type { NumberCompiler } from './compile-numbers.ts';
import { units } from './compile-rates.ts';
import type { Schedules } from './compile-schedules.ts';
import { failureCodeOf } from './failure-codes.ts';
import { groupSlotName, mappingSlotName, routingSlotName } from './slot-registry.ts';

/** RFC 3261 19.1.2. */
const sipPortDefault = 5060;
const weightDefault = 100;

/** What gateways refer to. */
export interface Places {
  readonly parameters: Parameters;
  readonly slots: ReadonlyMap<string, number>;
  readonly accountRow: (name: string | undefined) => number;
  readonly groups: ReadonlyMap<string, GatewayGroupDocument>;
  readonly schedules: Schedules;
  readonly numbers: NumberCompiler;
}

export function mappingRow(gateway: MappingGatewayDocument, places: Places): MappingRow {
  return {
    name: gateway.name,
    slot: slotOf(places.slots, mappingSlotName(gateway.name)),
    account: gateway.account ?? null,
    accountRow: places.accountRow(gateway.account),
    lineLimit: gateway.lineLimit,
    cpsLimit: gateway.cpsLimit,
    trusted: gateway.trusted,
    maxCallSeconds: gateway.maxCallSeconds ?? -1,
    locked: gateway.locked,
    groups: groupLines(gateway, gateway.reservedLines ?? 0, places),
    scheduledCapacity: scheduledCapacity(gateway, places),
    routingGroups: nameList(gateway.routingGroups),
    routingGateways: nameList(gateway.routingGateways),
    firstRoutePolicy: RoutePolicies[gateway.firstRoutePolicy ?? 'none'],
    secondRoutePolicy: RoutePolicies[gateway.secondRoutePolicy ?? 'none'],
    quality: qualityOf(gateway),
    minProfit: optionalUnits(gateway.minProfitPercent),
    maxMinutePrice: minutePriceMax(gateway.maxRatePerMinute),
    protectDelaySeconds: gateway.protectRouteDelaySeconds ?? -1,
    failureCodes: (gateway.callFailedSipCode ?? []).map(failureCode),
    techPrefix: byteString(gateway.techPrefix ?? ''),
    callLevel: CallTypes[gateway.callLevel ?? 'international'],
    numbers: places.numbers.ingress(gateway),
  };
}

export function routingRow(gateway: RoutingGatewayDocument, places: Places): RoutingRow {
  const protect = gateway.protect ?? false;
  const slot = slotOf(places.slots, routingSlotName(gateway.name));
  return {
    name: gateway.name,
    slot,
    account: gateway.account ?? null,
    accountRow: places.accountRow(gateway.account),
    ...routingTarget(gateway),
    prefixMode: gateway.prefixMode,
    priority: gateway.priority,
    lineLimit: gateway.lineLimit,
    cpsLimit: gateway.cpsLimit,
    calleePrefix: byteString(gateway.calleePrefix),
    rateCalleeOut: gateway.rateCalleeOut,
    stopCodes: gateway.stopCodes,
    switchUntilConnect: gateway.switchUntilConnect,
    maxCallSeconds: gateway.maxCallSeconds ?? -1,
    locked: gateway.locked,
    weight: gateway.weight ?? weightDefault,
    protect,
    rateRequired: gateway.feerateRestrict ?? false,
    leastCost: gateway.leastCostRouting ?? false,
    quality: qualityOf(gateway),
    // What is reserved is there for protect routes too.
    groups: groupLines(gateway, protect ? 0 : (gateway.reservedLines ?? 0), places),
    scheduledCapacity: scheduledCapacity(gateway, places),
    scheduledPriority: places.schedules.scheduled(
      gateway.scheduledPriority,
      ({ priority }) => priority,
    ),
    mappingGroups: nameList(gateway.mappingGroups),
    mappingGateways: nameList(gateway.mappingGateways),
    minProfit: optionalUnits(gateway.minProfitPercent),
    maxMinutePrice: minutePriceMax(gateway.maxRatePerMinute),
    switchAllowRing: override(gateway.switchAllowRing),
    switchAllowSdp: override(gateway.switchAllowSdp),
    switchAllowBusy: override(gateway.switchAllowBusy),
    timeouts: attemptTimeouts(gateway, places.parameters),
    localIp: gateway.localIp === undefined ? '' : canonicalAddress(gateway.localIp)!,
    optionsCheck: gateway.optionsCheck ?? false,
    numbers: places.numbers.egress(gateway, slot),
  };
}

/** What some routing gateway makes use of: bits of `RoutingFlag`. Locked ones are never looked at. */
export function routingFlags(gateways: readonly RoutingGatewayDocument[]): number {
  let flags = 0;
  for (const gateway of gateways) {
    if (gateway.locked) continue;
    if (gateway.calculateRouteQuality === 'on') flags |= RoutingFlag.quality;
    if (gateway.leastCostRouting) flags |= RoutingFlag.leastCost;
    if (gateway.protect) flags |= RoutingFlag.protect;
    if (gateway.optionsCheck) flags |= RoutingFlag.optionsCheck;
    const isLimited =
      gateway.minProfitPercent !== undefined || minutePriceMax(gateway.maxRatePerMinute) >= 0;
    if (isLimited) flags |= RoutingFlag.priceLimit;
  }
  return flags;
}

/** Where a routing gateway of a checked document is. */
export function routingTarget(
  gateway: Pick<RoutingGatewayDocument, 'name' | 'address'>,
): Pick<RoutingGateway, 'transport' | 'address' | 'port'> {
  const [, scheme, host] = /^(?:(\w+):\/\/)?(.*)$/.exec(gateway.address)!;
  const parsed = parseAddressPort(host!);
  if (parsed === undefined) {
    throw new Error(`routing gateway ${gateway.name}: address ${gateway.address} was not checked`);
  }
  return {
    transport: scheme?.toLowerCase() === 'tcp' ? Transport.tcp : Transport.udp,
    address: parsed.address,
    port: parsed.port ?? sipPortDefault,
  };
}

export function slotOf(slots: ReadonlyMap<string, number>, name: string): number {
  const slot = slots.get(name);
  if (slot === undefined) throw new Error(`no counter slot for ${name}`);
  return slot;
}

function groupLines(
  gateway: { readonly groups?: string[] | undefined },
  reserved: number,
  { slots, groups }: Places,
): GroupLines[] {
  return (gateway.groups ?? []).map((name) => {
    const { lineLimit } = groups.get(name)!;
    const left = lineLimit - reserved;
    return {
      name,
      slot: slotOf(slots, groupSlotName(name)),
      lineLimit: lineLimit === 0 ? 0 : left <= 0 ? -1 : left,
    };
  });
}

function scheduledCapacity(
  gateway: MappingGatewayDocument | RoutingGatewayDocument,
  { schedules }: Places,
): RoutingRow['scheduledCapacity'] {
  return schedules.scheduled(gateway.scheduledCapacity, ({ lineLimit }) => lineLimit);
}

/** All of them where it has one of its own, or null. */
function attemptTimeouts(
  gateway: RoutingGatewayDocument,
  parameters: Parameters,
): AttemptTimeouts | null {
  const own = [
    gateway.timeoutInvite,
    gateway.timeoutTrying,
    gateway.timeoutSessionProgress,
    gateway.timeoutSessionProgressSdp,
    gateway.timeoutRinging,
  ].map((seconds) => seconds ?? 0);
  if (own.every((seconds) => seconds === 0)) return null;
  const [invite, trying, progress, progressSdp, ringing] = own;
  return {
    SS_SIP_TIMEOUT_INVITE: invite || parameters.SS_SIP_TIMEOUT_INVITE,
    SS_SIP_TIMEOUT_TRYING: trying || parameters.SS_SIP_TIMEOUT_TRYING,
    SS_SIP_TIMEOUT_SESSION_PROGRESS: progress || parameters.SS_SIP_TIMEOUT_SESSION_PROGRESS,
    SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP:
      progressSdp || parameters.SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP,
    SS_SIP_TIMEOUT_RINGING: ringing || parameters.SS_SIP_TIMEOUT_RINGING,
  };
}

function nameList(list: NameListDocument | undefined): RoutingRow['mappingGroups'] {
  return list === undefined ? null : { allow: list.allow, names: list.names };
}

function optionalUnits(text: string | undefined): string | null {
  return text === undefined ? null : units(text).toString();
}

function minutePriceMax(text: string | undefined): number {
  const most = text === undefined ? 0 : Number(units(text));
  return most === 0 ? -1 : most;
}

function qualityOf({
  calculateRouteQuality: quality,
}: MappingGatewayDocument | RoutingGatewayDocument): Override {
  return quality === 'on' ? 1 : quality === 'off' ? 0 : -1;
}

function override(flag: boolean | undefined): Override {
  return flag === undefined ? -1 : flag ? 1 : 0;
}

function failureCode(text: string): FailureCode {
  const { reason, sipCode } = failureCodeOf(text)!;
  return { reason: /^[0-9]+$/.test(reason) ? Number(reason) : reason, sipCode };
}
