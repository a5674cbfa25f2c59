// One batch of the CDR writer as one transaction. The usual way is one text of several statements and one
// COMMIT: two answers to wait for. Where the server refuses a row, the same is done step by step, halving
// the rows until those at fault are found.

import { sumUsages } from '../../core/billing/fraud-usage.ts';
import { moneyText } from '../../core/money.ts';
import { addDays } from '../cdr/table-days.ts';
import { bigintText } from './embedded-ledger.ts';
import {
  type CommitResult,
  LedgerAway,
  type LedgerBatch,
  type LedgerRow,
  type PreparedBatch,
  type RejectedRecord,
} from './ledger-store.ts';
import { cdrColumnNames, rowSql } from './mysql-cdr-row.ts';
import { isDuplicate, type MysqlLink, SqlRefused } from './mysql-link.ts';
import { sumPostings } from './postings.ts';
import { rowProblem } from './row-check.ts';
import { sqlText, sqlTime } from './sql-text.ts';

/** Rows of one INSERT. */
const rowsAtOnce = 1000;
/** ER_NO_SUCH_TABLE: somebody has dropped it. */
const noSuchTable = 1146;

interface SqlRowText {
  readonly row: LedgerRow;
  readonly sql: string;
}

interface MysqlBatch extends PreparedBatch {
  readonly rows: readonly SqlRowText[];
  readonly rejected: readonly RejectedRecord[];
}

export function prepareMysqlBatch(batch: LedgerBatch): MysqlBatch {
  const rows: SqlRowText[] = [];
  const rejected = [...batch.rejected];
  for (const row of batch.rows) {
    if (!row.listed) continue;
    const reason = rowProblem(row);
    if (reason === '') rows.push({ row, sql: rowSql(row) });
    else rejected.push(rejectedRow(row, reason));
  }
  return { batch, rows, rejected };
}

function rejectedRow({ cdr, logId }: LedgerRow, reason: string): RejectedRecord {
  return { logId, reason, raw: JSON.stringify(cdr, bigintText) };
}

export class MysqlCommit {
  readonly #link: MysqlLink;
  readonly #days = new Set<number>();
  readonly #files = new Map<string, number>();

  constructor(link: MysqlLink) {
    this.#link = link;
  }

