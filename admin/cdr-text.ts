// CDRs as text: JSON, one object a line, and CSV for spreadsheets. Used by the API and by `tandem cdr`.
import type { Cdr } from '../core/cdr/cdr.ts';
import { cdrColumns, cdrToJson, type LogId } from '../core/cdr/cdr-json.ts';

export type LoggedCdr = Cdr & { logId: LogId };

export interface CdrFilter {
  /** Milliseconds since 1970; of the call's end, this one included. */
  since?: number | undefined;
  /** This one not included. */
  until?: number | undefined;
  /** Of the customer or of the carrier. */
  account?: string | undefined;
  /** The mapping gateway, or any routing gateway that was tried. */
  gateway?: string | undefined;
  /** Of either leg, or of an attempt. */
  callId?: string | undefined;
  limit?: number | undefined;
}

/** Oldest end first. */
export type CdrReader = (filter: CdrFilter) => AsyncIterable<LoggedCdr>;

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
    text += format === 'csv' ? cdrCsvLine(cdr) : cdrJsonLine(cdr);
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

export const cdrCsvHeading: string = `${cdrColumns.join(',')}\r\n`;

/** RFC 4180; what is not a single value (`attempts`, `logId`) is JSON in one cell. */
export function cdrCsvLine(cdr: LoggedCdr): string {
  const shown = cdrToJson(cdr, cdr.logId);
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
