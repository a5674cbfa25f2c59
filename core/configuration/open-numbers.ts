// Decodes what gateways say about numbers: rows of the snapshot's tables become copies and objects.
import { dialPlanWords, dialRuleWords } from './number-layout.ts';
import type {
  CallerPool,
  CityRule,
  DialPlan,
  DialPlans,
  EgressNumbers,
  GroupRule,
  IngressNumbers,
  NumberScreen,
  PairRule,
  PrefixRule,
  PrefixSet,
  PrefixShare,
  Schedule,
  SideScreen,
} from './number-rules.ts';
import { calendarAt } from './open-billing.ts';
import type { Snapshot } from './snapshot.ts';

/** Rows of the tables; -1: none. */
export interface StoredDialPlans {
  readonly usual: number;
  readonly scheduled: readonly (StoredTime & { readonly plan: number })[];
}

export interface StoredSides {
  readonly callerPlans: StoredDialPlans | null;
  readonly calleePlans: StoredDialPlans | null;
  readonly transforms: boolean;
  readonly screen: StoredScreen | null;
}

export interface StoredIngress extends StoredSides {
  readonly areaCodes: StoredCityRule | null;
  readonly shares: readonly PrefixShare[];
  readonly ignoresBlackLists: boolean;
  readonly dynamicBlackList: boolean;
}

export interface StoredEgress extends StoredSides {
  readonly callerPool: CallerPool | null;
  readonly forwardingPool: CallerPool | null;
  readonly forwardPrefixes: StoredPrefixRule | null;
  /** A row of the dial plans; -1: none. */
  readonly assertedPlan: number;
}

export interface StoredScreen {
  readonly caller: StoredSide | null;
  readonly callee: StoredSide | null;
  readonly sameCity: StoredCityRule | null;
  readonly mobileArea: StoredCityRule | null;
  readonly pairs: PairRule | null;
  readonly scheduled: readonly StoredScheduledPrefixes[];
}

export interface StoredSide {
  readonly lengths: readonly boolean[] | null;
  readonly prefixes: StoredPrefixRule | null;
  readonly groups: GroupRule | null;
  readonly kinds: number;
}

export interface StoredCityRule {
  readonly allow: boolean;
  readonly codes: readonly string[];
}

export interface StoredPrefixRule {
  readonly allow: boolean;
  readonly prefixes: readonly string[];
}

export interface StoredScheduledPrefixes extends StoredPrefixRule, StoredTime {
  readonly side: 'caller' | 'callee';
}

/** The working time of a row of the calendars, or the rest. */
export interface StoredTime {
  readonly calendar: number;
  readonly working: boolean;
}

export function openIngress(snapshot: Snapshot, stored: StoredIngress): IngressNumbers {
  return {
    callerPlans: plansOf(snapshot, stored.callerPlans),
    calleePlans: plansOf(snapshot, stored.calleePlans),
    transforms: stored.transforms,
    areaCodes: cityRule(stored.areaCodes),
    shares: stored.shares,
    screen: screenOf(snapshot, stored.screen),
    ignoresBlackLists: stored.ignoresBlackLists,
    dynamicBlackList: stored.dynamicBlackList,
  };
}

export function openEgress(snapshot: Snapshot, stored: StoredEgress): EgressNumbers {
  return {
    callerPlans: plansOf(snapshot, stored.callerPlans),
    calleePlans: plansOf(snapshot, stored.calleePlans),
    transforms: stored.transforms,
    screen: screenOf(snapshot, stored.screen),
    callerPool: stored.callerPool,
    forwardingPool: stored.forwardingPool,
    forwardPrefixes: stored.forwardPrefixes === null ? null : prefixRule(stored.forwardPrefixes),
    assertedPlan: dialPlanAt(snapshot, stored.assertedPlan),
  };
}

function scheduleOf({ billing }: Snapshot, { calendar, working }: StoredTime): Schedule {
  return { calendar: calendarAt(billing, calendar), working };
}

function plansOf(snapshot: Snapshot, stored: StoredDialPlans | null): DialPlans | null {
  if (stored === null) return null;
  return {
    usual: dialPlanAt(snapshot, stored.usual),
    scheduled: stored.scheduled.map((each) => ({
      schedule: scheduleOf(snapshot, each),
      plan: dialPlanAt(snapshot, each.plan),
    })),
  };
}

function dialPlanAt({ numbers }: Snapshot, row: number): DialPlan | null {
  if (row < 0) return null;
  const known = numbers.decodedPlans[row];
  if (known !== undefined) return known;
  const at = row * dialPlanWords;
  const [firstRule, rules, firstUnit, units] = numbers.dialPlans.subarray(at, at + dialPlanWords);
  const plan = {
    rules: numbers.dialRules.slice(
      firstRule! * dialRuleWords,
      (firstRule! + rules!) * dialRuleWords,
    ),
    code: numbers.dialCode.slice(firstUnit, firstUnit! + units!),
  };
  numbers.decodedPlans[row] = plan;
  return plan;
}

function screenOf(snapshot: Snapshot, stored: StoredScreen | null): NumberScreen | null {
  if (stored === null) return null;
  return {
    caller: sideOf(stored.caller),
    callee: sideOf(stored.callee),
    sameCity: cityRule(stored.sameCity),
    mobileArea: cityRule(stored.mobileArea),
    pairs: stored.pairs,
    scheduled: stored.scheduled.map((rule) => ({
      ...prefixRule(rule),
      schedule: scheduleOf(snapshot, rule),
      side: rule.side,
    })),
  };
}

function sideOf(stored: StoredSide | null): SideScreen | null {
  if (stored === null) return null;
  const { lengths, prefixes, groups, kinds } = stored;
  return { lengths, prefixes: prefixes === null ? null : prefixRule(prefixes), groups, kinds };
}

function prefixRule({ allow, prefixes }: StoredPrefixRule): PrefixRule {
  return { allow, prefixes: prefixSet(prefixes) };
}

function cityRule(stored: StoredCityRule | null): CityRule | null {
  return stored === null ? null : { allow: stored.allow, codes: prefixSet(stored.codes) };
}

function prefixSet(prefixes: readonly string[]): PrefixSet {
  const lengths = [...new Set(prefixes.map((prefix) => prefix.length))];
  return { lengths: lengths.sort((left, right) => right - left), members: new Set(prefixes) };
}