  commit(prepared: PreparedBatch): Promise<CommitResult> {
    const batch = prepared as MysqlBatch;
    return this.#link.alone(async () => {
      for (const { row } of batch.rows) await this.#prepareTables(row);
      try {
        return await this.#atOnce(batch);
      } catch (error) {
        if (!(error instanceof SqlRefused)) throw error;
        if (error.errno === noSuchTable) this.#days.clear();
        if (!error.isAboutData) throw new LedgerAway(`MySQL: ${error.message}`);
        await this.#link.run('ROLLBACK');
        return await this.#stepByStep(batch);
      }
    });
  }

  /** Its table was dropped. */
  forgetDay(day: number): void {
    this.#days.delete(day);
    this.#days.delete(addDays(day, -1));
  }

  /** Outside of the transaction: DDL would commit it. The next day's table is made with the day's. */
  async #prepareTables({ day, logId }: LedgerRow): Promise<void> {
    if (!this.#days.has(day)) {
      for (const each of [day, addDays(day, 1)]) {
        await this.#link.run(`CREATE TABLE IF NOT EXISTS cdr_${each} LIKE cdr_template`);
      }
      this.#days.add(day);
    }
    const file = `${logId.set}/${logId.file}`;
    if (this.#files.has(file)) return;
    const where = `log_set = ${sqlText(logId.set)} AND file = ${sqlText(logId.file)}`;
    const find = async (): Promise<number | undefined> => {
      const [found] = await this.#link.rows(`SELECT id FROM cdr_log_file WHERE ${where}`);
      return found === undefined ? undefined : Number(found.id);
    };
    let id = await find();
    if (id === undefined) {
      const values = `(${sqlText(logId.set)}, ${sqlText(logId.file)})`;
      await this.#link.run(
        `INSERT INTO cdr_log_file (log_set, file) VALUES ${values} ON DUPLICATE KEY UPDATE id = id`,
      );
      id = await find();
    }
    this.#files.set(file, id!);
  }

  async #atOnce(prepared: MysqlBatch): Promise<CommitResult> {
    const { batch, rows, rejected } = prepared;
    const statements = [
      'START TRANSACTION',
      advanceSql(batch),
      ...this.#inserts(rows),
      ...booksSql(batch.rows, new Set(rows.map(({ row }) => row))),
      ...rejectedSql(rejected),
    ];
    const results = await this.#link.run(statements.join(';\n'));
    if (results[1]!.affectedRows !== 1) {
      await this.#link.run('ROLLBACK');
      return { kind: 'moved' };
    }
    await this.#link.run('COMMIT');
    return { kind: 'stored', rows: rows.length, rejected };
  }

  async #stepByStep({ batch, rows, rejected }: MysqlBatch): Promise<CommitResult> {
    const [, advanced] = await this.#link.run(`START TRANSACTION; ${advanceSql(batch)}`);
    if (advanced!.affectedRows !== 1) {
      await this.#link.run('ROLLBACK');
      return { kind: 'moved' };
    }
    const stored = new Set<LedgerRow>();
    const twice = new Set<LedgerRow>();
    const refused = [...rejected];
    for (const part of partsOf(rows)) {
      await this.#insertOrHalve(part, async ({ row }, error) => {
        if (error === undefined) stored.add(row);
        else if (isDuplicate(error)) twice.add(row);
        else refused.push(rejectedRow(row, error.message));
      });
    }
    const posted = batch.rows.filter((row) => !twice.has(row));
    const statements = [...booksSql(posted, stored), ...rejectedSql(refused)];
    if (statements.length > 0) await this.#link.run(statements.join(';\n'));
    await this.#link.run('COMMIT');
    return { kind: 'stored', rows: stored.size, rejected: refused };
  }

  /** `settled` is told of each row, with what the server says against it. */
  async #insertOrHalve(
    rows: readonly SqlRowText[],
    settled: (row: SqlRowText, error: SqlRefused | undefined) => Promise<void>,
  ): Promise<void> {
    try {
      await this.#link.run(this.#insert(rows));
      for (const row of rows) await settled(row, undefined);
    } catch (error) {
      if (!(error instanceof SqlRefused && error.isAboutData)) throw error;
      if (rows.length === 1) return await settled(rows[0]!, error);
      const middle = rows.length >>> 1;
      await this.#insertOrHalve(rows.slice(0, middle), settled);
      await this.#insertOrHalve(rows.slice(middle), settled);
    }
  }

  #inserts(rows: readonly SqlRowText[]): string[] {
    return partsOf(rows).map((part) => this.#insert(part));
  }

  /** Of rows of one day. */
  #insert(rows: readonly SqlRowText[]): string {
    const values = rows.map(({ row: { logId }, sql }) => {
      const file = this.#files.get(`${logId.set}/${logId.file}`)!;
      return `(${sql},${file},${logId.offset})`;
    });
    return `INSERT INTO cdr_${rows[0]!.row.day} (${cdrColumnNames}) VALUES ${values.join(',\n')}`;
  }
}

/** By day, and by so many. */
function partsOf(rows: readonly SqlRowText[]): SqlRowText[][] {
  const parts: SqlRowText[][] = [];
  const byDay = groupByDay(rows, ({ row }) => row.day);
  for (const ofDay of byDay.values()) {
    for (let at = 0; at < ofDay.length; at += rowsAtOnce) {
      parts.push(ofDay.slice(at, at + rowsAtOnce));
    }
  }
  return parts;
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
function advanceSql({ logSet, version, places }: LedgerBatch): string {
  return `UPDATE cdr_checkpoint SET version = ${version + 1}, places = ${sqlText(JSON.stringify(places))},
    updated_at = UTC_TIMESTAMP(3) WHERE log_set = ${sqlText(logSet)} AND version = ${version}`;
}

/** What changes beside the rows: days, and accounts in the order of their names, so that nodes that post
 *  at once do not wait for each other in a circle. */
function booksSql(rows: readonly LedgerRow[], listed: ReadonlySet<LedgerRow>): string[] {
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

function rejectedSql(rejected: readonly RejectedRecord[]): string[] {
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
