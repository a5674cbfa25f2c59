// The CDR that a person means by a Call-ID or by its own identity. Looked for from today backwards, in spans that
// grow: most questions are about a call of a moment ago, and one of last year is still found.
import type { LogId } from '../core/cdr/cdr-json.ts';
import { queryCdrs } from '../workers/cdr/query-cdrs.ts';
import { startOfDay } from '../workers/cdr/table-days.ts';
import type { LedgerStore, StoredCdr } from '../workers/ledger/ledger-store.ts';

export type WantedCdr = { readonly callId: string } | { readonly logId: LogId };

/** The newest that match, oldest first; empty where there are none. */
export type FindCdrs = (wanted: WantedCdr) => Promise<readonly StoredCdr[]>;

const dayMs = 86_400_000;
const spanFactor = 4;
/** Calls with one Call-ID that are worth telling apart. */
const foundMax = 20;

export interface FindCdrsParts {
  readonly dataDir: string;
  readonly ledger: LedgerStore;
  readonly now: () => number;
}

export function createFindCdrs({ dataDir, ledger, now }: FindCdrsParts): FindCdrs {
  return async (wanted) => {
    const days = await ledger.days();
    const oldest = Math.min(...days.map(({ day }) => startOfDay(day)));
    let until: number | undefined;
    let since = now();
    for (let spanMs = dayMs; ; spanMs *= spanFactor) {
      since -= spanMs;
      // What is only in the log may be older than all that is stored.
      const isLast = since <= oldest;
      const span = { since: isLast ? 0 : since, until };
      const found: StoredCdr[] = [];
      const query = { ...wanted, ...span, directory: dataDir, ledger, limit: foundMax };
      for await (const cdr of queryCdrs(query)) found.push(cdr);
      if (found.length > 0 || isLast) return found;
      until = since;
    }
  };
}
