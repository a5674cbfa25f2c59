// What a call worker runs from: one immutable, compiled version of the configuration. Prefixes and
// addresses live in shared memory and are never copied per worker; gateways are decoded on first use.
// A call keeps the gateway objects and the parameters it was set up with, never the tables.
import type { PeriodName } from '../time/calendar-period.ts';
import type { AttemptTimeouts } from './attempt-timeouts.ts';
import type { CallTypeName, Parameters } from './model.ts';
import type { DialPlan, EgressNumbers, IngressNumbers } from './number-rules.ts';

/** By group or by name; `allow`: only these, else not these. */
export interface NameList {
  readonly allow: boolean;
  readonly names: ReadonlySet<string>;
}

/** A value that holds in or outside of the working time of a calendar (a row of them). */
export interface ScheduledValue {
  readonly calendar: number;
  readonly working: boolean;
  readonly value: number;
}

/** Lines that a gateway shares with the members of a group. */
export interface GroupLines {
  readonly name: string;
  readonly slot: number;
  /** 0: no limit; -1: this member gets none, for it leaves all of them to others. */
  readonly lineLimit: number;
}

export const RoutePolicies = { none: 0, asr: 1, acd: 2, rate: 3 } as const;
export type RoutePolicy = (typeof RoutePolicies)[keyof typeof RoutePolicies];

/** What VOS3000 calls a flag with a default: -1 as the system says. */
export type Override = -1 | 0 | 1;

export interface FailureCode {
  /** A SIP code, the key of an end reason, or 0 for any other. */
  readonly reason: number | string;
  /** 0: as it is. */
  readonly sipCode: number;
}

export interface MappingGateway {
  readonly name: string;
  /** Slot of its line counter and CPS window, kept over snapshots. */
  readonly slot: number;
  readonly account: string | null;
  /** Row of the account in the snapshot that the gateway is of; -1: not billed. */
  readonly accountRow: number;
  readonly lineLimit: number;
  readonly cpsLimit: number;
  readonly trusted: boolean;
  /** Seconds; 0: no limit; -1: the system's. */
  readonly maxCallSeconds: number;
  readonly locked: boolean;
  /** By which it is recognised among those of its address; a byte string. */
  readonly techPrefix: string;
  /** Highest type of call that it may make, where it has an account. */
  readonly callLevel: CallType;
  /** Null: numbers are taken as they come. */
  readonly numbers: IngressNumbers | null;
  readonly groups: readonly GroupLines[];
  readonly scheduledCapacity: readonly ScheduledValue[];
  /** Which routing gateways its calls may take. */
  readonly routingGroups: NameList | null;
  readonly routingGateways: NameList | null;
  readonly firstRoutePolicy: RoutePolicy;
  readonly secondRoutePolicy: RoutePolicy;
  /** Whether ASR and ACD are sort keys for its calls. */
  readonly quality: Override;
  /** Units of 10^-8 percent; null: no floor. */
  readonly minProfit: bigint | null;
  /** Units of money for a minute; -1: no ceiling. */
  readonly maxMinutePrice: number;
  /** -1: the system's. */
  readonly protectDelaySeconds: number;
  readonly failureCodes: readonly FailureCode[];
}

export interface RoutingGateway {
  readonly name: string;
  readonly slot: number;
  readonly account: string | null;
  /** As a mapping gateway's. */
  readonly accountRow: number;
  /** `Transport` of core/sip/hop.ts. */
  readonly transport: 0 | 1;
  readonly address: string;
  readonly port: number;
  readonly prefixMode: 'terminate' | 'continue';
  readonly priority: number;
  readonly lineLimit: number;
  readonly cpsLimit: number;
  readonly calleePrefix: string;
  readonly rateCalleeOut: boolean;
  readonly stopCodes: readonly number[];
  readonly switchUntilConnect: boolean;
  readonly maxCallSeconds: number;
  readonly locked: boolean;
  /** Null: numbers leave as they are routed, behind `calleePrefix`. */
  readonly numbers: EgressNumbers | null;
  readonly weight: number;
  readonly protect: boolean;
  readonly rateRequired: boolean;
  readonly leastCost: boolean;
  /** Whether its ASR and ACD are sort keys. */
  readonly quality: Override;
  readonly groups: readonly GroupLines[];
  readonly scheduledCapacity: readonly ScheduledValue[];
  readonly scheduledPriority: readonly ScheduledValue[];
  /** Which mapping gateways' calls it takes. */
  readonly mappingGroups: NameList | null;
  readonly mappingGateways: NameList | null;
  readonly minProfit: bigint | null;
  readonly maxMinutePrice: number;
  readonly switchAllowRing: Override;
  readonly switchAllowSdp: Override;
  readonly switchAllowBusy: Override;
  /** Null: it has none of its own, and the parameters count. */
  readonly timeouts: AttemptTimeouts | null;
  /** '': whichever fits. */
  readonly localIp: string;
  readonly optionsCheck: boolean;
}

