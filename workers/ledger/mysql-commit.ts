// One batch of the CDR writer as one transaction. The usual way is one text of several statements and one
// COMMIT: two answers to wait for. Its text is made while the batch before is under way, so that the server
// has its next work at once. Where the server refuses a row, or a record turns out to be posted already, the same is
// done step by step, halving the rows until those at fault are found.
import type { ResultSetHeader } from 'mysql2/promise';
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
import {
  advanceSql,
  booksSql,
  findRowsSql,
  findUnlistedSql,
  insertSql,
  partsOf,
  rejectedSql,
  type SqlPlace,
  type SqlRowText,
  unlistedSql,
} from './mysql-batch-sql.ts';
import { rowSql } from './mysql-cdr-row.ts';
import { isDuplicate, type MysqlLink, SqlRefused, type SqlRow } from './mysql-link.ts';
import { rowProblem } from './row-check.ts';
import { sqlText } from './sql-text.ts';
import { isPosting, spansOf } from './unlisted-records.ts';

/** ER_NO_SUCH_TABLE: somebody has dropped it. */
const noSuchTable = 1146;

interface MysqlBatch extends PreparedBatch {
  /** Those that a table takes. */
  readonly listed: readonly LedgerRow[];
  /** Those that are posted without a row. */
  readonly unlisted: readonly LedgerRow[];
  /** Of these, those that may have had one: parameters change. */
  readonly perhapsListed: readonly LedgerRow[];
  readonly rejected: readonly RejectedRecord[];
  /** Made at the commit where the server is to be asked for the numbers of log files first. */
  texts: BatchTexts | undefined;
}

interface BatchTexts {
  readonly rows: readonly SqlRowText[];
  /** SELECTs that find something where a record was posted before; those of `whole`. */
  readonly looks: readonly string[];
  /** All up to the COMMIT. */
  readonly whole: string;
}

function rejectedRow({ cdr, logId }: LedgerRow, reason: string): RejectedRecord {
  return { logId, reason, raw: JSON.stringify(cdr, bigintText) };
}

function hasAll(
  rows: readonly LedgerRow[],
  fileOf: (row: LedgerRow) => number | undefined,
): boolean {
  return rows.every((row) => fileOf(row) !== undefined);
}

export class MysqlCommit {
  readonly #link: MysqlLink;
  readonly #days = new Set<number>();
  readonly #files = new Map<string, number>();

  constructor(link: MysqlLink) {
    this.#link = link;
  }

  prepare(batch: LedgerBatch): MysqlBatch {
    const listed: LedgerRow[] = [];
    const unlisted: LedgerRow[] = [];
    const perhapsListed: LedgerRow[] = [];
    const rejected = [...batch.rejected];
    for (const row of batch.rows) {
      if (!(row.listed || isPosting(row))) continue;
      const reason = rowProblem(row);
      if (row.listed && reason === '') {
        listed.push(row);
        continue;
      }
      if (row.listed) rejected.push(rejectedRow(row, reason));
      if (!isPosting(row)) continue;
      unlisted.push(row);
      if (reason === '') perhapsListed.push(row);
    }
    const parts = { batch, listed, unlisted, perhapsListed, rejected };
    const prepared: MysqlBatch = { ...parts, texts: undefined };
    if (hasAll(listed, (row) => this.#fileOf(row)) && hasAll(unlisted, (row) => this.#fileOf(row)))
      prepared.texts = this.#texts(prepared);
    return prepared;
  }

  commit(prepared: PreparedBatch): Promise<CommitResult> {
    const batch = prepared as MysqlBatch;
    return this.#link.alone(async () => {
      await this.#preparePlaces(batch);
      batch.texts ??= this.#texts(batch);
      try {
        const result = await this.#atOnce(batch, batch.texts);
        if (result !== undefined) return result;
      } catch (error) {
        if (!(error instanceof SqlRefused)) throw error;
        if (error.errno === noSuchTable) this.#days.clear();
        if (!error.isAboutData) throw new LedgerAway(`MySQL: ${error.message}`);
        await this.#link.run('ROLLBACK');
      }
      return await this.#stepByStep(batch, batch.texts);
    });
  }

  /** Its table was dropped. */
  forgetDay(day: number): void {
    this.#days.delete(day);
    this.#days.delete(addDays(day, -1));
  }

