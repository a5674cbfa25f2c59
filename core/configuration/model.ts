// The configuration document as the rest of the system sees it, after validation (the schema that
// people's YAML and JSON must meet is workers/configuration/document-schema.ts; a type test holds the
// two together). Names are those of docs/configuration.md.

import {
  type AssignedNumbersDocument,
  defaultNumberParameters,
  type MappingNumbersDocument,
  type MobileAreaDocument,
  type NumberGroupDocument,
  type NumberParameters,
  type NumberTransformDocument,
  type RoutingNumbersDocument,
} from './number-model.ts';
import type { RateTemplateDocument } from './rate-template-model.ts';
import type {
  GatewayGroupDocument,
  MappingRouteFields,
  RoutingRouteFields,
  WeekdayName,
} from './routing-model.ts';

export interface RateDocument {
  prefix: string;
  /** Name of the area that the prefix stands for. */
  area?: string | undefined;
  callType: CallTypeName;
  /** Decimal string, money per minute; absent where the rate is per cycle. */
  ratePerMinute?: string | undefined;
  /** Money for each `cycleSeconds` begun. */
  ratePerCycle?: string | undefined;
  cycleSeconds?: number | undefined;
  connectionFee: string;
  firstIncrementSeconds: number;
  nextIncrementSeconds: number;
  /** Charged whole when entered, in this order, before time is charged by increments. */
  sections?: RateSectionDocument[] | undefined;
  /** Decimal string, on top of all fees. */
  taxPercent: string;
  /** Calls that this rate would price are refused. */
  locked: boolean;
  /** ISO 8601 with zone; absent: always in effect. */
  effectiveAt?: string | undefined;
  /** From here on the rate is as if it were not there. */
  expiresAt?: string | undefined;
}

export type CallTypeName = 'net' | 'local' | 'national' | 'international';

export interface RateSectionDocument {
  seconds: number;
  fee: string;
}

export interface RateTableDocument {
  name: string;
  rates: RateDocument[];
}

export interface AccountDocument extends AssignedNumbersDocument {
  name: string;
  kind: 'customer' | 'clearing' | 'agent';
  /** Opening balance, decimal string. */
  balance: string;
  creditLimit: string;
  rateTable?: string | undefined;
  /** Looked in before any other. */
  privateRateTable?: string | undefined;
  /** Chooses a table by the time, before `rateTable`. */
  periodRate?: string | undefined;
  /** The agent account above, which pays its own rates for the same calls. */
  agent?: string | undefined;
  /** Highest type of call that it may make. */
  callLevel: CallTypeName;
  /** Calls at a time over all its gateways; 0: no limit. */
  lineLimit: number;
  locked: boolean;
  /** The only node that takes its calls, of several on one database; absent: any. */
  node?: string | undefined;
  startsAt?: string | undefined;
  expiresAt?: string | undefined;
  /** `expiresAt` from before the recharges that have moved it on; absent: none has. */
  extendedFrom?: string | undefined;
  /** Longest call, seconds; 0 or absent: no limit of its own. */
  maxCallSeconds?: number | undefined;
  packages: PackageOrderDocument[];
  /** IANA name, of the days of `fraudLimits`; absent: the node's own zone. */
  timeZone?: string | undefined;
  /** All whose prefix a number has apply to a call. */
  fraudLimits: FraudLimitDocument[];
}

/** Each of the five is absent, or has one or both thresholds. */
export interface FraudLimitDocument {
  /** "": calls to anywhere. */
  prefix: string;
  callsAtOnce?: ThresholdDocument<number> | undefined;
  callsPerMinute?: ThresholdDocument<number> | undefined;
  minutesPerDay?: ThresholdDocument<number> | undefined;
  /** Decimal strings. */
  moneyPerDay?: ThresholdDocument<string> | undefined;
  callSeconds?: ThresholdDocument<number> | undefined;
}

/** `warn` raises an alarm when it is reached, `block` is never passed. */
export interface ThresholdDocument<Value> {
  warn?: Value | undefined;
  block?: Value | undefined;
}

/** Working time and the rest, for period rates. */
export interface CalendarDocument {
  name: string;
  /** IANA name; absent: the node's own zone. */
  timeZone?: string | undefined;
  workingDays: WeekdayName[];
  /** "08:00"; a window that wraps midnight belongs to the day on which it begins. */
  from: string;
  to: string;
  /** "2026-12-25": no working day. */
  holidays: string[];
}