/** Keys, each with the rows of those that have it. */
export interface KeySets {
  readonly slots: Uint32Array;
  readonly entries: Uint32Array;
  readonly lists: Uint16Array;
  readonly keys: Uint8Array;
}

/** All prefixes of all routing gateways; core/number/prefix-table.ts looks numbers up in it. */
export interface PrefixTable extends KeySets {
  readonly lengthMasks: Uint32Array;
  readonly shortLengthMask: number;
  /** Entry of the empty prefix; -1: none. */
  readonly emptyPrefixEntry: number;
}

/** Addresses of all mapping gateways; core/access/identify-peer.ts looks peers up in it. */
export interface AddressTable {
  readonly slots: Uint32Array;
  readonly keys: Uint8Array;
  /** Rows of the gateways that share an address, behind their number. */
  readonly lists: Uint16Array;
}

/** What gateways' rules about numbers refer to; decoded with the gateway. */
export interface NumberTables {
  readonly dialPlans: Uint32Array;
  readonly dialRules: Uint32Array;
  readonly dialCode: Uint16Array;
  readonly decodedPlans: (DialPlan | undefined)[];
  /** Numbers with the rows of the groups that they are in. */
  readonly groups: KeySets;
  /** Bits of `NumberList` for each group. */
  readonly groupLists: Uint8Array;
  readonly groupNames: TextRows<string>;
  /** Built when a group is first asked for by name. */
  groupRows: ReadonlyMap<string, number> | undefined;
  /** Groups that are caller pools, drawn in number-layout.ts. */
  readonly poolRows: Uint32Array;
  readonly poolSegments: Uint32Array;
  readonly poolPlaces: Uint32Array;
  /** Built when a pool is first asked for. */
  poolsByGroup: ReadonlyMap<string, number> | undefined;
  /** A group is a black list. */
  readonly hasBlackLists: boolean;
  /** Mobile prefixes and area codes, rows of both in turn: area n has 2n and 2n + 1. */
  readonly areas: PrefixTable;
  readonly areaCodes: TextRows<string>;
  /** "c" and the caller as it comes, "e" and the number inside, with the row of what they stand for. */
  readonly transforms: KeySets;
  /** 4 words a row: start and length of the number inside, start and length of the callee that leaves. */
  readonly transformRows: Uint32Array;
  readonly transformText: Uint8Array;
}

/** The lists of the whole system that a number group may be. */
export const NumberList = { white: 1, callerBlack: 2, calleeBlack: 4 } as const;

/** A call level allows the types up to its own (VOS3000's numbers; there is no 3). */
export type CallType = 1 | 2 | 4 | 5;
export const CallTypes: { readonly [name in CallTypeName]: CallType } = {
  net: 1,
  local: 2,
  national: 4,
  international: 5,
};

/** Rows are numbers of the tables below; -1: none. */
export interface Account {
  readonly name: string;
  /** Of its balance, and behind those of the gateways of its lines; kept over snapshots. */
  readonly slot: number;
  readonly kind: 'customer' | 'clearing' | 'agent';
  readonly creditLimit: bigint;
  readonly lineLimit: number;
  readonly locked: boolean;
  readonly node: string;
  /** Milliseconds since 1970; expiry may be Infinity. */
  readonly startsAt: number;
  readonly expiresAt: number;
  /** Seconds; 0: no limit of its own. */
  readonly maxCallSeconds: number;
  /** Row of the account above. */
  readonly agent: number;
  readonly rateTable: number;
  readonly privateRateTable: number;
  readonly periodRate: number;
  readonly callLevel: CallType;
  /** By priority, then by expiry. */
  readonly packages: readonly PackageOrder[];
  /** Row of the zone of its days; -1: it has no fraud limits. */
  readonly zone: number;
  /** Longest prefix first. */
  readonly fraudLimits: readonly FraudLimit[];
}

/** Below 0: none. A value that reaches `warn` raises an alarm, none may pass `block`. */
export interface Threshold<Value = number> {
  readonly warn: Value;
  readonly block: Value;
}

/** What bounds the calls of an account, or of one that is below it, to one prefix. */
export interface FraudLimit {
  /** Of its counters, kept over snapshots. `prefix` is a byte string. */
  readonly slot: number;
  readonly prefix: string;
  readonly callsAtOnce: Threshold;
  readonly callsPerMinute: Threshold;
  readonly daySeconds: Threshold<bigint>;
  /** Units of money. */
  readonly dayMoney: Threshold<bigint>;
  readonly callSeconds: Threshold;
}

export interface PackageOrder {
  readonly package: number;
  /** Of its counters, by gift of the package; kept over snapshots. */
  readonly giftSlots: readonly number[];
  /** Of what else is counted: whether its rent is paid, what calls have cost the balance, what gift money has
   *  paid; 0: not counted. */
  readonly rentSlot: number;
  readonly spentSlot: number;
  readonly moneySlot: number;
  readonly priority: number;
  /** Milliseconds since 1970; expiry may be Infinity. It begins with a period, or may begin in the middle of one. */
  readonly startsAt: number;
  readonly expiresAt: number;
  /** First day of its only period, since 1970; -1: it has many. */
  readonly onceDay: number;
}

