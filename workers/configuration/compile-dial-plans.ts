// Compiles the dial plans of a document (layout: core/configuration/number-layout.ts). Gateways with the same
// plan share one.
import {
  anyCharacter,
  DialTargetKind,
  dialPlanWords,
  dialRuleWords,
  LengthTestKind,
  TargetUnit,
} from '../../core/configuration/number-layout.ts';
import type { DialPlan } from '../../core/configuration/number-rules.ts';
import {
  type DialRule,
  type DialTarget,
  isBareStar,
  parseDialPlan,
} from '../../core/number/dial-plan-grammar.ts';
import { byteString } from './byte-string.ts';

/** How the disputed parts of the grammar are read. */
export interface DialPlanReading {
  /** An original that ends in "*" stands for the whole number unless the target has a "*". */
  readonly strict: boolean;
  /** L9 is at most nine, not fewer than nine. */
  readonly inclusiveL: boolean;
}

export interface CompiledDialPlans {
  readonly dialPlans: Uint32Array;
  readonly dialRules: Uint32Array;
  readonly dialCode: Uint16Array;
}

export interface DialPlanCompiler {
  /** Row of a plan of a checked document; -1 where it has no rules. */
  rowOf(text: string | undefined): number;
  sections(): CompiledDialPlans;
}

export function createDialPlanCompiler(reading: DialPlanReading): DialPlanCompiler {
  const rows = new Map<string, number>();
  const plans: DialPlan[] = [];
  return {
    rowOf(text = ''): number {
      if (text === '') return -1;
      const known = rows.get(text);
      if (known !== undefined) return known;
      rows.set(text, plans.length);
      plans.push(compileDialPlan(text, reading));
      return plans.length - 1;
    },
    sections: () => joinPlans(plans),
  };
}

/** `text`: a plan that parses, as people write it. */
export function compileDialPlan(text: string, reading: DialPlanReading): DialPlan {
  const parsed = parseDialPlan(byteString(text));
  if (!parsed.ok) throw new Error(`dial plan ${JSON.stringify(text)} was not checked`);
  const code: number[] = [];
  const rules = new Uint32Array(parsed.rules.length * dialRuleWords);
  for (const [row, rule] of parsed.rules.entries()) {
    const elements = code.length;
    code.push(...rule.elements);
    const targets = code.length;
    code.push(rule.targets.length);
    for (const target of rule.targets) code.push(...targetCode(rule, target, reading.strict));
    const textStart = code.length;
    for (const char of rule.text) code.push(char.charCodeAt(0));
    rules.set(
      [
        (rule.elements[0] ?? anyCharacter) | (rule.elements.length << 16),
        elements,
        lengthTestWord(rule, reading.inclusiveL),
        targets,
        textStart,
        rule.text.length,
      ],
      row * dialRuleWords,
    );
  }
  return { rules, code: Uint16Array.from(code) };
}

function lengthTestWord({ length }: DialRule, inclusiveL: boolean): number {
  if (length === null) return LengthTestKind.none;
  const than = length.than + (length.is === 'shorter' && inclusiveL ? 1 : 0);
  return LengthTestKind[length.is] | (than << 8);
}

function targetCode(rule: DialRule, target: DialTarget, strict: boolean): number[] {
  const appends = appendsTail(rule, target, strict) ? DialTargetKind.appends : 0;
  if (target.kind === 'text') {
    return [DialTargetKind.text | appends, target.units.length, ...target.units];
  }
  const { low, high, width } = target;
  const units = [width, ...fourUnits(low), ...fourUnits(high - low + 1)];
  return [DialTargetKind.range | appends, units.length, ...units];
}

/** Whether what followed the matched elements stays behind the target. */
function appendsTail(rule: DialRule, target: DialTarget, strict: boolean): boolean {
  if (target.kind === 'text' && target.units.includes(TargetUnit.tail)) return false;
  if (isBareStar(rule)) return false;
  if (!rule.star) return true;
  const isRandom =
    rule.targets.length > 1 ||
    target.kind === 'range' ||
    target.units.includes(TargetUnit.randomDigit);
  return !strict && !isRandom;
}

/** The lowest first. */
function fourUnits(value: number): number[] {
  const units: number[] = [];
  let rest = value;
  for (let unit = 0; unit < 4; unit++) {
    units.push(rest % 0x10000);
    rest = Math.floor(rest / 0x10000);
  }
  return units;
}

function joinPlans(plans: readonly DialPlan[]): CompiledDialPlans {
  const directory = new Uint32Array(plans.length * dialPlanWords);
  let rules = 0;
  let units = 0;
  for (const [row, plan] of plans.entries()) {
    const count = plan.rules.length / dialRuleWords;
    directory.set([rules, count, units, plan.code.length], row * dialPlanWords);
    rules += count;
    units += plan.code.length;
  }
  const dialRules = new Uint32Array(rules * dialRuleWords);
  const dialCode = new Uint16Array(units);
  for (const [row, plan] of plans.entries()) {
    dialRules.set(plan.rules, directory[row * dialPlanWords]! * dialRuleWords);
    dialCode.set(plan.code, directory[row * dialPlanWords + 2]!);
  }
  return { dialPlans: directory, dialRules, dialCode };
}
