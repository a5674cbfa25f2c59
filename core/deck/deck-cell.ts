// Single cells of a rate deck: what each may hold, read exactly. Numbers of a spreadsheet are binary
// fractions written with up to 17 digits; what people see of them are 15, and those are taken.
import { prefixBytesMax } from '../configuration/snapshot-layout.ts';

export interface DecimalCell {
  /** Units of 10^-8. */
  readonly units: bigint;
  /** Decimals as written, at most 8. */
  readonly decimals: number;
}

const decimalsMax = 8;
/** 90,000,000,000 of 10^8 units each: what 64 bits have room for. */
const unitsMax = 9_000_000_000_000_000_000n;
const exponentMax = 30;
/** Digits that a spreadsheet keeps of a number. */
const exactDigits = 15;

const decimalPattern = /^\+?([0-9]{0,24})(?:[.,]([0-9]{0,40}))?(?:[eE]([+-]?[0-9]{1,3}))?$/;

/** Undefined where it is no decimal number from 0 with at most 8 decimals. */
export function decimalCell(text: string, separator: '.' | ','): DecimalCell | undefined {
  const plain = plainDecimal(text, separator);
  if (plain !== undefined) return plain;
  const parts = decimalPattern.exec(text);
  if (parts === null || text.includes(separator === '.' ? ',' : '.')) return undefined;
  const [, whole = '', fraction = '', exponentText = '0'] = parts;
  const exponent = Number(exponentText);
  if (whole.length + fraction.length === 0 || Math.abs(exponent) > exponentMax) return undefined;
  const digits = BigInt(whole + fraction);
  let scale = fraction.length - exponent;
  // Digits beyond the eighth decimal may be there, as long as they are zeros.
  let value = digits;
  while (scale > decimalsMax && value % 10n === 0n) {
    value /= 10n;
    scale--;
    if (value === 0n) scale = Math.min(scale, decimalsMax);
  }
  if (scale > decimalsMax) return undefined;
  const units = value * 10n ** BigInt(decimalsMax - scale);
  if (units > unitsMax) return undefined;
  return { units, decimals: exponent === 0 ? Math.max(0, scale) : shortest(units) };
}

/** The usual case, without BigInt arithmetic on the digits: "0.0125". */
function plainDecimal(text: string, separator: '.' | ','): DecimalCell | undefined {
  if (text.length === 0 || text.length > exactDigits) return undefined;
  const dot = separator.charCodeAt(0);
  let value = 0;
  let decimals = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === dot && decimals < 0 && at > 0) decimals = 0;
    else if (code >= 0x30 && code <= 0x39) {
      value = value * 10 + code - 0x30;
      if (decimals >= 0) decimals++;
    } else return undefined;
  }
  if (decimals === 0 || decimals > decimalsMax) return undefined;
  const shown = Math.max(decimals, 0);
  const scaled = value * 10 ** (decimalsMax - shown);
  if (!Number.isSafeInteger(scaled)) return undefined;
  return { units: BigInt(scaled), decimals: shown };
}

function shortest(units: bigint): number {
  let decimals = decimalsMax;
  for (let rest = units; decimals > 0 && rest % 10n === 0n; rest /= 10n) decimals--;
  return decimals;
}

/** A number cell of a workbook as people see it; undefined where it is no number. */
export function spreadsheetNumber(text: string): string | undefined {
  // Too short for more digits than are kept; whether it is a number shows when it is read.
  const first = text.charCodeAt(0);
  if (text.length <= exactDigits && first >= 0x30 && first <= 0x39) return text;
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return undefined;
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '');
  if (digits.length <= exactDigits) return text;
  const value = Number(text);
  return Number.isFinite(value) ? String(Number(value.toPrecision(exactDigits))) : undefined;
}

/** The digits of a prefix that a workbook holds as a number ("4.4E+1"); undefined where it is no whole number
 *  or has more digits than the number keeps. */
export function numericPrefix(text: string): string | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return text;
  const parts = /^([0-9]{1,17})(?:\.([0-9]{0,17}))?(?:[eE]\+?([0-9]{1,2}))?$/.exec(text);
  if (parts === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = parts;
  const places = Number(exponent);
  if (places > exactDigits || /[1-9]/.test(fraction.slice(places))) return undefined;
  const digits = whole + fraction.slice(0, places).padEnd(places, '0');
  return digits.length <= exactDigits ? digits : undefined;
}

/** A prefix of digits that a spreadsheet has written as a number into a text file. */
export function isScientific(text: string): boolean {
  return /^[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+$/.test(text);
}

export function isPrefixText(text: string): boolean {
  if (text.length > prefixBytesMax) return false;
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return false;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
  }
  return bytes === text.length || (bytes <= prefixBytesMax && !/[\s\p{Cc}\p{Cs}]/u.test(text));
}

/** "60/6" or "60". */
export function incrementsCell(text: string): readonly [string, string] | undefined {
  const found = /^([0-9]+)(?:\s*[/+:-]\s*([0-9]+))?$/.exec(text);
  return found === null ? undefined : [found[1]!, found[2] ?? found[1]!];
}

const yes = ['true', '1', 'yes', 'on'];
const no = ['false', '0', 'no', 'off'];

export function switchCell(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (yes.includes(word)) return true;
  return no.includes(word) ? false : undefined;
}

/** A cell that a spreadsheet would run as a formula gets a quote in front, and one that has such a quote by
 *  itself another one: reading takes one away (CWE-1236). */
export function guardFormula(text: string): string {
  return /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

export function unguardFormula(text: string): string {
  return /^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}