export interface PeriodRateDocument {
  name: string;
  calendar: string;
  workingRateTable: string;
  nonWorkingRateTable: string;
}

export interface PackageDocument {
  name: string;
  /** Zone of the windows and of the periods; absent: the node's own. */
  timeZone?: string | undefined;
  /** How often gifts begin anew, and rent is due; `once`: each order is one period of `usableSeconds`. */
  period: 'day' | 'month' | 'year' | 'once';
  /** From the start of an order; goes with `once`. */
  usableSeconds?: number | undefined;
  /** For a period, at its start. */
  rentFee: string;
  /** An order may begin in the middle of a period, and then pays for the rest of its days; else it begins with the
   *  next period. */
  partialFirstPeriod: boolean;
  gifts: GiftDocument[];
  /** Spent before the balance. */
  giftMoney: string;
  /** What the account pays for a period at least. */
  minConsumption: string;
  /** Gifts count once so much was spent in the period. */
  lowerConsumption: string;
}

/** Free seconds. */
export interface GiftDocument {
  prefixes: string[];
  /** Window of the day in which a call starts. */
  from: string;
  to: string;
  seconds: number;
  /** Used in whole multiples of this. */
  cycleSeconds: number;
}

export interface PackageOrderDocument {
  package: string;
  /** Smaller first. */
  priority: number;
  startsAt?: string | undefined;
  expiresAt?: string | undefined;
  /** Where the account cannot pay the rent of a period: `wait` until it can, `skip` that period, `drop` the order. */
  rentUnpaid: 'wait' | 'skip' | 'drop';
  /** Of the package's rent. */
  rentPercent: number;
}

export interface MappingGatewayDocument extends MappingRouteFields, MappingNumbersDocument {
  name: string;
  account?: string | undefined;
  auth: 'ip';
  /** "192.0.2.1" (any port), "192.0.2.1:5060", "[2001:db8::1]:5060". */
  addresses: string[];
  /** 0: no limit. */
  lineLimit: number;
  cpsLimit: number;
  /** Smaller first where several gateways share an address. */
  priority: number;
  /** Identity headers cross from this gateway. */
  trusted: boolean;
  /** Longest call, seconds; 0: no limit; absent: SS_MAX_CALL_DURATION. */
  maxCallSeconds?: number | undefined;
  locked: boolean;
}

export interface RoutingGatewayDocument extends RoutingRouteFields, RoutingNumbersDocument {
  name: string;
  account?: string | undefined;
  /** "192.0.2.1:5060", "tcp://192.0.2.1:5060"; without a port 5060. */
  address: string;
  /** Digits or any characters; "" matches every number. */
  prefixes: string[];
  prefixMode: 'terminate' | 'continue';
  /** Smaller first. */
  priority: number;
  lineLimit: number;
  cpsLimit: number;
  /** Put before the number on the way out. */
  calleePrefix: string;
  /** The vendor's rate is that of the number as sent, after the egress dial plan. */
  rateCalleeOut: boolean;
  /** SIP codes at which hunting stops. */
  stopCodes: number[];
  switchUntilConnect: boolean;
  /** Longest call, seconds; 0: no limit; absent: SS_MAX_CALL_DURATION. */
  maxCallSeconds?: number | undefined;
  locked: boolean;
}

export const sortPositions = ['Before line usage', 'Before gateway ID'] as const;
export type SortPosition = (typeof sortPositions)[number];

