// Time zones as tables of offsets, so that call workers need no calendar library: the offset from UTC, and
// when it changes (daylight saving), over the years that a node may see.
import type { ZoneOffsets } from '../../core/configuration/snapshot.ts';

const tableFrom = Date.UTC(2020, 0, 1);
const tableUntil = Date.UTC(2045, 0, 1);
/** Zones that change twice within less are not known (Ramadan in Morocco takes about 30 days). */
const stepMs = 5 * 86_400_000;

const tables = new Map<string, ZoneOffsets>();

/** The zone that the node itself runs in. */
export function nodeTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function isTimeZone(name: string): boolean {
  try {
    offsetFormat(name);
    return true;
  } catch {
    return false;
  }
}

/** The first offset holds for all time before, the last for all time after. */
export function zoneOffsets(timeZone: string): ZoneOffsets {
  let table = tables.get(timeZone);
  if (table === undefined) {
    table = readZone(timeZone);
    tables.set(timeZone, table);
  }
  return table;
}

function readZone(timeZone: string): ZoneOffsets {
  const format = offsetFormat(timeZone);
  const since = [tableFrom];
  const offsets = [offsetAt(format, tableFrom)];
  for (let at = tableFrom; at < tableUntil; at += stepMs) {
    const next = offsetAt(format, at + stepMs);
    const last = offsets.at(-1)!;
    if (next === last) continue;
    since.push(changeBetween(format, at, at + stepMs, last));
    offsets.push(next);
  }
  return { timeZone, since, offsets };
}

/** The first whole second with another offset. */
function changeBetween(
  format: Intl.DateTimeFormat,
  before: number,
  after: number,
  offset: number,
): number {
  let low = before;
  let high = after;
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (offsetAt(format, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

function offsetFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
}

/** "GMT", "GMT+05:30", "GMT-00:44:30": seconds east of UTC. */
function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  const text = format.formatToParts(at).find((part) => part.type === 'timeZoneName')!.value;
  const parts = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (parts === null) throw new Error(`${text}: expected an offset from GMT`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = parts;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -size : size;
}
