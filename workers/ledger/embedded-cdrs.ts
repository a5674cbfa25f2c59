// CDRs of the embedded ledger, by the end of the call: the days' rows are read side by side, a page at a
// time, so that memory is a page for each day that overlaps.
import { setImmediate } from 'node:timers/promises';
import { cdrFilter, compareCdrs, mergeCdrs } from '../cdr/cdr-filter.ts';
import type { StoreReader } from '../configuration/configuration-store.ts';
import { behind, endedKey, logIdOfParts, rowKey, rowPrefix } from './embedded-keys.ts';
import { readDay, unpackRow } from './embedded-records.ts';
import type { StoredCdr, StoredCdrQuery } from './ledger-store.ts';

const pageRows = 500;

export function embeddedCdrs(
  store: StoreReader,
  query: StoredCdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  const days = store
    .keys('day/')
    .map((key) => Number(key.slice('day/'.length)))
    .filter((day) => {
      const found = readDay(store, day);
      if (found === undefined) return false;
      const { since = 0, until = Number.POSITIVE_INFINITY } = query;
      return found.lastEndedAt >= since && found.firstEndedAt < until;
    });
  return mergeCdrs(days.map((day) => embeddedCdrsOfDay(store, day, query)));
}

export async function* embeddedCdrsOfDay(
  store: StoreReader,
  day: number,
  query: StoredCdrQuery,
): AsyncGenerator<StoredCdr, void, void> {
  const matches = cdrFilter(query);
  const { after, since = 0, until } = query;
  const end =
    until === undefined ? `${rowPrefix(day)}${behind}` : endedKey(day, Math.max(0, until));
  let from = endedKey(day, Math.max(0, since));
  if (after !== undefined && after.endedAt >= since) from = rowKey(day, after);
  for (;;) {
    const rows = store.range(from, end, pageRows);
    for (const [key, value] of rows) {
      const cdr = unpackRow(value);
      const logId = logIdOf(key);
      if (cdr === undefined || !matches(cdr, logId)) continue;
      const stored: StoredCdr = Object.assign(cdr, { logId });
      if (after === undefined || compareCdrs(stored, after) > 0) yield stored;
    }
    const last = rows.at(-1);
    if (rows.length < pageRows || last === undefined) return;
    // The least key behind the last one.
    from = `${last[0]}\u0001`;
    await setImmediate();
  }
}

function logIdOf(key: string): StoredCdr['logId'] {
  const [, , , set, file, offset] = key.split('/');
  return logIdOfParts(set!, file!, offset!);
}