/** System parameters by their own names; durations in seconds. */
export interface Parameters extends NumberParameters {
  SS_MAXCPS: number;
  SS_MAX_CALL_DURATION: number;
  SS_SIP_NO_TIMER_REINVITE_INTERVAL: number;
  /** Seconds between sends, in order. */
  SS_SIP_RESEND_INTERVAL: readonly number[];
  /** Milliseconds. */
  SS_SIP_TIMER_T1: number;
  SS_SIP_TIMER_B: number;
  SS_SIP_TIMEOUT_INVITE: number;
  SS_SIP_TIMEOUT_TRYING: number;
  SS_SIP_TIMEOUT_SESSION_PROGRESS: number;
  SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: number;
  SS_SIP_TIMEOUT_RINGING: number;
  SS_SIP_STOP_SWITCH_AFTER_SDP: boolean;
  SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: boolean;
  SS_GATEWAY_SWITCH_UNTIL_CONNECT: boolean;
  /** Attempts in all; 0: no limit of its own. */
  SS_GATEWAY_SWITCH_LIMIT: number;
  /** No gateway is switched without its flag, or the system's, to go on until connect. */
  SS_GATEWAY_SWITCH_STRICT: boolean;
  /** Real-time ASR and ACD as sort keys: windows in seconds, kept in so many segments. */
  SS_GATEWAY_ASR_CALCULATE: boolean;
  SS_GATEWAY_ASR_RESERVE_TIME: number;
  SS_GATEWAY_ASR_RESERVE_SEPARATE: number;
  SS_GATEWAY_ACD_CALCULATE: boolean;
  SS_GATEWAY_ACD_RESERVE_TIME: number;
  SS_GATEWAY_ACD_RESERVE_SEPARATE: number;
  /** Window of the figures that are only shown. */
  SS_GATEWAY_QUALITY_RESERVE_TIME: number;
  SS_GATEWAY_QUALITY_RESERVE_SEPARATE: number;
  /** ASR and ACD are the mean of their segments, each with the same weight. */
  SS_GATEWAY_QUALITY_MEAN_OF_SEGMENTS: boolean;
  /** Where the quality keys and the rate key stand. */
  SS_GATEWAYASRROUTESORTCONFIG: SortPosition;
  SS_GATEWAYFEERATEROUTESORTCONFIG: SortPosition;
  SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: boolean;
  /** The rate is a sort key of every gateway that has one. */
  SS_GATEWAY_FEE_RATE_CALCULATE: boolean;
  SS_TRY_PROTECT_ROUTE_DELAY: number;
  SS_SIP_OPTIONS_CHECK_PERIOD: number;
  SS_REPLY_UNAUTHORIZED: boolean;
  SERVER_BILLING_RECORD_ILLEGAL_CALL: boolean;
  /** Decimals of a fee. */
  SERVER_BILLING_FEE_PRECISION: number;
  /** Decimal string; "0": by SERVER_BILLING_FEE_PRECISION. */
  SERVER_BILLING_FEE_UNIT: string;
  /** Milliseconds. */
  SERVER_BILLING_HOLD_TIME_PRECISION: number;
  SERVER_BILLING_FREE_TIME: number;
  /** Number patterns. */
  SERVER_BILLING_FREE_E164S: readonly string[];
  SERVER_BILLING_NO_CDR_E164S: readonly string[];
  SERVER_BILLING_GATEWAY_ROUTE_PREFIX: number;
  /** Minutes. */
  SERVER_BILLING_PREVENT_OVERDRAFT_ADVANCE_TIME: number;
  SERVER_BILLING_RECORD_ZERO_HOLD_TIME: boolean;
  SERVER_BILLING_RECORD_SERVER_HANG_UP: boolean;
  /** Records of one batch of the CDR writer. */
  SS_CDR_FILE_WRITE_MAX: number;
  /** Seconds; the longest that a record waits for its batch. */
  SS_CDR_FILE_WRITE_INTERVAL: number;
  /** Days that a segment of the CDR log is kept after all of it was stored. */
  SS_CDR_LOG_KEEP_DAYS: number;
  /** Days that a segment of the CDR log waits for a hand-off that is away; 0: for ever. */
  SS_CDR_HAND_OFF_KEEP_DAYS: number;
  /** Hourly text files of CDRs. */
  SS_CDR_RECORD_TO_FILE: boolean;
  /** Calls that were never answered are in them too. */
  SS_CDR_RECORD_NONCONNECT: boolean;
  /** Seconds between two writes of them. */
  SERVER_CDR_FILE_WRITE_INTERVAL: number;
  /** Finished files that are kept; 0: all. */
  SERVER_CDR_FILE_WRITE_MAX: number;
  /** Days that CDRs are kept; 0: for ever. */
  SERVER_CDR_KEEP_DAYS: number;
  /** Days that a recharge extends an account that expires. */
  SERVER_PAY_DELAY_CUSTOMER_EXPIRE_DAY: number;
  /** CDRs of one answer. */
  SERVER_QUERY_ONE_PAGE_SIZE: number;
  /** Days that one query of CDRs may span. */
  SERVER_QUERY_CDR_MAX_DAY_INTERVAL: number;
}

