// The fields of gateways that decide where a call goes, as documents have them (part of model.ts). All are
// optional: what is left out has no part in any decision.

/** From the first day of a week as calendars count it. */
export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type WeekdayName = (typeof weekdays)[number];

/** Lines that several gateways share. */
export interface GatewayGroupDocument {
  name: string;
  /** 0: no limit. */
  lineLimit: number;
}

/** `allow`: only these; else: not these. */
export interface NameListDocument {
  allow: boolean;
  names: string[];
}

/** When a scheduled value holds: by a calendar, or on weekdays within a window of the node's day. */
export interface ScheduleDocument {
  calendar?: string | undefined;
  /** With a calendar: in its working time (the default), or outside of it. */
  working?: boolean | undefined;
  /** Default: every day. */
  days?: WeekdayName[] | undefined;
  /** Default: the whole day. */
  from?: string | undefined;
  to?: string | undefined;
}

export interface ScheduledCapacityDocument extends ScheduleDocument {
  lineLimit: number;
}

export interface ScheduledPriorityDocument extends ScheduleDocument {
  priority: number;
}

export type RoutePolicyName = 'none' | 'asr' | 'acd' | 'rate';
export type RouteQualityName = 'default' | 'on' | 'off';

interface SharedRouteFields {
  /** Gateway groups that it is a member of. */
  groups?: string[] | undefined;
  /** Lines of each of its groups that it leaves to others. */
  reservedLines?: number | undefined;
  /** The first that holds stands in the place of `lineLimit`. */
  scheduledCapacity?: ScheduledCapacityDocument[] | undefined;
  /** Decimal string; the customer's price above the vendor's, in percent of the vendor's. */
  minProfitPercent?: string | undefined;
  /** Decimal string; most that a vendor may ask for a minute. */
  maxRatePerMinute?: string | undefined;
}

export interface MappingRouteFields extends SharedRouteFields {
  /** By group and by name; both must permit. */
  routingGroups?: NameListDocument | undefined;
  routingGateways?: NameListDocument | undefined;
  firstRoutePolicy?: RoutePolicyName | undefined;
  secondRoutePolicy?: RoutePolicyName | undefined;
  /** Whether ASR and ACD are sort keys for its calls; `default`: as the parameters and the routing gateways say. */
  calculateRouteQuality?: RouteQualityName | undefined;
  /** In the place of SS_TRY_PROTECT_ROUTE_DELAY. */
  protectRouteDelaySeconds?: number | undefined;
  /** "REASON:CODE": SIP code or end reason (0: any other), and the SIP code to send (0: as it is). */
  callFailedSipCode?: string[] | undefined;
}

export interface RoutingRouteFields extends SharedRouteFields {
  /** Share of calls among equals; 100 where it is not given. */
  weight?: number | undefined;
  /** Tried only when all others have failed. */
  protect?: boolean | undefined;
  /** Gets only calls to numbers that its account has a rate for. */
  feerateRestrict?: boolean | undefined;
  leastCostRouting?: boolean | undefined;
  /** Whether its ASR and ACD are sort keys; `default`: as the parameters say. */
  calculateRouteQuality?: RouteQualityName | undefined;
  /** The first that holds stands in the place of `priority`. */
  scheduledPriority?: ScheduledPriorityDocument[] | undefined;
  /** Whose calls it takes: by group and by name of the mapping gateway; both must permit. */
  mappingGroups?: NameListDocument | undefined;
  mappingGateways?: NameListDocument | undefined;
  /** After ringing, SDP, busy: in the place of the parameters. */
  switchAllowRing?: boolean | undefined;
  switchAllowSdp?: boolean | undefined;
  switchAllowBusy?: boolean | undefined;
  /** Seconds, in the place of SS_SIP_TIMEOUT_INVITE and so on; 0: as the parameter says. */
  timeoutInvite?: number | undefined;
  timeoutTrying?: number | undefined;
  timeoutSessionProgress?: number | undefined;
  timeoutSessionProgressSdp?: number | undefined;
  timeoutRinging?: number | undefined;
  /** Address of the listener that its calls leave by. */
  localIp?: string | undefined;
  /** OPTIONS are sent to it every SS_SIP_OPTIONS_CHECK_PERIOD. */
  optionsCheck?: boolean | undefined;
}
