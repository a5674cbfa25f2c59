// What a snapshot says about numbers: how gateways rewrite and screen them. Decoded on first use
// (open-numbers.ts) and kept with its gateway; nothing here is a view of shared tables, so a call may use
// it after these have gone to another version. Numbers and their parts are byte strings.
import type { Calendar } from './snapshot.ts';

/** Laid out by number-layout.ts. */
export interface DialPlan {
  readonly rules: Uint32Array;
  readonly code: Uint16Array;
}

/** In the working time of a calendar, or outside of it. */
export interface Schedule {
  readonly calendar: Calendar;
  readonly working: boolean;
}

/** The dial plans of one number of a gateway: the first scheduled one that holds, else the usual one. */
export interface DialPlans {
  readonly usual: DialPlan | null;
  readonly scheduled: readonly ScheduledDialPlan[];
}

export interface ScheduledDialPlan {
  readonly schedule: Schedule;
  readonly plan: DialPlan | null;
}

/** What a mapping gateway does to the numbers of its calls. */
export interface IngressNumbers {
  /** Null: none. */
  readonly callerPlans: DialPlans | null;
  readonly calleePlans: DialPlans | null;
}

/** What a routing gateway does to the numbers on their way out. */
export interface EgressNumbers {
  readonly callerPlans: DialPlans | null;
  readonly calleePlans: DialPlans | null;
}
