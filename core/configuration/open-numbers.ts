// Decodes what gateways say about numbers: rows of the snapshot's tables become copies and objects.
import { dialPlanWords, dialRuleWords } from './number-layout.ts';
import type {
  DialPlan,
  DialPlans,
  EgressNumbers,
  IngressNumbers,
  Schedule,
} from './number-rules.ts';
import { calendarAt } from './open-billing.ts';
import { entityAt } from './read-text-rows.ts';
import type { Calendar, MappingGateway, RoutingGateway, Snapshot } from './snapshot.ts';

/** Rows of the tables; -1: none. */
export interface StoredDialPlans {
  readonly usual: number;
  readonly scheduled: readonly { readonly schedule: number; readonly plan: number }[];
}

export interface StoredIngress {
  readonly callerPlans: StoredDialPlans | null;
  readonly calleePlans: StoredDialPlans | null;
}

export interface StoredEgress {
  readonly callerPlans: StoredDialPlans | null;
  readonly calleePlans: StoredDialPlans | null;
}

/** A row of the calendars, or a calendar of its own for days and hours. */
export interface StoredSchedule {
  readonly calendar: number | Calendar;
  readonly working: boolean;
}

export type StoredMappingGateway = Omit<MappingGateway, 'numbers'> & {
  readonly numbers: StoredIngress | null;
};
export type StoredRoutingGateway = Omit<RoutingGateway, 'numbers'> & {
  readonly numbers: StoredEgress | null;
};

export function openIngress(snapshot: Snapshot, stored: StoredIngress): IngressNumbers {
  return {
    callerPlans: plansOf(snapshot, stored.callerPlans),
    calleePlans: plansOf(snapshot, stored.calleePlans),
  };
}

export function openEgress(snapshot: Snapshot, stored: StoredEgress): EgressNumbers {
  return {
    callerPlans: plansOf(snapshot, stored.callerPlans),
    calleePlans: plansOf(snapshot, stored.calleePlans),
  };
}

export function scheduleAt(snapshot: Snapshot, row: number): Schedule {
  return entityAt(snapshot.numbers.schedules, row, (parsed) => {
    const { calendar, working } = parsed as StoredSchedule;
    return {
      calendar: typeof calendar === 'number' ? calendarAt(snapshot.billing, calendar) : calendar,
      working,
    };
  });
}

function plansOf(snapshot: Snapshot, stored: StoredDialPlans | null): DialPlans | null {
  if (stored === null) return null;
  return {
    usual: dialPlanAt(snapshot, stored.usual),
    scheduled: stored.scheduled.map(({ schedule, plan }) => ({
      schedule: scheduleAt(snapshot, schedule),
      plan: dialPlanAt(snapshot, plan),
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
