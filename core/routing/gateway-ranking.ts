// Sorts the gateways found for one call by the keys of gateway-order.ts and keeps the best. The keys stand in
// columns that are used again for every call, each filled when a comparison first comes to it: a call of one
// gateway reads none of them, and one of many leaves nothing behind but the list of those that are kept.
import { calendarAt } from '../configuration/open-billing.ts';
import type { RoutingGateway, ScheduledValue, Snapshot } from '../configuration/snapshot.ts';
import { isWorkingTime } from '../configuration/working-time.ts';
import type { GatewayReadings } from '../effects.ts';
import { compareNames, type OrderPlan, SortKey, sortKeysMax } from './gateway-order.ts';

/** The best ones, which nearly every call makes do with, and the most INVITEs that a call sends to them. */
export const candidatesMax = 32;
/** Where some of those do not take the call, so many are looked at. */
export const furtherMax = 128;
/** Gateways looked at for one call, in order of prefix, priority and name. */
export const consideredMax = 1024;
/** Line usage of a gateway without a limit is reckoned by so many lines. */
const unlimitedCapacity = 10_000;

export interface Candidate {
  readonly gateway: RoutingGateway;
  readonly prefixLength: number;
  /** In force at the start of the call; 0: no limit. */
  readonly lineLimit: number;
}

export interface RankingInput {
  readonly snapshot: Snapshot;
  /** Start of the call, milliseconds since 1970. */
  readonly at: number;
  readonly state: GatewayReadings;
}

/** Told of each gateway's keys, by the names of `sortKeyNames`, when there is something to sort. */
export type KeysTrace = (gateway: RoutingGateway, keys: ReadonlyMap<SortKey, number>) => void;

const none: readonly Candidate[] = [];

export class GatewayRanking {
  count = 0;
  readonly #gateways: RoutingGateway[] = [];
  readonly #lengths = new Uint8Array(consideredMax);
  /** Of a minute; NaN: not known. */
  readonly #prices = new Float64Array(consideredMax);
  /** Index: SortKey. */
  readonly #columns = Array.from({ length: sortKeysMax }, () => new Float64Array(consideredMax));
  readonly #order = new Uint16Array(furtherMax + 1);
  #keys: readonly SortKey[] = [];
  #asrOfAll = false;
  /** Keys whose columns are filled: one that decides nothing is not read. */
  #filled = 0;

  clear(): void {
    this.count = 0;
  }

  add(gateway: RoutingGateway, prefixLength: number, minutePrice: number): void {
    this.#gateways[this.count] = gateway;
    this.#lengths[this.count] = prefixLength;
    this.#prices[this.count] = minutePrice;
    this.count++;
  }

  /** The best `most`, best first. */
  rank(
    input: RankingInput,
    plan: OrderPlan,
    { most, trace }: { readonly most: number; readonly trace?: KeysTrace | undefined },
  ): readonly Candidate[] {
    const { count } = this;
    if (count === 0) return none;
    if (count === 1 && trace === undefined) return [this.#candidate(input, 0)];
    this.#keys = plan.keys;
    this.#asrOfAll = plan.asrOfAll;
    this.#filled = 0;
    if (trace !== undefined) this.#tell(input, trace);
    const kept = this.#sort(input, most);
    const candidates: Candidate[] = [];
    for (let place = 0; place < kept; place++) {
      candidates.push(this.#candidate(input, this.#order[place]!));
    }
    return candidates;
  }

  /** Places into `#order`; returns how many. */
  #sort(input: RankingInput, most: number): number {
    const { count } = this;
    const order = this.#order;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      if (kept === most && !this.#isBefore(index, order[kept - 1]!, input)) continue;
      let place = kept;
      // Most come in order already.
      while (place > 0 && this.#isBefore(index, order[place - 1]!, input)) {
        order[place] = order[place - 1]!;
        place--;
      }
      order[place] = index;
      if (kept < most) kept++;
    }
    return kept;
  }

