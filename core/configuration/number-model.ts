// What a configuration document says about numbers (see model.ts). All of it may be missing: gateways of
// before have none of it, and most need none.
import type { WeekdayName } from './model.ts';

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

export interface MappingNumbersDocument extends DialPlansDocument {
  /** By which its calls are recognised among those of its address; taken off. */
  techPrefix?: string | undefined;
}

export interface RoutingNumbersDocument extends DialPlansDocument {}
