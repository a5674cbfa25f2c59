// What a configuration document says about numbers (see model.ts). All of it may be missing: gateways of
// before have none of it, and most need none.
import type { CallTypeName } from './model.ts';
import type { ScheduleDocument } from './routing-model.ts';

export interface ScheduledDialPlanDocument extends ScheduleDocument {
  calleeDialPlan?: string | undefined;
  callerDialPlan?: string | undefined;
}

export interface DialPlansDocument {
  /** "original:target,original:target". */
  calleeDialPlan?: string | undefined;
  callerDialPlan?: string | undefined;
  /** The first that holds at the start of the call takes the place of the one above that it names. */
  scheduledDialPlans?: ScheduledDialPlanDocument[] | undefined;
}

/** Numbers by name: allowed or denied by gateways, or a list of the whole system. */
export interface NumberGroupDocument {
  name: string;
  /** Absent: only where it is named. */
  list?: NumberListName | undefined;
  numbers: string[];
}

/** `white`: caught by no black list. `black`: as caller and as callee. */
export type NumberListName = 'white' | 'black' | 'callerBlack' | 'calleeBlack';

/** A number inside (its name), which callers or called numbers outside stand for. */
export interface NumberTransformDocument {
  name: string;
  /** As a mapping gateway sends it. */
  caller?: string | undefined;
  /** As it leaves to a routing gateway. */
  callee?: string | undefined;
}

/** Where mobile numbers are at home: those that begin so belong to the area whose other numbers begin with its
 *  code. */
export interface MobileAreaDocument {
  name: string;
  areaCode: string;
  prefixes: string[];
}

/** `city`: begins with the code of an area; `mobile`: with a mobile prefix. */
export const numberKinds = ['city', 'mobile', 'other'] as const;
export type NumberKindName = (typeof numberKinds)[number];

/** "CALLER:CALLEE", prefixes of both. `allow`: only such calls; else none of them. */
export interface PairRuleDocument {
  allow: boolean;
  pairs: string[];
}

/** `allow`: only numbers that begin so; else none that does. */
export interface PrefixRuleDocument {
  allow: boolean;
  prefixes: string[];
}

/** `allow`: only numbers of these groups; else none of them. */
export interface GroupRuleDocument {
  allow: boolean;
  names: string[];
}

export interface CityRuleDocument {
  allow: boolean;
  codes: string[];
}

export interface ScheduledPrefixesDocument extends ScheduleDocument {
  number: 'caller' | 'callee';
  allow: boolean;
  prefixes: string[];
}

export interface ProportionalPrefixDocument {
  /** "" is a share too. */
  prefix: string;
  proportion: number;
}

interface ScreenDocument {
  callerPrefixes?: PrefixRuleDocument | undefined;
  calleePrefixes?: PrefixRuleDocument | undefined;
  /** Allowed lengths. */
  callerLengths?: number[] | undefined;
  calleeLengths?: number[] | undefined;
  callerGroups?: GroupRuleDocument | undefined;
  calleeGroups?: GroupRuleDocument | undefined;
  sameCity?: CityRuleDocument | undefined;
  /** Kinds of numbers that pass. */
  callerKinds?: NumberKindName[] | undefined;
  calleeKinds?: NumberKindName[] | undefined;
  /** Mobile numbers called of areas with these codes. */
  mobileArea?: CityRuleDocument | undefined;
  callerCallee?: PairRuleDocument | undefined;
  scheduledPrefixes?: ScheduledPrefixesDocument[] | undefined;
  /** The transform table counts here. */
  numberTransform?: boolean | undefined;
}

export interface MappingNumbersDocument extends DialPlansDocument, ScreenDocument {
  /** By which its calls are recognised among those of its address; taken off. */
  techPrefix?: string | undefined;
  /** One of them is put before the number called, by chance. */
  proportionalPrefixes?: ProportionalPrefixDocument[] | undefined;
  /** Mobile numbers called of these areas get the area code before them. */
  addAreaCode?: CityRuleDocument | undefined;
  /** Its calls pass by the black lists of the system. */
  ignoreBlackLists?: boolean | undefined;
  /** Its calls are watched where SS_BLACK_LIST_DYNAMIC_RUN_MODE is Standalone. */
  dynamicBlackList?: boolean | undefined;
  /** Highest type of call; absent: the account's. */
  callLevel?: CallTypeName | undefined;
}

export interface CallerPoolDocument {
  /** Name of a number group. */
  group: string;
  /** By chance, or in turn. */
  mode: 'random' | 'poll';
  /** Calls at a time of each number; 0: no limit. */
  multiplexes: number;
}

export interface RoutingNumbersDocument extends DialPlansDocument, ScreenDocument {
  /** A number of it stands for the caller's. */
  callerPool?: CallerPoolDocument | undefined;
  /** A number of it stands for the forwarding one's (Diversion). */
  forwardingPool?: CallerPoolDocument | undefined;
  /** Of the forwarding number; calls without one pass. */
  forwardPrefixes?: PrefixRuleDocument | undefined;
  /** For the number in P-Asserted-Identity. */
  assertedDialPlan?: string | undefined;
}

/** Of an account. */
export interface AssignedNumbersDocument {
  /** Pools give them to its calls, and to those of accounts below it, and to nobody else's. */
  numbers?: string[] | undefined;
}

/** The system parameters about numbers. */
export interface NumberParameters {
  /** Originals that end in "*" stand for the whole number unless the target has a "*". */
  SS_DIAL_PLAN_STRICT: boolean;
  /** L of a dial plan is "at most", not "fewer than". */
  SS_DIAL_PLAN_L_INCLUSIVE: boolean;
  /** Number patterns. */
  SS_EMERGENCY_E164S: readonly string[];
  /** What a forwarding number goes through, in this order. */
  FORWARD_SIGNAL_REWRITE_SEQUENCE: readonly ForwardingStep[];
  SS_BLACK_LIST_DYNAMIC_RUN_MODE: DynamicRunMode;
  /** Calls; 0: off. Times of the dynamic black lists are in seconds. */
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT: number;
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL: number;
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE: number;
  SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT: number;
  SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE: number;
  SS_BLACK_LIST_NO_ANSWER_LIMIT: number;
  SS_BLACK_LIST_NO_ANSWER_PERIODS: number;
  SS_BLACK_LIST_NO_ANSWER_EXPIRE: number;
}

export const forwardingSteps = ['caller_number_pool', 'caller_dial_plan'] as const;
export type ForwardingStep = (typeof forwardingSteps)[number];

export const dynamicRunModes = ['Global', 'Standalone'] as const;
export type DynamicRunMode = (typeof dynamicRunModes)[number];

export const defaultNumberParameters: NumberParameters = {
  SS_DIAL_PLAN_STRICT: false,
  SS_DIAL_PLAN_L_INCLUSIVE: false,
  SS_EMERGENCY_E164S: [],
  FORWARD_SIGNAL_REWRITE_SEQUENCE: ['caller_number_pool'],
  SS_BLACK_LIST_DYNAMIC_RUN_MODE: 'Global',
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT: 0,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL: 600,
  SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE: 3600,
  SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT: 0,
  SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE: 3600,
  SS_BLACK_LIST_NO_ANSWER_LIMIT: 0,
  SS_BLACK_LIST_NO_ANSWER_PERIODS: 86_400,
  SS_BLACK_LIST_NO_ANSWER_EXPIRE: 86_400,
};
