// Pages of CDRs: what `GET /cdrs` and `tandem cdr` answer, within the limits that the parameters set.
import { logIdText, parseLogId } from '../core/cdr/cdr-json.ts';
import { defaultParameters, type Parameters } from '../core/configuration/model.ts';
import { queryCdrs } from '../workers/cdr/query-cdrs.ts';
import { isListed } from '../workers/cdr/row-rules.ts';
import { startOfDay } from '../workers/cdr/table-days.ts';
import type { LedgerStore, StoredCdr, StoredCdrQuery } from '../workers/ledger/ledger-store.ts';
import { RequestRefused } from './problem.ts';

export interface CdrFilter extends StoredCdrQuery {
  limit?: number | undefined;
}

export interface CdrPage {
  /** The most that one page holds. */
  readonly rowsMax: number;
  /** Oldest end first. */
  readonly cdrs: AsyncIterable<StoredCdr>;
}

/** @throws RequestRefused where more is asked for than the parameters allow */
export type CdrPages = (filter: CdrFilter) => Promise<CdrPage>;

const dayMs = 86_400_000;

export interface CdrPagesParts {
  readonly dataDir: string;
  readonly ledger: LedgerStore;
  /** Of the configuration in force; what is not set has its default. */
  readonly parameters: () => Partial<Parameters>;
}

export function createCdrPages({ dataDir, ledger, parameters }: CdrPagesParts): CdrPages {
  return async (filter) => {
    const inForce: Parameters = { ...defaultParameters, ...parameters() };
    const rowsMax = inForce.SERVER_QUERY_ONE_PAGE_SIZE;
    const limit = filter.limit ?? rowsMax;
    if (limit > rowsMax) {
      throw refused('limit', limit, `at most ${rowsMax} (SERVER_QUERY_ONE_PAGE_SIZE) and "after"`);
    }
    await checkSpan(ledger, filter, inForce.SERVER_QUERY_CDR_MAX_DAY_INTERVAL);
    const cdrs = queryCdrs({
      ...filter,
      limit,
      directory: dataDir,
      ledger,
      isListed: (cdr) => isListed(cdr, inForce),
    });
    return { rowsMax, cdrs };
  };
}

/** Days before the first and after today hold nothing, and cost nothing. */
async function checkSpan(ledger: LedgerStore, filter: CdrFilter, daysMax: number): Promise<void> {
  const days = (await ledger.days()).map(({ day }) => day).sort((one, other) => one - other);
  const first = days[0];
  if (first === undefined) return;
  const since = Math.max(filter.since ?? 0, startOfDay(first));
  const until = Math.min(filter.until ?? Number.POSITIVE_INFINITY, Date.now());
  if (until - since <= daysMax * dayMs) return;
  const expected = `a span of at most ${daysMax} days (SERVER_QUERY_CDR_MAX_DAY_INTERVAL)`;
  throw refused('since', new Date(since).toISOString(), expected);
}

function refused(path: string, value: string | number, expected: string): RequestRefused {
  return new RequestRefused('bad-request', `${path} ${value}: expected ${expected}`, [
    { path, value, expected, message: `expected ${expected}` },
  ]);
}

/** "2026-01-01T00:00:00.000Z/SET/FILE/OFFSET": the CDR behind which a page begins. */
export function placeText({ endedAt, logId }: Pick<StoredCdr, 'endedAt' | 'logId'>): string {
  return `${new Date(endedAt).toISOString()}/${logIdText(logId)}`;
}

const placeForm = /^([^/]{20,30})\/(.+)$/;

/** Undefined where the text is no place. */
export function parsePlace(text: string): StoredCdrQuery['after'] {
  const match = placeForm.exec(text);
  const endedAt = match === null ? Number.NaN : Date.parse(match[1]!);
  const logId = match === null ? undefined : parseLogId(match[2]!);
  return logId === undefined || Number.isNaN(endedAt) ? undefined : { endedAt, logId };
}
