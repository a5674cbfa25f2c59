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
  /** Callers of the transform table stand for others. */
  readonly transforms: boolean;
  /** One is put before the number called, by chance. */
  /** Mobile numbers called of these areas get its code before them. */
  readonly areaCodes: CityRule | null;
  readonly shares: readonly PrefixShare[];
  readonly screen: NumberScreen | null;
  /** Its calls pass by the black lists of the system. */
  readonly ignoresBlackLists: boolean;
  /** They are watched in standalone mode. */
  readonly dynamicBlackList: boolean;
}

/** What a routing gateway does to the numbers on their way out, and which it takes. */
export interface EgressNumbers {
  readonly callerPlans: DialPlans | null;
  readonly calleePlans: DialPlans | null;
  /** Called numbers of the transform table leave as others. */
  readonly transforms: boolean;
  readonly screen: NumberScreen | null;
  /** Whose numbers stand for the caller's, and for the forwarding one's. */
  readonly callerPool: CallerPool | null;
  readonly forwardingPool: CallerPool | null;
  /** Of the forwarding number. */
  readonly forwardPrefixes: PrefixRule | null;
  /** For the number in P-Asserted-Identity. */
  readonly assertedPlan: DialPlan | null;
}

export interface CallerPool {
  /** Name of a number group. */
  readonly group: string;
  /** In turn; else by chance. */
  readonly poll: boolean;
  /** Calls at a time of each number; 0: no limit. */
  readonly multiplexes: number;
  /** Of core/admission/line-limits.ts. */
  readonly cursor: number;
}

export interface PrefixShare {
  readonly prefix: string;
  /** Its own proportion and those before it. */
  readonly upTo: number;
}

/** Which numbers may pass a gateway. */
export interface NumberScreen {
  readonly caller: SideScreen | null;
  readonly callee: SideScreen | null;
  readonly sameCity: CityRule | null;
  /** Of mobile numbers called. */
  readonly mobileArea: CityRule | null;
  /** Prefixes of caller and callee. */
  readonly pairs: PairRule | null;
  readonly scheduled: readonly ScheduledPrefixes[];
}

export interface SideScreen {
  /** By length; null: any. */
  readonly lengths: readonly boolean[] | null;
  readonly prefixes: PrefixRule | null;
  readonly groups: GroupRule | null;
  /** Bits of `NumberKind`; 0: any. */
  readonly kinds: number;
}

export const NumberKind = { city: 1, mobile: 2, other: 4 } as const;

/** `allow`: only calls of one of these pairs; else none of them. */
export interface PairRule {
  readonly allow: boolean;
  readonly pairs: readonly { readonly caller: string; readonly callee: string }[];
}

/** `allow`: only numbers that begin with one of them; else none that does. */
export interface PrefixRule {
  readonly allow: boolean;
  readonly prefixes: PrefixSet;
}

/** Looked up by each length that there is. */
export interface PrefixSet {
  readonly lengths: readonly number[];
  readonly members: ReadonlySet<string>;
}

/** `allow`: only numbers that are in one of the groups; else none that is. */
export interface GroupRule {
  readonly allow: boolean;
  readonly names: readonly string[];
}

/** `allow`: only calls within one of these cities; else none within one. */
export interface CityRule {
  readonly allow: boolean;
  readonly codes: PrefixSet;
}

export interface ScheduledPrefixes extends PrefixRule {
  readonly schedule: Schedule;
  readonly side: 'caller' | 'callee';
}
