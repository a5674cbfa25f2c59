// Times as rate decks write them: by a pattern, as ISO 8601, or as a spreadsheet's count of days. A time
// without a zone is a clock's; what comes out is an instant with its zone.
import { localSeconds, type OffsetTable } from '../time/local-time.ts';

type Part = 'YYYY' | 'YY' | 'MM' | 'DD' | 'HH' | 'mm' | 'ss';

export interface DatePattern {
  readonly expression: RegExp;
  readonly parts: readonly Part[];
}

const secondsOfDay = 86_400;
/** Day 0 of a spreadsheet's calendar, in days since 1970: 1899-12-30 and, in the other one, 1904-01-01. */
const serialEpoch = -25_569;
const serial1904Days = 1_462;
/** Spreadsheets count a 29 February 1900 that was none: days before it are one off, and no rate is so old. */
const serialMin = 61;
/** 9999-12-31. */
const serialMax = 2_958_465;

/** Undefined where it does not name year, month and day, each once. */
export function datePattern(text: string): DatePattern | undefined {
  const parts: Part[] = [];
  const source = text.replace(/YYYY|YY|MM|DD|HH|mm|ss|[^A-Za-z0-9]|./g, (token) => {
    if (/^[YMDHms]+$/.test(token) && token.length >= 2) {
      parts.push(token as Part);
      return token === 'YYYY' ? '([0-9]{4})' : '([0-9]{1,2})';
    }
    return /[A-Za-z0-9]/.test(token) && token !== 'T' ? '\u0000' : token.replace(/[\W]/g, '\\$&');
  });
  const wanted = new Set<Part>(parts.map((part) => (part === 'YY' ? 'YYYY' : part)));
  const isWhole = ['YYYY', 'MM', 'DD'].every((part) => wanted.has(part as Part));
  if (source.includes('\u0000') || wanted.size !== parts.length || !isWhole) return undefined;
  return { expression: new RegExp(`^${source}$`), parts };
}

/** "2026-01-01T00:00:00Z", or undefined where the text is no such date. */
export function patternInstant(
  pattern: DatePattern,
  text: string,
  zone: OffsetTable,
): string | undefined {
  const found = pattern.expression.exec(text);
  if (found === null) return undefined;
  const value = (part: Part): number => {
    const at = pattern.parts.indexOf(part);
    return at < 0 ? 0 : Number(found[at + 1]);
  };
  const year = pattern.parts.includes('YY') ? 2000 + value('YY') : value('YYYY');
  return localInstant(
    [year, value('MM'), value('DD')],
    [value('HH'), value('mm'), value('ss')],
    zone,
  );
}

const isoPattern =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:([T ])([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/;

/** ISO 8601: with a zone it stays as it is written, without one it is local. */
export function isoInstant(text: string, zone: OffsetTable): string | undefined {
  const found = isoPattern.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, separator, hours = '0', minutes = '0', seconds = '0', offset] = found;
  const date = [Number(year), Number(month), Number(day)] as const;
  const time = [Number(hours), Number(minutes), Number(seconds)] as const;
  if (offset === undefined) return localInstant(date, time, zone);
  if (separator !== 'T' || localSecondsOf(date, time) === undefined) return undefined;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** Days since the calendar of a workbook began, with a fraction of a day. */
export function serialInstant(
  serial: number,
  is1904: boolean,
  zone: OffsetTable,
): string | undefined {
  const days = is1904 ? serial + serial1904Days : serial;
  if (!(days >= serialMin && days < serialMax)) return undefined;
  return instantText(utcOf(Math.round((days + serialEpoch) * secondsOfDay), zone));
}

function localInstant(
  date: readonly [number, number, number],
  time: readonly [number, number, number],
  zone: OffsetTable,
): string | undefined {
  const seconds = localSecondsOf(date, time);
  return seconds === undefined ? undefined : instantText(utcOf(seconds, zone));
}

/** Undefined where there is no such day or time. */
function localSecondsOf(
  [year, month, day]: readonly [number, number, number],
  [hours, minutes, seconds]: readonly [number, number, number],
): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59 || year < 1970) return undefined;
  const at = new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds));
  const isSameDay = at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return isSameDay ? at.getTime() / 1000 : undefined;
}

/** Of an hour that the clock repeats the first one; of one that it leaves out, as if it had not been set. */
function utcOf(local: number, zone: OffsetTable): number {
  const shown = [...new Set(zone.offsets)]
    .map((offset) => local - offset)
    .filter((utc) => localSeconds(zone, utc * 1000) === local);
  if (shown.length > 0) return Math.min(...shown);
  const dayBefore = (local - secondsOfDay) * 1000;
  return local - (localSeconds(zone, dayBefore) - dayBefore / 1000);
}

function instantText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
