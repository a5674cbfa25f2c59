// From the cells of one row to the terms of a rate: which values a field may have, and which fields exclude
// each other. The same rules as a rate of a configuration document has.
import { areaBytesMax, incrementSecondsMax, sectionsPerRateMax } from '../configuration/limits.ts';
import type { CallTypeName, RateSectionDocument } from '../configuration/model.ts';
import type { RateField } from '../configuration/rate-template-model.ts';
import { decimalCell, incrementsCell, switchCell } from './deck-cell.ts';

/** Texts of the fields that many rates have in common; '' where there is none. */
export type TermTexts = Readonly<Record<TermField, string>>;

export const termFields: readonly TermField[] = [
  'callType',
  'cycleSeconds',
  'connectionFee',
  'firstIncrementSeconds',
  'nextIncrementSeconds',
  'increments',
  'sections',
  'taxPercent',
  'locked',
];
export type TermField = Exclude<
  RateField,
  'prefix' | 'area' | 'ratePerMinute' | 'ratePerCycle' | 'effectiveAt' | 'expiresAt'
>;

export interface DeckTerms {
  readonly callType: CallTypeName;
  readonly cycleSeconds?: number;
  readonly connectionFee: string;
  readonly firstIncrementSeconds: number;
  readonly nextIncrementSeconds: number;
  readonly sections?: RateSectionDocument[];
  readonly taxPercent: string;
  readonly locked: boolean;
}

export interface FieldProblem {
  readonly field: RateField;
  readonly value: string;
  readonly expected: string;
}

/** Also by the numbers that VOS3000 gives them. */
const callTypes: ReadonlyMap<string, CallTypeName> = new Map([
  ['net', 'net'],
  ['local', 'local'],
  ['national', 'national'],
  ['international', 'international'],
  ['1', 'net'],
  ['2', 'local'],
  ['4', 'national'],
  ['5', 'international'],
]);

export const moneyExpected = 'a decimal number from 0 to 90000000000 with at most 8 decimals';
const secondsExpected = `whole seconds from 1 to ${incrementSecondsMax}`;
const taxPercentMax = 100_000_000_000n;

/** Problems are pushed; what is returned then is of no use. */
export function readTerms(
  texts: TermTexts,
  separator: '.' | ',',
  problems: FieldProblem[],
): DeckTerms {
  const refuse = (field: RateField, value: string, expected: string): void => {
    problems.push({ field, value, expected });
  };
  const seconds = (field: TermField, text: string): number | undefined => {
    if (text === '') return undefined;
    const value = Number(text.replace(/[.,]0+$/, ''));
    const isWhole = /^[0-9]{1,9}(?:[.,]0+)?$/.test(text);
    if (isWhole && value >= 1 && value <= incrementSecondsMax) return value;
    refuse(field, text, secondsExpected);
    return undefined;
  };
  const money = (field: TermField, text: string): string => {
    if (text === '') return '0';
    const cell = decimalCell(text, separator);
    if (cell !== undefined && (field !== 'taxPercent' || cell.units <= taxPercentMax)) {
      return decimalText(cell.units, cell.decimals);
    }
    refuse(field, text, field === 'taxPercent' ? 'a percentage from 0 to 1000' : moneyExpected);
    return '0';
  };
  const callType = callTypes.get(texts.callType.toLowerCase() || 'international');
  if (callType === undefined) {
    refuse('callType', texts.callType, 'net, local, national or international');
  }
  const locked = texts.locked === '' ? false : switchCell(texts.locked);
  if (locked === undefined) refuse('locked', texts.locked, 'true or false');
  const cycleSeconds = seconds('cycleSeconds', texts.cycleSeconds);
  const sections = readSections(texts.sections, separator);
  if (sections === undefined) {
    const expected = `at most ${sectionsPerRateMax} of seconds:fee like "30:0.05 60:0.03"`;
    refuse('sections', texts.sections, expected);
  }
  const pair = texts.increments === '' ? undefined : incrementsCell(texts.increments);
  if (texts.increments !== '' && pair === undefined) {
    refuse('increments', texts.increments, 'first and next increment like "60/6"');
  }
  const first = seconds('firstIncrementSeconds', texts.firstIncrementSeconds || (pair?.[0] ?? ''));
  const next = seconds('nextIncrementSeconds', texts.nextIncrementSeconds || (pair?.[1] ?? ''));
  return {
    callType: callType ?? 'international',
    ...(cycleSeconds === undefined ? {} : { cycleSeconds }),
    connectionFee: money('connectionFee', texts.connectionFee),
    firstIncrementSeconds: first ?? 1,
    nextIncrementSeconds: next ?? 1,
    ...(sections === undefined || sections.length === 0 ? {} : { sections }),
    taxPercent: money('taxPercent', texts.taxPercent),
    locked: locked ?? false,
  };
}

/** A rate is per minute with increments, or per cycle, and then by whole cycles. */
export function checkTerms(
  terms: DeckTerms,
  given: { readonly perMinute: boolean; readonly perCycle: boolean },
  problems: FieldProblem[],
): void {
  const refuse = (field: RateField, value: string, expected: string): void => {
    problems.push({ field, value, expected });
  };
  const { perMinute, perCycle } = given;
  if (!perMinute && !perCycle) refuse('ratePerMinute', '', moneyExpected);
  if (perMinute && perCycle) refuse('ratePerCycle', '', 'either ratePerMinute or ratePerCycle');
  if (perCycle !== (terms.cycleSeconds !== undefined)) {
    refuse('cycleSeconds', '', 'ratePerCycle and cycleSeconds together');
  }
  for (const field of ['firstIncrementSeconds', 'nextIncrementSeconds'] as const) {
    if (!perCycle || terms[field] === 1) continue;
    const expected = 'no increment beside ratePerCycle, which is charged by whole cycles';
    refuse(field, String(terms[field]), expected);
  }
  if (terms.sections !== undefined && terms.firstIncrementSeconds !== 1) {
    const expected = 'no first increment beside sections, which come first';
    refuse('firstIncrementSeconds', String(terms.firstIncrementSeconds), expected);
  }
}

export function sectionsText(sections: readonly RateSectionDocument[] | undefined): string {
  return (sections ?? []).map(({ seconds, fee }) => `${seconds}:${fee}`).join(' ');
}

function readSections(text: string, separator: '.' | ','): RateSectionDocument[] | undefined {
  if (text === '') return [];
  const sections: RateSectionDocument[] = [];
  for (const part of text.split(/\s+/)) {
    const found = /^([0-9]{1,6}):(.+)$/.exec(part);
    const seconds = Number(found?.[1] ?? 0);
    const fee = decimalCell(found?.[2] ?? '', separator);
    if (fee === undefined || seconds < 1 || seconds > incrementSecondsMax) return undefined;
    sections.push({ seconds, fee: decimalText(fee.units, fee.decimals) });
  }
  return sections.length <= sectionsPerRateMax ? sections : undefined;
}

/** A decimal string with as many decimals as were written. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = String(units).padStart(9, '0');
  const whole = digits.slice(0, -8);
  return decimals === 0 ? whole : `${whole}.${digits.slice(-8, digits.length - 8 + decimals)}`;
}

export const areaExpected: string = `a name of at most ${areaBytesMax} bytes`;

/** Length in UTF-8. */
export function isArea(text: string): boolean {
  if (text.length * 3 <= areaBytesMax) return true;
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes <= areaBytesMax;
}
