// The grammar of dial plans: "original:target;target,original:target". Reads a plan into rules, in the
// order in which they are tried; what a rule then does to a number stands in dial-plan.ts.
//
//   original   elements, then a length test, then "*", each of which may be missing
//   element    a character, or "?" for any one; "\" makes the next character an ordinary one
//   length     L9, E9, G9: what follows the elements is shorter than, exactly, longer than nine
//   target     characters; "?" a random digit, "$" the character of the number at this place, "*" what
//              followed the elements; or a range "100-199"
import {
  dialElementsMax,
  dialPlanBytesMax,
  dialRulesMax,
  dialTargetsMax,
} from '../configuration/limits.ts';
import { anyCharacter, TargetUnit } from '../configuration/number-layout.ts';

export interface DialRule {
  /** As it was written. */
  readonly text: string;
  /** Place in the plan, from 1. */
  readonly place: number;
  readonly elements: readonly number[];
  readonly length: LengthTest | null;
  /** The original ends in "*". */
  readonly star: boolean;
  /** One of them is taken at random. */
  readonly targets: readonly DialTarget[];
}

export interface LengthTest {
  readonly is: 'shorter' | 'equal' | 'longer';
  readonly than: number;
}

export type DialTarget =
  | { readonly kind: 'text'; readonly units: readonly number[] }
  /** A random number of the range, with zeros in front up to `width`. */
  | { readonly kind: 'range'; readonly low: number; readonly high: number; readonly width: number };

export type ParsedDialPlan =
  | { readonly ok: true; readonly rules: readonly DialRule[] }
  /** `rule`: from 1; 0: the plan as a whole. */
  | { readonly ok: false; readonly rule: number; readonly text: string; readonly reason: string };

const lengthTests: { readonly [letter: string]: LengthTest['is'] } = {
  L: 'shorter',
  E: 'equal',
  G: 'longer',
};
/** Beyond this a number is no exact integer. */
const rangeDigitsMax = 15;

/** `plan`: a byte string; "" has no rules. */
export function parseDialPlan(plan: string): ParsedDialPlan {
  if (plan.length > dialPlanBytesMax) {
    return fault(0, '', `is ${plan.length} bytes long; expected at most ${dialPlanBytesMax}`);
  }
  if (plan === '') return { ok: true, rules: [] };
  const texts = splitAt(plan, ',');
  if (texts.length > dialRulesMax) {
    return fault(0, '', `has ${texts.length} rules; expected at most ${dialRulesMax}`);
  }
  const rules: DialRule[] = [];
  for (const [index, whole] of texts.entries()) {
    const text = whole.trim();
    const parsed = parseRule(text, index + 1);
    if (typeof parsed === 'string') return fault(index + 1, text, parsed);
    rules.push(parsed);
  }
  return { ok: true, rules: rules.sort(compareRules) };
}

/** Longest first: more elements, then more characters among them, then a length test; "*" alone is last. */
function compareRules(left: DialRule, right: DialRule): number {
  return (
    Number(isBareStar(left)) - Number(isBareStar(right)) ||
    right.elements.length - left.elements.length ||
    characterCount(right) - characterCount(left) ||
    Number(right.length !== null) - Number(left.length !== null) ||
    left.place - right.place
  );
}

/** The original is "*" alone, which stands for the whole number. */
export function isBareStar(rule: DialRule): boolean {
  return rule.star && rule.length === null && rule.elements.length === 0;
}

function characterCount(rule: DialRule): number {
  return rule.elements.filter((element) => element !== anyCharacter).length;
}

function fault(rule: number, text: string, reason: string): ParsedDialPlan {
  return { ok: false, rule, text, reason };
}

/** The rule, or what is wrong with it. */
function parseRule(text: string, place: number): DialRule | string {
  if (text === '') return 'is empty; expected original:target';
  const sides = splitAt(text, ':');
  if (sides.length !== 2) {
    return `has ${sides.length - 1} colons; expected one, as in original:target ("\\:" is the character)`;
  }
  if (hasBlank(text)) return 'has a space or control character inside';
  const original = parseOriginal(sides[0]!);
  if (typeof original === 'string') return original;
  const alternatives = splitAt(sides[1]!, ';');
  if (alternatives.length > dialTargetsMax) {
    return `has ${alternatives.length} targets; expected at most ${dialTargetsMax}`;
  }
  const targets: DialTarget[] = [];
  for (const alternative of alternatives) {
    const target = parseTarget(alternative);
    if (typeof target === 'string') return target;
    targets.push(target);
  }
  return { text, place, ...original, targets };
}

function parseOriginal(text: string): Pick<DialRule, 'elements' | 'length' | 'star'> | string {
  const elements: number[] = [];
  let at = 0;
  for (; at < text.length && !endsElements(text[at]!); at++) {
    const char = text[at]!;
    if (char === '$' || char === ';') {
      return `has "${char}" before the colon; expected "\\${char}" for the character`;
    }
    if (char === '\\' && ++at === text.length) return endsInBackslash;
    elements.push(char === '?' ? anyCharacter : text.charCodeAt(at));
  }
  if (elements.length > dialElementsMax) {
    return `has ${elements.length} characters before the colon; expected at most ${dialElementsMax}`;
  }
  const rest = text.slice(at);
  const parts = /^(?:([LEG])([0-9]{1,2}))?(\*?)$/.exec(rest);
  if (parts === null) return originalEndFault(rest);
  const [, letter, than, star] = parts;
  const length = letter === undefined ? null : { is: lengthTests[letter]!, than: Number(than) };
  return { elements, length, star: star !== '' };
}

function endsElements(char: string): boolean {
  return char === '*' || char in lengthTests;
}

/** `rest`: from the length test or "*" on. */
function originalEndFault(rest: string): string {
  const letter = rest[0]!;
  if (letter === '*') return 'has "*" inside; expected it only right before the colon';
  return /^.[0-9]/.test(rest)
    ? `has ${JSON.stringify(rest)} before the colon; expected "${letter}" with one or two digits, then "*" or the colon`
    : `has "${letter}" without a number behind it; expected a length of one or two digits, or "\\${letter}" for the letter`;
}

const endsInBackslash = 'ends in "\\"; expected a character behind it';

function parseTarget(text: string): DialTarget | string {
  const range = /^([0-9]+)-([0-9]+)$/.exec(text);
  if (range !== null) return parseRange(range[1]!, range[2]!);
  const units: number[] = [];
  let tails = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') {
      if (++at === text.length) return endsInBackslash;
      units.push(text.charCodeAt(at));
    } else if (char === '*') {
      if (++tails > 1) return 'has two "*" in one target; expected at most one';
      units.push(TargetUnit.tail);
    } else if (char === '?') units.push(TargetUnit.randomDigit);
    else if (char === '$') units.push(TargetUnit.samePlace);
    else units.push(text.charCodeAt(at));
  }
  return units.length > dialElementsMax
    ? `has ${units.length} characters in a target; expected at most ${dialElementsMax}`
    : { kind: 'text', units };
}

function parseRange(from: string, to: string): DialTarget | string {
  if (from.length > rangeDigitsMax || to.length > rangeDigitsMax) {
    return `has a range of more than ${rangeDigitsMax} digits`;
  }
  const low = Number(from);
  const high = Number(to);
  if (high < low) return `has a range that ends before it begins (${from}-${to})`;
  return { kind: 'range', low, high, width: from.length };
}

function hasBlank(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char <= 0x20 || char === 0x7f) return true;
  }
  return false;
}

/** A separator after "\" is a character. */
function splitAt(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