  #isPlaced(row: LedgerRow): boolean {
    return this.#days.has(row.day) && this.#fileOf(row) !== undefined;
  }

  #fileOf({ logId }: LedgerRow): number | undefined {
    return this.#numberOf(logId.set, logId.file);
  }

  #numberOf(set: string, file: string): number | undefined {
    return this.#files.get(`${set}/${file}`);
  }

  #placeOf(row: LedgerRow): SqlPlace {
    return { file: this.#fileOf(row)!, offset: row.logId.offset };
  }

  #texts(prepared: MysqlBatch): BatchTexts {
    const { batch, listed, unlisted, rejected } = prepared;
    const rows = listed.map((row) => ({
      row,
      sql: `(${rowSql(row)},${this.#fileOf(row)!},${row.logId.offset})`,
    }));
    const looks = batch.isNew === true ? [] : this.#looksFor(prepared);
    const statements = [
      'START TRANSACTION',
      advanceSql(batch),
      ...looks,
      ...partsOf(rows).map(insertSql),
      ...booksSql(batch.rows, new Set(listed)),
      ...unlistedSql(unlisted.map((row) => this.#placeOf(row))),
      ...rejectedSql(rejected),
    ];
    return { rows, looks, whole: statements.join(';\n') };
  }

  #looksFor({ listed, unlisted, perhapsListed }: MysqlBatch): string[] {
    const spans = spansOf(unlisted.length === 0 ? listed : [...listed, ...unlisted]);
    return [
      ...findUnlistedSql(spans, (span) => this.#numberOf(span.set, span.file)!),
      ...findRowsSql(perhapsListed, (row) => this.#placeOf(row)),
    ];
  }

  async #preparePlaces({ listed, unlisted, perhapsListed }: MysqlBatch): Promise<void> {
    for (const rows of [listed, perhapsListed]) {
      for (const row of rows) if (!this.#isPlaced(row)) await this.#prepareTables(row);
    }
    for (const row of unlisted) await this.#prepareFile(row);
  }

  /** Outside of the transaction: DDL would commit it. The next day's table is made with the day's. */
  async #prepareTables(row: LedgerRow): Promise<void> {
    const { day } = row;
    if (!this.#days.has(day)) {
      for (const each of [day, addDays(day, 1)]) {
        await this.#link.run(`CREATE TABLE IF NOT EXISTS cdr_${each} LIKE cdr_template`);
      }
      this.#days.add(day);
    }
    await this.#prepareFile(row);
  }

  async #prepareFile({ logId }: LedgerRow): Promise<void> {
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

  /** Undefined, and rolled back, where something of it was posted before. */
  async #atOnce(
    { rejected }: MysqlBatch,
    { rows, looks, whole }: BatchTexts,
  ): Promise<CommitResult | undefined> {
    const [, advanced, ...results] = await this.#link.answers(whole);
    if ((advanced as ResultSetHeader).affectedRows !== 1) {
      await this.#link.run('ROLLBACK');
      return { kind: 'moved' };
    }
    if (results.slice(0, looks.length).some((found) => (found as SqlRow[]).length > 0)) {
      await this.#link.run('ROLLBACK');
      return undefined;
    }
    await this.#link.run('COMMIT');
    return { kind: 'stored', rows: rows.length, rejected };
  }

  async #stepByStep(prepared: MysqlBatch, { rows }: BatchTexts): Promise<CommitResult> {
    const { batch, rejected } = prepared;
    const [, advanced] = await this.#link.run(`START TRANSACTION; ${advanceSql(batch)}`);
    if (advanced!.affectedRows !== 1) {
      await this.#link.run('ROLLBACK');
      return { kind: 'moved' };
    }
    const before = await this.#find(this.#looksFor(prepared));
    const stored = new Set<LedgerRow>();
    const twice = new Set<LedgerRow>();
    const refused = new Map<LedgerRow, string>();
    for (const part of partsOf(rows.filter(({ row }) => !before.has(this.#placeText(row))))) {
      await this.#insertOrHalve(part, async ({ row }, error) => {
        if (error === undefined) stored.add(row);
        else if (isDuplicate(error)) twice.add(row);
        else refused.set(row, error.message);
      });
    }
    // The server may object to the values of a row before it finds that it has it.
    const kept = await this.#find(findRowsSql([...refused.keys()], (row) => this.#placeOf(row)));
    for (const place of kept) before.add(place);
    const posted = batch.rows.filter(
      (row) => !(twice.has(row) || before.has(this.#placeText(row))),
    );
    const unlisted = posted.filter((row) => !stored.has(row) && isPosting(row));
    const setAside = [...rejected];
    for (const [row, reason] of refused) {
      if (!kept.has(this.#placeText(row))) setAside.push(rejectedRow(row, reason));
    }
    const statements = [
      ...booksSql(posted, stored),
      ...unlistedSql(unlisted.map((row) => this.#placeOf(row))),
      ...rejectedSql(setAside),
    ];
    if (statements.length > 0) await this.#link.run(statements.join(';\n'));
    await this.#link.run('COMMIT');
    return { kind: 'stored', rows: stored.size, rejected: setAside };
  }

  #placeText(row: LedgerRow): string {
    return `${this.#fileOf(row)}/${row.logId.offset}`;
  }

  async #find(selects: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    for (const sql of selects) {
      for (const row of await this.#link.rows(sql)) found.add(`${row.log_file}/${row.log_offset}`);
    }
    return found;
  }

  /** `settled` is told of each row, with what the server says against it. */
  async #insertOrHalve(
    rows: readonly SqlRowText[],
    settled: (row: SqlRowText, error: SqlRefused | undefined) => Promise<void>,
  ): Promise<void> {
    try {
      await this.#link.run(insertSql(rows));
      for (const row of rows) await settled(row, undefined);
    } catch (error) {
      if (!(error instanceof SqlRefused && error.isAboutData)) throw error;
      if (rows.length === 1) return await settled(rows[0]!, error);
      const middle = rows.length >>> 1;
      await this.#insertOrHalve(rows.slice(0, middle), settled);
      await this.#insertOrHalve(rows.slice(middle), settled);
    }
  }
}
