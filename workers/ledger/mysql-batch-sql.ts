// What a batch of the CDR writer changes, as SQL text: the checkpoint, rows of the daily tables, days, accounts,
// and what is set aside.
import { sumUsages } from '../../core/billing/fraud-usage.ts';
import { moneyText } from '../../core/money.ts';
import type { LedgerBatch, LedgerRow, RejectedRecord } from './ledger-store.ts';
import { cdrColumnNames } from './mysql-cdr-row.ts';
import { sumPostings } from './postings.ts';
import { sqlText, sqlTime } from './sql-text.ts';
import type { LogSpan } from './unlisted-records.ts';

/** Rows of one INSERT. */
const rowsAtOnce = 1000;
/** Rows that one SELECT looks for by their keys. */
const keysAtOnce = 200;

export interface SqlRowText {
  readonly row: LedgerRow;
  /** With its parentheses. */
  readonly sql: string;
}

/** Of rows of one day. */
export function insertSql(rows: readonly SqlRowText[]): string {
  const values = rows.map(({ sql }) => sql).join(',\n');
  return `INSERT INTO cdr_${rows[0]!.row.day} (${cdrColumnNames}) VALUES ${values}`;
}

/** By day, and by so many. */
export function partsOf(rows: readonly SqlRowText[]): SqlRowText[][] {
  const parts: SqlRowText[][] = [];
  const byDay = groupByDay(rows, ({ row }) => row.day);
  for (const ofDay of byDay.values()) {
    for (let at = 0; at < ofDay.length; at += rowsAtOnce) {
      parts.push(ofDay.slice(at, at + rowsAtOnce));
    }
  }
  return parts;
}

/** In the numbers of the tables. */
export interface SqlPlace {
  readonly file: number;
  readonly offset: number;
}

export function unlistedSql(places: readonly SqlPlace[]): string[] {
  const statements: string[] = [];
  for (let at = 0; at < places.length; at += rowsAtOnce) {
    const part = places.slice(at, at + rowsAtOnce);
    const values = part.map(({ file, offset }) => `(${file},${offset})`).join(',');
    statements.push(`INSERT INTO cdr_unlisted (log_file, log_offset) VALUES ${values}`);
  }
  return statements;
}

/** Asks for records of these stretches that were posted without a row. */
export function findUnlistedSql(
  spans: readonly LogSpan[],
  fileOf: (span: LogSpan) => number,
): string[] {
  if (spans.length === 0) return [];
  const stretches = spans.map(
    (span) => `(log_file = ${fileOf(span)} AND log_offset BETWEEN ${span.first} AND ${span.last})`,
  );
  return [`SELECT log_file, log_offset FROM cdr_unlisted WHERE ${stretches.join(' OR ')}`];
}

/** Asks for the rows of these records. */
export function findRowsSql(
  rows: readonly LedgerRow[],
  placeOf: (row: LedgerRow) => SqlPlace,
): string[] {
  const statements: string[] = [];
  for (const [day, ofDay] of groupByDay(rows, (row) => row.day)) {
    for (let at = 0; at < ofDay.length; at += keysAtOnce) {
      const keys = ofDay.slice(at, at + keysAtOnce).map((row) => {
        const { file, offset } = placeOf(row);
        const ended = sqlTime(row.cdr.endedAt);
        return `(ended_at = ${ended} AND log_file = ${file} AND log_offset = ${offset})`;
      });
      statements.push(`SELECT log_file, log_offset FROM cdr_${day} WHERE ${keys.join(' OR ')}`);
    }
  }
  return statements;
}

function groupByDay<Item>(
  items: Iterable<Item>,
  dayOf: (item: Item) => number,
): Map<number, Item[]> {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const day = dayOf(item);
    const group = groups.get(day);
    if (group === undefined) groups.set(day, [item]);
    else group.push(item);
  }
  return groups;
}

/** Locks the checkpoint, and changes it only where the batch begins there. */
export function advanceSql({ logSet, version, places }: LedgerBatch): string {
  return `UPDATE cdr_checkpoint SET version = ${version + 1}, places = ${sqlText(JSON.stringify(places))},
    updated_at = UTC_TIMESTAMP(3) WHERE log_set = ${sqlText(logSet)} AND version = ${version}`;
}

/** What changes beside the rows: days, and accounts in the order of their names, so that nodes that post
 *  at once do not wait for each other in a circle. */
export function booksSql(rows: readonly LedgerRow[], listed: ReadonlySet<LedgerRow>): string[] {
  const statements: string[] = [];
  const sums = sumPostings(rows, (row) => listed.has(row));
  if (sums.length > 0) {
    const balances = sums.map(
      ({ account, listed: inRows, unlisted, calls }) =>
        `(${sqlText(account)},${moneyText(-inRows - unlisted)},${calls})`,
    );
    statements.push(`INSERT INTO account_balance (account, balance, calls) VALUES ${balances.join(',')}
      ON DUPLICATE KEY UPDATE balance = balance + VALUES(balance), calls = calls + VALUES(calls)`);
    const charges = sums.map(
      ({ account, day, listed: inRows, unlisted, calls }) =>
        `(${sqlText(account)},${day},${moneyText(inRows)},${moneyText(unlisted)},${calls})`,
    );
    statements.push(`INSERT INTO account_day_charge (account, day, listed, unlisted, calls)
      VALUES ${charges.join(',')} ON DUPLICATE KEY UPDATE listed = listed + VALUES(listed),
      unlisted = unlisted + VALUES(unlisted), calls = calls + VALUES(calls)`);
  }
  const usages = sumUsages(rows.flatMap(({ usages: each = [] }) => each));
  if (usages.length > 0) {
    const values = usages.map(
      ({ account, item, day, seconds, money }) =>
        `(${sqlText(account)},${sqlText(item)},${day},${seconds},${moneyText(money)})`,
    );
    statements.push(`INSERT INTO account_usage (account, item, day, seconds, money)
      VALUES ${values.join(',')} ON DUPLICATE KEY UPDATE seconds = seconds + VALUES(seconds),
      money = money + VALUES(money)`);
  }
  const days = [...groupByDay(listed, ({ day }) => day)].sort(([one], [other]) => one - other);
  for (const [day, ofDay] of days) {
    let first = ofDay[0]!.cdr.endedAt;
    let last = first;
    for (const { cdr } of ofDay) {
      first = Math.min(first, cdr.endedAt);
      last = Math.max(last, cdr.endedAt);
    }
    statements.push(`INSERT INTO cdr_day (day, row_count, first_ended_at, last_ended_at)
      VALUES (${day}, ${ofDay.length}, ${sqlTime(first)}, ${sqlTime(last)})
      ON DUPLICATE KEY UPDATE row_count = row_count + VALUES(row_count),
      first_ended_at = LEAST(first_ended_at, VALUES(first_ended_at)),
      last_ended_at = GREATEST(last_ended_at, VALUES(last_ended_at))`);
  }
  return statements;
}

export function rejectedSql(rejected: readonly RejectedRecord[]): string[] {
  if (rejected.length === 0) return [];
  const values = rejected.map(
    ({ logId, reason, raw }) =>
      `(${sqlText(logId.set)},${sqlText(logId.file)},${logId.offset},${sqlText(reason)},${sqlText(raw)},UTC_TIMESTAMP(3))`,
  );
  // The same record may be set aside again, by a replay behind a lost checkpoint.
  return [
    `INSERT INTO cdr_rejected (log_set, file, log_offset, reason, raw, rejected_at)
      VALUES ${values.join(',')} ON DUPLICATE KEY UPDATE rejected_at = rejected_at`,
  ];
}