export interface Package {
  readonly name: string;
  readonly zone: ZoneOffsets;
  /** What its gifts are for. */
  readonly period: PeriodName | 'once';
  readonly rentFee: bigint;
  readonly gifts: readonly Gift[];
  readonly giftMoney: bigint;
  readonly minConsumption: bigint;
  readonly lowerConsumption: bigint;
}

export interface Gift {
  /** Byte strings. */
  readonly prefixes: readonly string[];
  readonly window: DayWindow;
  readonly seconds: number;
  readonly cycleSeconds: number;
}

/** Seconds of the local day, `to` not included; it wraps midnight where `to` is below `from`. */
export interface DayWindow {
  readonly from: number;
  readonly to: number;
}

/** Offset of local time: `offsets[n]` seconds east of UTC from `since[n]` (ms since 1970) on. */
export interface ZoneOffsets {
  readonly timeZone: string;
  readonly since: readonly number[];
  readonly offsets: readonly number[];
}

export interface Calendar {
  readonly name: string;
  readonly zone: ZoneOffsets;
  /** By weekday, Sunday first. */
  readonly workingDays: readonly boolean[];
  readonly window: DayWindow;
  /** Days since 1970, in order. */
  readonly holidays: readonly number[];
}

export interface PeriodRate {
  readonly name: string;
  readonly calendar: number;
  readonly workingRateTable: number;
  readonly nonWorkingRateTable: number;
}

/** What many rates have in common. */
export interface RateShape {
  readonly perSeconds: number;
  readonly connectionFee: bigint;
  readonly firstIncrementSeconds: number;
  readonly nextIncrementSeconds: number;
  readonly sections: readonly { readonly seconds: number; readonly fee: bigint }[];
  readonly taxPercent: bigint;
  readonly callType: CallType;
  readonly locked: boolean;
}

/** What a call of a minute costs by a shape, beside its rate's price. */
export interface ShapeMinute {
  /** Connection fee and sections, times the period. */
  readonly fixed: number;
  readonly timedSeconds: number;
  readonly period: number;
  /** Taxed, or beyond what numbers hold. */
  readonly isExactNeeded: boolean;
}

/** All rates of all rate tables; core/billing/rate-table.ts looks numbers up in it. */
export interface RateRows {
  readonly slots: Uint32Array;
  readonly rows: Uint32Array;
  readonly keys: Uint8Array;
  /** Two words a table: first row, mask of the short prefix lengths; one table more as the end. */
  readonly tables: Uint32Array;
  readonly lengthMasks: Uint32Array;
}

export interface BillingTables {
  readonly rates: RateRows;
  readonly shapes: TextRows<RateShape>;
  /** By row of the shape; worked out when first asked for. */
  readonly minutes: (ShapeMinute | undefined)[];
  readonly areas: TextRows<string>;
  readonly tableNames: TextRows<string>;
  readonly calendars: TextRows<Calendar>;
  readonly periodRates: TextRows<PeriodRate>;
  readonly packages: TextRows<Package>;
  /** Of the days of accounts with fraud limits. */
  readonly zones: TextRows<ZoneOffsets>;
  /** In order of name. */
  readonly accounts: TextRows<Account>;
}

/** Objects of one kind, as JSON: decoded on first use, then kept as long as the snapshot. */
export interface TextRows<Entity> {
  readonly rows: Uint32Array;
  readonly text: Uint8Array;
  readonly decoded: (Entity | undefined)[];
}

/** The gateways of one kind: decoded on first use, then kept as long as the snapshot. */
export interface GatewayRows<Gateway> extends TextRows<Gateway> {
  /** Built when a gateway is first asked for by name. */
  byName: Map<string, Gateway> | undefined;
}

/** Byte tables of one version, laid out by snapshot-layout.ts. */
export interface Snapshot {
  readonly version: number;
  readonly parameters: Parameters;
  readonly prefixes: PrefixTable;
  readonly addresses: AddressTable;
  readonly mappingGateways: GatewayRows<MappingGateway>;
  /** In the order in which equal prefixes are tried, locked ones last. */
  readonly routingGateways: GatewayRows<RoutingGateway>;
  /** Routing gateways at or above this row are locked. */
  readonly unlockedRoutingRows: number;
  readonly numbers: NumberTables;
  /** Bits of `RoutingFlag`: what some routing gateway makes use of. */
  readonly routingFlags: number;
  readonly billing: BillingTables;
}

export const RoutingFlag = {
  /** Its quality figures are keys whatever the parameters say. */
  quality: 1,
  leastCost: 2,
  protect: 4,
  /** A profit floor or a rate ceiling. */
  priceLimit: 8,
  optionsCheck: 16,
} as const;

/** Slot of the node itself: SS_MAXCPS and the calls up of the whole node. */
export const nodeSlot = 0;