export const defaultParameters: Parameters = {
  SS_MAXCPS: 200,
  SS_MAX_CALL_DURATION: 0,
  SS_SIP_NO_TIMER_REINVITE_INTERVAL: 7200,
  SS_SIP_RESEND_INTERVAL: [0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4],
  SS_SIP_TIMER_T1: 500,
  SS_SIP_TIMER_B: 32,
  SS_SIP_TIMEOUT_INVITE: 10,
  SS_SIP_TIMEOUT_TRYING: 20,
  SS_SIP_TIMEOUT_SESSION_PROGRESS: 20,
  SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: 120,
  SS_SIP_TIMEOUT_RINGING: 120,
  SS_SIP_STOP_SWITCH_AFTER_SDP: true,
  SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: true,
  SS_GATEWAY_SWITCH_UNTIL_CONNECT: false,
  SS_GATEWAY_SWITCH_LIMIT: 0,
  SS_GATEWAY_SWITCH_STRICT: false,
  SS_GATEWAY_ASR_CALCULATE: false,
  SS_GATEWAY_ASR_RESERVE_TIME: 600,
  SS_GATEWAY_ASR_RESERVE_SEPARATE: 10,
  SS_GATEWAY_ACD_CALCULATE: false,
  SS_GATEWAY_ACD_RESERVE_TIME: 600,
  SS_GATEWAY_ACD_RESERVE_SEPARATE: 10,
  SS_GATEWAY_QUALITY_RESERVE_TIME: 600,
  SS_GATEWAY_QUALITY_RESERVE_SEPARATE: 10,
  SS_GATEWAY_QUALITY_MEAN_OF_SEGMENTS: false,
  SS_GATEWAYASRROUTESORTCONFIG: 'Before line usage',
  SS_GATEWAYFEERATEROUTESORTCONFIG: 'Before line usage',
  SS_GATEWAY_FEE_RATE_ROUTE_BEFORE_ASR: false,
  SS_GATEWAY_FEE_RATE_CALCULATE: false,
  SS_TRY_PROTECT_ROUTE_DELAY: 0,
  SS_SIP_OPTIONS_CHECK_PERIOD: 60,
  SS_REPLY_UNAUTHORIZED: true,
  SERVER_BILLING_RECORD_ILLEGAL_CALL: false,
  SERVER_BILLING_FEE_PRECISION: 7,
  SERVER_BILLING_FEE_UNIT: '0',
  SERVER_BILLING_HOLD_TIME_PRECISION: 1000,
  SERVER_BILLING_FREE_TIME: 0,
  SERVER_BILLING_FREE_E164S: [],
  SERVER_BILLING_NO_CDR_E164S: [],
  SERVER_BILLING_GATEWAY_ROUTE_PREFIX: 0,
  SERVER_BILLING_PREVENT_OVERDRAFT_ADVANCE_TIME: 1,
  SERVER_BILLING_RECORD_ZERO_HOLD_TIME: true,
  SERVER_BILLING_RECORD_SERVER_HANG_UP: true,
  SS_CDR_FILE_WRITE_MAX: 1000,
  SS_CDR_FILE_WRITE_INTERVAL: 60,
  SS_CDR_LOG_KEEP_DAYS: 1,
  SS_CDR_HAND_OFF_KEEP_DAYS: 7,
  SS_CDR_RECORD_TO_FILE: false,
  SS_CDR_RECORD_NONCONNECT: false,
  SERVER_CDR_FILE_WRITE_INTERVAL: 1,
  SERVER_CDR_FILE_WRITE_MAX: 0,
  SERVER_CDR_KEEP_DAYS: 0,
  SERVER_PAY_DELAY_CUSTOMER_EXPIRE_DAY: 365,
  SERVER_QUERY_ONE_PAGE_SIZE: 10_000,
  SERVER_QUERY_CDR_MAX_DAY_INTERVAL: 31,
  ...defaultNumberParameters,
};

/** A document whose rate tables are of some form: `RateTableDocument` where people read and write it. */
export interface DocumentOf<Table extends { readonly name: string }> {
  parameters: Partial<Parameters>;
  rateTemplates: RateTemplateDocument[];
  rateTables: Table[];
  calendars: CalendarDocument[];
  periodRates: PeriodRateDocument[];
  packages: PackageDocument[];
  accounts: AccountDocument[];
  numberTransforms: NumberTransformDocument[];
  mobileAreas: MobileAreaDocument[];
  numberGroups: NumberGroupDocument[];
  gatewayGroups: GatewayGroupDocument[];
  mappingGateways: MappingGatewayDocument[];
  routingGateways: RoutingGatewayDocument[];
}

/** A whole, validated document: every default filled in but for `parameters`, which holds what was set. */
export type ConfigurationDocument = DocumentOf<RateTableDocument>;
