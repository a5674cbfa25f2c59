// Records that are posted without a row: parameters keep them out of the tables, or no table takes them. A row stops
// a replay of its record; for these the ledger keeps the identity by itself (`cdr_unlisted`, `unlisted/` of the
// embedded ledger). A batch asks for those that lie where it was read: there are none unless it is a replay.
import type { LogId } from '../../core/cdr/cdr-json.ts';
import type { LedgerRow } from './ledger-store.ts';

/** Frames of one file, first and last included. */
export interface LogSpan {
  readonly set: string;
  readonly file: string;
  first: number;
  last: number;
}

/** Whether it changes any account. */
export function isPosting({ charges, usages }: LedgerRow): boolean {
  return charges.length > 0 || (usages !== undefined && usages.length > 0);
}

/** One for each file of the log. */
export function spansOf(rows: Iterable<{ readonly logId: LogId }>): LogSpan[] {
  const spans: LogSpan[] = [];
  let span: LogSpan | undefined;
  for (const { logId } of rows) {
    const { set, file, offset } = logId;
    if (span === undefined || span.file !== file || span.set !== set) {
      span = spans.find((earlier) => earlier.file === file && earlier.set === set);
      if (span === undefined) {
        span = { set, file, first: offset, last: offset };
        spans.push(span);
      }
    }
    if (offset < span.first) span.first = offset;
    else if (offset > span.last) span.last = offset;
  }
  return spans;
}
