// Compiles what a document says about numbers: dial plans and schedules become rows of tables, which the
// gateways' own rows then name.
import type { DocumentOf, Parameters } from '../../core/configuration/model.ts';
import type {
  DialPlansDocument,
  MappingNumbersDocument,
  RoutingNumbersDocument,
  ScheduleDocument,
} from '../../core/configuration/number-model.ts';
import type {
  StoredDialPlans,
  StoredEgress,
  StoredIngress,
  StoredSchedule,
} from '../../core/configuration/open-numbers.ts';
import type { Calendar } from '../../core/configuration/snapshot.ts';
import { compileCalendar, weekdays } from './compile-billing.ts';
import {
  type CompiledDialPlans,
  createDialPlanCompiler,
  type DialPlanCompiler,
} from './compile-dial-plans.ts';
import { textRows } from './text-rows.ts';

export interface CompiledNumbers extends CompiledDialPlans {
  readonly scheduleRows: Uint32Array;
  readonly numberText: Uint8Array;
}

export interface NumberCompiler {
  ingress(gateway: MappingNumbersDocument): StoredIngress | null;
  egress(gateway: RoutingNumbersDocument): StoredEgress | null;
  /** Once all gateways are compiled. */
  sections(): CompiledNumbers;
}

export function createNumberCompiler(
  document: DocumentOf<{ readonly name: string }>,
  parameters: Parameters,
): NumberCompiler {
  const plans = createDialPlanCompiler({
    strict: parameters.SS_DIAL_PLAN_STRICT,
    inclusiveL: parameters.SS_DIAL_PLAN_L_INCLUSIVE,
  });
  const schedules = scheduleRows(document);
  const sides = (gateway: DialPlansDocument) => ({
    callerPlans: plansOf(gateway, 'callerDialPlan', plans, schedules),
    calleePlans: plansOf(gateway, 'calleeDialPlan', plans, schedules),
  });
  return {
    ingress: (gateway) => orNull(sides(gateway)),
    egress: (gateway) => orNull(sides(gateway)),
    sections: () => {
      const text = textRows([schedules.stored]);
      return { ...plans.sections(), scheduleRows: text.rows[0]!, numberText: text.bytes };
    },
  };
}

/** A gateway that says nothing has null, which calls see at one look. */
function orNull<Rules extends object>(rules: Rules): Rules | null {
  return Object.values(rules).every((each) => each === null) ? null : rules;
}

function plansOf(
  gateway: DialPlansDocument,
  side: 'callerDialPlan' | 'calleeDialPlan',
  plans: DialPlanCompiler,
  schedules: ScheduleRows,
): StoredDialPlans | null {
  const usual = plans.rowOf(gateway[side]);
  const scheduled = (gateway.scheduledDialPlans ?? [])
    .filter((each) => each[side] !== undefined)
    .map((each) => ({ schedule: schedules.rowOf(each), plan: plans.rowOf(each[side]) }));
  return usual < 0 && scheduled.length === 0 ? null : { usual, scheduled };
}

export interface ScheduleRows {
  rowOf(schedule: ScheduleDocument): number;
  readonly stored: readonly StoredSchedule[];
}

function scheduleRows(document: DocumentOf<{ readonly name: string }>): ScheduleRows {
  const calendars = new Map(document.calendars.map(({ name }, row) => [name, row]));
  const rows = new Map<string, number>();
  const stored: StoredSchedule[] = [];
  return {
    stored,
    rowOf({ calendar, working = true, days, from, to }): number {
      const key = JSON.stringify([calendar, working, days, from, to]);
      const known = rows.get(key);
      if (known !== undefined) return known;
      rows.set(key, stored.length);
      const own =
        calendar === undefined ? windowCalendar(days, from, to) : calendars.get(calendar)!;
      return stored.push({ calendar: own, working }) - 1;
    },
  };
}

/** Days and hours are a calendar without a name, in the node's own zone. */
function windowCalendar(days: ScheduleDocument['days'], from = '00:00', to = '24:00'): Calendar {
  const workingDays = [...(days ?? weekdays)];
  return compileCalendar({ name: '', workingDays, from, to, holidays: [] });
}
