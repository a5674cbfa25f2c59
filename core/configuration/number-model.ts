// What a configuration document says about numbers (see model.ts). All of it may be missing: gateways of
// before have none of it, and most need none.
import type { CallTypeName, WeekdayName } from './model.ts';

/** When something holds: by a calendar, or on weekdays within a window of the node's day. */
export interface ScheduleDocument {
  calendar?: string | undefined;
  /** With a calendar: in its working time (the default), or outside of it. */
  working?: boolean | undefined;
  /** Default: every day. A window that wraps midnight belongs to the day on which it begins. */
  days?: WeekdayName[] | undefined;
  /** Default: the whole day. */
  from?: string | undefined;
  to?: string | undefined;
}

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
  scheduledPrefixes?: ScheduledPrefixesDocument[] | undefined;
  /** The transform table counts here. */
  numberTransform?: boolean | undefined;
}

export interface MappingNumbersDocument extends DialPlansDocument, ScreenDocument {
  /** By which its calls are recognised among those of its address; taken off. */
  techPrefix?: string | undefined;
  /** One of them is put before the number called, by chance. */
  proportionalPrefixes?: ProportionalPrefixDocument[] | undefined;
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
}

/** Of an account. */
export interface AssignedNumbersDocument {
  /** Pools give them to its calls, and to those of accounts below it, and to nobody else's. */
  numbers?: string[] | undefined;
}
