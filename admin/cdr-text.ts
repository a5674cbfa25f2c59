// CDRs as text: JSON, one object a line, and CSV for spreadsheets. Used by the API and by `tandem cdr`.
import { type CdrJson, cdrColumns, cdrToJson, type LogId } from '../core/cdr/cdr-json.ts';
import type { StoredCdr as LoggedCdr, RejectedRow } from '../workers/ledger/ledger-store.ts';

export type CdrFormat = 'ndjson' | 'csv';

/** Text gathered before it is handed on. */
const pieceCharacters = 32 << 10;

/** The records as text, in pieces of some tens of kilobytes. */
export async function* cdrText(
  records: AsyncIterable<LoggedCdr>,
  format: CdrFormat,
): AsyncGenerator<string> {
  let text = format === 'csv' ? cdrCsvHeading : '';
  for await (const cdr of records) {
    text += format === 'csv' ? cdrCsvLine(cdrToJson(cdr, cdr.logId)) : cdrJsonLine(cdr);
    if (text.length >= pieceCharacters) {
      yield text;
      text = '';
    }
  }
  if (text !== '') yield text;
}

export function cdrJsonLine(cdr: LoggedCdr): string {
  return `${JSON.stringify(cdrToJson(cdr, cdr.logId))}\n`;
}

/** A record of the log that no table takes. */
export interface RejectedJson {
  logId: LogId;
  rejectedAt: string;
  /** Why, in words. */
  reason: string;
  /** JSON of what the log says. */
  raw: string;
}

export function rejectedToJson({ logId, at, reason, raw }: RejectedRow): RejectedJson {
  return { logId, rejectedAt: new Date(at).toISOString(), reason, raw };
}

export const cdrCsvHeading: string = `${cdrColumns.join(',')}\r\n`;

/** RFC 4180; what is not a single value (`attempts`, `logId`) is JSON in one cell. */
export function cdrCsvLine(shown: CdrJson): string {
  return `${cdrColumns.map((column) => csvCell(shown[column])).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = readsAsFormula(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A caller chooses what stands in a SIP header; a spreadsheet must not run it. "+44…" stays as it is. */
function readsAsFormula(text: string): boolean {
  return /^[=@\t\r]/.test(text) || (/^[+-]/.test(text) && !/^[+-][0-9.]+$/.test(text));
}