  #candidate(input: RankingInput, index: number): Candidate {
    const gateway = this.#gateways[index]!;
    return {
      gateway,
      prefixLength: this.#lengths[index]!,
      lineLimit: capacityOf(gateway, input.snapshot, input.at),
    };
  }

  #isBefore(left: number, right: number, input: RankingInput): boolean {
    const keys = this.#keys;
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place]!;
      if (place === this.#filled) this.#fillNext(input);
      const column = this.#columns[key]!;
      const difference = column[left]! - column[right]!;
      // Of two without a price the difference is no number: equal.
      if (difference < 0) return true;
      if (difference > 0) return false;
    }
    return compareNames(this.#gateways[left]!.name, this.#gateways[right]!.name) < 0;
  }

  /** For all gateways at once: what is read of them changes under the calls of other workers. */
  #fillNext(input: RankingInput): void {
    this.#fill(this.#keys[this.#filled]!, input);
    this.#filled++;
  }

  #fill(key: SortKey, input: RankingInput): void {
    const { state, snapshot } = input;
    const column = this.#columns[key]!;
    switch (key) {
      case SortKey.prefixLength:
        for (let at = 0; at < this.count; at++) column[at] = -this.#lengths[at]!;
        return;
      case SortKey.priority:
        for (let at = 0; at < this.count; at++) {
          const { priority, scheduledPriority } = this.#gateways[at]!;
          column[at] = scheduledValue(scheduledPriority, priority, snapshot, input.at);
        }
        return;
      case SortKey.lineUsage:
        for (let at = 0; at < this.count; at++) {
          const gateway = this.#gateways[at]!;
          const capacity = capacityOf(gateway, snapshot, input.at) || unlimitedCapacity;
          column[at] = state.linesUsed(gateway.slot) / (capacity * gateway.weight);
        }
        return;
      case SortKey.callsToday:
        for (let at = 0; at < this.count; at++) {
          column[at] = state.callsToday(this.#gateways[at]!.slot);
        }
        return;
      case SortKey.rate:
      case SortKey.policyRate:
        this.#fillPrices(column, key === SortKey.policyRate, snapshot);
        return;
      default:
        this.#fillQuality(column, key, input);
    }
  }

  /** Higher first. A gateway that takes no part, or has no sample, counts as the mean of those that do. */
  #fillQuality(column: Float64Array, key: SortKey, { state }: RankingInput): void {
    const isAsr = key === SortKey.asr || key === SortKey.policyAsr;
    const isPolicy = key === SortKey.policyAsr || key === SortKey.policyAcd;
    const isDefault = isPolicy || !isAsr || this.#asrOfAll;
    for (let at = 0; at < this.count; at++) {
      const { slot, quality } = this.#gateways[at]!;
      const takesPart = quality === -1 ? isDefault : quality === 1;
      const figure = takesPart ? (isAsr ? state.asr(slot) : state.acd(slot)) : -1;
      column[at] = figure < 0 ? Number.NaN : -figure;
    }
    fillGapsByMean(column, this.count);
  }

  /** Cheaper first. Where the rate is no key of a gateway it counts as the mean of those of which it is; one
   *  whose price is not known comes last. */
  #fillPrices(column: Float64Array, isPolicy: boolean, { parameters }: Snapshot): void {
    const everywhere = isPolicy || parameters.SS_GATEWAY_FEE_RATE_CALCULATE;
    for (let at = 0; at < this.count; at++) {
      const takesPart = everywhere || this.#gateways[at]!.leastCost;
      const price = this.#prices[at]!;
      if (!takesPart) column[at] = Number.NaN;
      else column[at] = Number.isNaN(price) ? Number.POSITIVE_INFINITY : price;
    }
    fillGapsByMean(column, this.count);
  }

  #tell(input: RankingInput, trace: KeysTrace): void {
    while (this.#filled < this.#keys.length) this.#fillNext(input);
    for (let index = 0; index < this.count; index++) {
      trace(
        this.#gateways[index]!,
        new Map(this.#keys.map((key) => [key, this.#columns[key]![index]!])),
      );
    }
  }
}

/** NaN becomes the mean of the finite ones, 0 where there is none. */
function fillGapsByMean(column: Float64Array, count: number): void {
  let sum = 0;
  let known = 0;
  for (let at = 0; at < count; at++) {
    if (!Number.isFinite(column[at]!)) continue;
    sum += column[at]!;
    known++;
  }
  if (known === count) return;
  const mean = known === 0 ? 0 : sum / known;
  for (let at = 0; at < count; at++) if (Number.isNaN(column[at]!)) column[at] = mean;
}

/** Lines of a gateway at a moment; 0: no limit. */
export function capacityOf(
  gateway: {
    readonly lineLimit: number;
    readonly scheduledCapacity: readonly ScheduledValue[];
  },
  snapshot: Snapshot,
  at: number,
): number {
  return scheduledValue(gateway.scheduledCapacity, gateway.lineLimit, snapshot, at);
}

/** The first one whose time it is. */
function scheduledValue(
  schedule: readonly ScheduledValue[],
  otherwise: number,
  snapshot: Snapshot,
  at: number,
): number {
  for (const { calendar, working, value } of schedule) {
    if (isWorkingTime(calendarAt(snapshot.billing, calendar), at) === working) return value;
  }
  return otherwise;
}
