// Compiles what a document says about numbers: dial plans become rows of tables, which the gateways' own
// rows then name.
import { poolCursor } from '../../core/admission/line-limits.ts';
import type { DocumentOf, Parameters } from '../../core/configuration/model.ts';
import type {
  CallerPoolDocument,
  DialPlansDocument,
  MappingNumbersDocument,
  RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import type { CallerPool, PrefixShare } from '../../core/configuration/number-rules.ts';
import type {
  StoredDialPlans,
  StoredEgress,
  StoredIngress,
  StoredSides,
} from '../../core/configuration/open-numbers.ts';
import { byteString } from './byte-string.ts';
import { type CompiledAreas, compileAreas } from './compile-areas.ts';
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
import type { Schedules } from './compile-schedules.ts';
import { cityRule, compileScreen, prefixRule } from './compile-screen.ts';
import { textRows } from './text-rows.ts';

export interface CompiledNumbers
  extends CompiledAreas,
    CompiledDialPlans,
    CompiledGroups,
    CompiledTransforms {
  readonly groupNameRows: Uint32Array;
  readonly areaCodeRows: Uint32Array;
  readonly numberText: Uint8Array;
}

export interface NumberCompiler {
  ingress(gateway: MappingNumbersDocument): StoredIngress | null;
  /** `slot`: of the gateway. */
  egress(gateway: RoutingNumbersDocument, slot: number): StoredEgress | null;
  /** Once all gateways are compiled. */
  sections(): CompiledNumbers;
}

/** What the compiler needs beside the document. */
export interface NumberParts {
  /** The numbers of each group, as the text of a JSON list. */
  readonly numberTexts: readonly Buffer[];
  /** Of gateways, accounts and pool numbers by their names. */
  readonly slots: ReadonlyMap<string, number>;
  readonly schedules: Schedules;
}

export function createNumberCompiler(
  document: DocumentOf<{ readonly name: string }>,
  parameters: Parameters,
  { numberTexts, slots, schedules }: NumberParts,
): NumberCompiler {
  const plans = createDialPlanCompiler({
    strict: parameters.SS_DIAL_PLAN_STRICT,
    inclusiveL: parameters.SS_DIAL_PLAN_L_INCLUSIVE,
  });
  const sides = (gateway: MappingNumbersDocument | RoutingNumbersDocument): StoredSides => ({
    callerPlans: plansOf(gateway, 'callerDialPlan', plans, schedules),
    calleePlans: plansOf(gateway, 'calleeDialPlan', plans, schedules),
    transforms: gateway.numberTransform ?? false,
    screen: compileScreen(gateway, schedules),
  });
  return {
    ingress: (gateway) =>
      orNull({
        ...sides(gateway),
        areaCodes: cityRule(gateway.addAreaCode),
        shares: sharesOf(gateway),
        ignoresBlackLists: gateway.ignoreBlackLists ?? false,
        dynamicBlackList: gateway.dynamicBlackList ?? false,
      }),
    egress: (gateway, slot) =>
      orNull({
        ...sides(gateway),
        callerPool: poolOf(gateway.callerPool, poolCursor(slot, 0)),
        forwardingPool: poolOf(gateway.forwardingPool, poolCursor(slot, 1)),
        forwardPrefixes:
          gateway.forwardPrefixes === undefined ? null : prefixRule(gateway.forwardPrefixes),
        assertedPlan: plans.rowOf(gateway.assertedDialPlan),
      }),
    sections: () => {
      const names = (document.numberGroups ?? []).map((group) => group.name);
      const codes = (document.mobileAreas ?? []).map(({ areaCode }) => byteString(areaCode));
      const { rows, bytes } = textRows([names, codes]);
      return {
        ...plans.sections(),
        ...compileGroups(document, numberTexts, slots),
        ...compileTransforms(document),
        ...compileAreas(document),
        groupNameRows: rows[0]!,
        areaCodeRows: rows[1]!,
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
  return (
    rule === null || rule === false || rule === -1 || (Array.isArray(rule) && rule.length === 0)
  );
}

function plansOf(
  gateway: DialPlansDocument,
  side: 'callerDialPlan' | 'calleeDialPlan',
  plans: DialPlanCompiler,
  schedules: Schedules,
): StoredDialPlans | null {
  const usual = plans.rowOf(gateway[side]);
  const scheduled = (gateway.scheduledDialPlans ?? [])
    .filter((each) => each[side] !== undefined)
    .map((each) => ({ ...schedules.timeOf(each), plan: plans.rowOf(each[side]) }));
  return usual < 0 && scheduled.length === 0 ? null : { usual, scheduled };
}

function poolOf(pool: CallerPoolDocument | undefined, cursor: number): CallerPool | null {
  if (pool === undefined) return null;
  const { group, mode, multiplexes } = pool;
  return { group, poll: mode === 'poll', multiplexes, cursor };
}

function sharesOf({ proportionalPrefixes = [] }: MappingNumbersDocument): PrefixShare[] {
  let upTo = 0;
  return proportionalPrefixes.map(({ prefix, proportion }) => {
    upTo += proportion;
    return { prefix: byteString(prefix), upTo };
  });
}
