// What a dial plan makes of a number: the first rule that matches (the compiler has put the longest first)
// replaces what it matched; no match leaves the number as it is. Numbers are byte strings. A plan is small
// and gateways hold a copy of theirs, so a call may use it after the tables have gone to another version.
import {
  anyCharacter,
  DialTargetKind,
  dialRuleWords,
  LengthTestKind,
  TargetUnit,
  targetHeaderUnits,
} from '../configuration/number-layout.ts';
import type { DialPlan } from '../configuration/number-rules.ts';

/** Uniform 32-bit unsigned integers. */
export type Random32 = () => number;

/** Row of the rule that applies; -1: none. */
export function dialRuleOf(plan: DialPlan, number: string): number {
  const { rules } = plan;
  // What no rule can begin with: an empty number meets only rules without elements.
  const first = number.length === 0 ? -1 : number.charCodeAt(0);
  for (let at = 0; at < rules.length; at += dialRuleWords) {
    const wanted = rules[at]! & 0xffff;
    if (wanted !== anyCharacter && wanted !== first) continue;
    if (matches(plan, at, number)) return at / dialRuleWords;
  }
  return -1;
}

/** The number as the plan leaves it. */
export function rewriteNumber(plan: DialPlan, number: string, random32: Random32): string {
  const rule = dialRuleOf(plan, number);
  return rule < 0 ? number : applyDialRule(plan, rule, number, random32);
}

export function applyDialRule(
  plan: DialPlan,
  rule: number,
  number: string,
  random32: Random32,
): string {
  const { rules, code } = plan;
  const at = rule * dialRuleWords;
  const elements = rules[at]! >>> 16;
  const target = chosenTarget(plan, rules[at + 3]!, random32);
  const kind = code[target]!;
  const text =
    (kind & DialTargetKind.range) === 0
      ? targetText(plan, target, { number, elements, random32 })
      : rangeText(plan, target, random32);
  return (kind & DialTargetKind.appends) === 0 ? text : text + number.slice(elements);
}

/** As it was written. */
export function dialRuleText(plan: DialPlan, rule: number): string {
  const start = plan.rules[rule * dialRuleWords + 4]!;
  const length = plan.rules[rule * dialRuleWords + 5]!;
  let text = '';
  for (let at = start; at < start + length; at++) text += String.fromCharCode(plan.code[at]!);
  return text;
}

/** Targets of which the rule takes one. */
export function dialTargetCount(plan: DialPlan, rule: number): number {
  return plan.code[plan.rules[rule * dialRuleWords + 3]!]!;
}

function matches({ rules, code }: DialPlan, at: number, number: string): boolean {
  const count = rules[at]! >>> 16;
  if (number.length < count) return false;
  const start = rules[at + 1]!;
  for (let place = 0; place < count; place++) {
    const element = code[start + place]!;
    if (element !== anyCharacter && element !== number.charCodeAt(place)) return false;
  }
  const test = rules[at + 2]!;
  const rest = number.length - count;
  switch (test & 0xff) {
    case LengthTestKind.shorter:
      return rest < test >>> 8;
    case LengthTestKind.equal:
      return rest === test >>> 8;
    case LengthTestKind.longer:
      return rest > test >>> 8;
    default:
      return true;
  }
}

/** Where the units of one of the targets at `targets` begin. */
function chosenTarget({ code }: DialPlan, targets: number, random32: Random32): number {
  const count = code[targets]!;
  let target = targets + 1;
  for (let skipped = count === 1 ? 0 : randomBelow(count, random32); skipped > 0; skipped--) {
    target += targetHeaderUnits + code[target + 1]!;
  }
  return target;
}

interface Matched {
  readonly number: string;
  readonly elements: number;
  readonly random32: Random32;
}

function targetText({ code }: DialPlan, target: number, matched: Matched): string {
  const count = code[target + 1]!;
  const start = target + targetHeaderUnits;
  let text = '';
  for (let place = 0; place < count; place++) {
    const unit = code[start + place]!;
    if (unit < TargetUnit.randomDigit) text += String.fromCharCode(unit);
    else if (unit === TargetUnit.tail) text += matched.number.slice(matched.elements);
    else if (unit === TargetUnit.samePlace) text += matched.number.charAt(place);
    else text += String.fromCharCode(48 + randomBelow(10, matched.random32));
  }
  return text;
}

function rangeText({ code }: DialPlan, target: number, random32: Random32): string {
  const start = target + targetHeaderUnits;
  const low = integerAt(code, start + 1);
  const count = integerAt(code, start + 5);
  const width = code[start]!;
  return String(low + randomBelow(count, random32)).padStart(width, '0');
}

/** Four units, the lowest first. */
function integerAt(code: Uint16Array, at: number): number {
  return (
    code[at]! + (code[at + 1]! + (code[at + 2]! + code[at + 3]! * 0x10000) * 0x10000) * 0x10000
  );
}

/** A whole number from 0 to `count` - 1, each as likely; `count` at most 2^53. */
export function randomBelow(count: number, random32: Random32): number {
  const word = random32();
  if (count <= 0x10000) return Math.floor((word * count) / 0x100000000);
  // 53 bits of two words; the remainder leaves no bias that could be seen.
  return (word * 0x200000 + (random32() >>> 11)) % count;
}
