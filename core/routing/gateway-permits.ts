// Which gateways a call may take at all: by what its mapping gateway says of routing gateways, what a routing
// gateway says of mapping gateways, and what both say of prices. Each answer is a sentence for people, or
// undefined where nothing stands in the way.
import type {
  GroupLines,
  MappingGateway,
  NameList,
  RoutingGateway,
} from '../configuration/snapshot.ts';

/** By lists of groups and gateways; all of them must permit. */
export function listRefusal(mapping: MappingGateway, gateway: RoutingGateway): string | undefined {
  const { routingGroups, routingGateways } = mapping;
  if (routingGroups !== null && !permitsGroups(routingGroups, gateway.groups)) {
    return 'not permitted by routingGroups of the mapping gateway';
  }
  if (routingGateways !== null && !permitsName(routingGateways, gateway.name)) {
    return 'not permitted by routingGateways of the mapping gateway';
  }
  const { mappingGroups, mappingGateways } = gateway;
  if (mappingGroups !== null && !permitsGroups(mappingGroups, mapping.groups)) {
    return 'does not take calls of this mapping gateway (mappingGroups)';
  }
  if (mappingGateways !== null && !permitsName(mappingGateways, mapping.name)) {
    return 'does not take calls of this mapping gateway (mappingGateways)';
  }
  return undefined;
}

function permitsName({ allow, names }: NameList, name: string): boolean {
  return names.has(name) === allow;
}

function permitsGroups({ allow, names }: NameList, groups: readonly GroupLines[]): boolean {
  for (const { name } of groups) if (names.has(name)) return allow;
  return !allow;
}

export const rateMissing = 'no vendor rate for this number (feerateRestrict)';
export const noVendorRate = 'no vendor rate for this number, and a price limit';
const tooDear = 'vendor rate above maxRatePerMinute';
const tooLittleProfit = 'profit below minProfitPercent';
/** `minProfit` is in units of 10^-8 percent. */
const wholePercent = 10_000_000_000n;
/** More than what a few roundings can come to, as a part of the numbers rounded. */
const roundingMax = 1e-14;

/** Prices of a minute in units of money; NaN: not known. The stricter of both gateways' limits counts. A
 *  gateway that is not billed costs nothing. */
export function priceRefusal(
  mapping: MappingGateway,
  gateway: RoutingGateway,
  buy: number,
  sell: number,
): string | undefined {
  const most = smallerLimit(mapping.maxMinutePrice, gateway.maxMinutePrice);
  const least = largerFloor(mapping.minProfit, gateway.minProfit);
  const isFloor = least !== null && !Number.isNaN(sell);
  if (most < 0 && !isFloor) return undefined;
  if (Number.isNaN(buy)) return noVendorRate;
  if (most >= 0 && buy > most) return tooDear;
  if (isFloor && isBelowFloor(buy, sell, least)) return tooLittleProfit;
  return undefined;
}

/** (sell - buy) / buy * 100 < floor, without a division: as plain numbers where those leave no doubt. */
function isBelowFloor(buy: number, sell: number, floor: bigint): boolean {
  const gain = (sell - buy) * Number(wholePercent);
  const wanted = Number(floor) * buy;
  const doubt = (Math.abs(gain) + Math.abs(wanted)) * roundingMax;
  if (Math.abs(gain - wanted) > doubt) return gain < wanted;
  return BigInt(sell - buy) * wholePercent < floor * BigInt(buy);
}

function smallerLimit(one: number, other: number): number {
  if (one < 0 || other < 0) return Math.max(one, other);
  return Math.min(one, other);
}

function largerFloor(one: bigint | null, other: bigint | null): bigint | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}
