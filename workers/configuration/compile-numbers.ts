// Compiles what a document says about numbers: dial plans and schedules become rows of tables, which the
// gateways' own rows then name.
import type { DocumentOf, Parameters } from '../../core/configuration/model.ts';
import type {
  DialPlansDocument,
  MappingNumbersDocument,
  RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import type { PrefixShare } from '../../core/configuration/number-rules.ts';
import type {
  StoredDialPlans,
  StoredEgress,
  StoredIngress,
} from '../../core/configuration/open-numbers.ts';
import { byteString } from './byte-string.ts';
import {
  type CompiledDialPlans,
  createDialPlanCompiler,
  type DialPlanCompiler,
} from './compile-dial-plans.ts';
import {
  type CompiledGroups,
  type CompiledTransforms,
  compileGroups,
  compileTransforms,
} from './compile-number-groups.ts';
import { type ScheduleRows, scheduleRows } from './compile-number-schedules.ts';
import { compileScreen } from './compile-screen.ts';
import { textRows } from './text-rows.ts';

export interface CompiledNumbers extends CompiledDialPlans, CompiledGroups, CompiledTransforms {
  readonly scheduleRows: Uint32Array;
  readonly groupNameRows: Uint32Array;
  readonly numberText: Uint8Array;
}

export interface NumberCompiler {
  ingress(gateway: MappingNumbersDocument): StoredIngress | null;
  egress(gateway: RoutingNumbersDocument): StoredEgress | null;
  /** Once all gateways are compiled. */
  sections(): CompiledNumbers;
}

/** `numberTexts`: the numbers of each group, as the text of a JSON list. */
export function createNumberCompiler(
  document: DocumentOf<{ readonly name: string }>,
  parameters: Parameters,
  numberTexts: readonly Buffer[],
): NumberCompiler {
  const plans = createDialPlanCompiler({
    strict: parameters.SS_DIAL_PLAN_STRICT,
    inclusiveL: parameters.SS_DIAL_PLAN_L_INCLUSIVE,
  });
  const schedules = scheduleRows(document);
  const sides = (gateway: MappingNumbersDocument | RoutingNumbersDocument): StoredEgress => ({
    callerPlans: plansOf(gateway, 'callerDialPlan', plans, schedules),
    calleePlans: plansOf(gateway, 'calleeDialPlan', plans, schedules),
    transforms: gateway.numberTransform ?? false,
    screen: compileScreen(gateway, schedules),
  });
  return {
    ingress: (gateway) =>
      orNull({
        ...sides(gateway),
        shares: sharesOf(gateway),
        ignoresBlackLists: gateway.ignoreBlackLists ?? false,
      }),
    egress: (gateway) => orNull(sides(gateway)),
    sections: () => {
      const names = (document.numberGroups ?? []).map((group) => group.name);
      const { rows, bytes } = textRows([schedules.stored, names]);
      return {
        ...plans.sections(),
        ...compileGroups(document, numberTexts),
        ...compileTransforms(document),
        scheduleRows: rows[0]!,
        groupNameRows: rows[1]!,
        numberText: bytes,
      };
    },
  };
}

/** A gateway that says nothing has null, which calls see at one look. */
function orNull<Rules extends object>(rules: Rules): Rules | null {
  return Object.values(rules).every(saysNothing) ? null : rules;
}

function saysNothing(rule: unknown): boolean {
  return rule === null || rule === false || (Array.isArray(rule) && rule.length === 0);
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

function sharesOf({ proportionalPrefixes = [] }: MappingNumbersDocument): PrefixShare[] {
  let upTo = 0;
  return proportionalPrefixes.map(({ prefix, proportion }) => {
    upTo += proportion;
    return { prefix: byteString(prefix), upTo };
  });
}
