// One batch of the CDR writer as one transaction. The usual way is one text of several statements and one
// COMMIT: two answers to wait for. Its text is made while the batch before is under way, so that the server
// has its next work at once. Where the server refuses a row, the same is done step by step, halving the rows
// until those at fault are found.
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
  insertSql,
  partsOf,
  rejectedSql,
  type SqlRowText,
} from './mysql-batch-sql.ts';
import { rowSql } from './mysql-cdr-row.ts';
import { isDuplicate, type MysqlLink, SqlRefused } from './mysql-link.ts';
import { rowProblem } from './row-check.ts';
import { sqlText } from './sql-text.ts';

/** ER_NO_SUCH_TABLE: somebody has dropped it. */
const noSuchTable = 1146;

interface MysqlBatch extends PreparedBatch {
  /** Those that a table takes. */
  readonly listed: readonly LedgerRow[];
  readonly rejected: readonly RejectedRecord[];
  /** Made at the commit where the server is to be asked for the numbers of log files first. */
  texts: BatchTexts | undefined;
}

interface BatchTexts {
  readonly rows: readonly SqlRowText[];
  /** All up to the COMMIT. */
  readonly whole: string;
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

  prepare(batch: LedgerBatch): MysqlBatch {
    const listed: LedgerRow[] = [];
    const rejected = [...batch.rejected];
    for (const row of batch.rows) {
      if (!row.listed) continue;
      const reason = rowProblem(row);
      if (reason === '') listed.push(row);
      else rejected.push(rejectedRow(row, reason));
    }
    const prepared: MysqlBatch = { batch, listed, rejected, texts: undefined };
    if (listed.every((row) => this.#fileOf(row) !== undefined))
      prepared.texts = this.#texts(prepared);
    return prepared;
  }

  commit(prepared: PreparedBatch): Promise<CommitResult> {
    const batch = prepared as MysqlBatch;
    return this.#link.alone(async () => {
      for (const row of batch.listed) if (!this.#isPlaced(row)) await this.#prepareTables(row);
      batch.texts ??= this.#texts(batch);
      try {
        return await this.#atOnce(batch, batch.texts);
      } catch (error) {
        if (!(error instanceof SqlRefused)) throw error;
        if (error.errno === noSuchTable) this.#days.clear();
        if (!error.isAboutData) throw new LedgerAway(`MySQL: ${error.message}`);
        await this.#link.run('ROLLBACK');
        return await this.#stepByStep(batch, batch.texts);
      }
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
    return this.#files.get(`${logId.set}/${logId.file}`);
  }

  #texts({ batch, listed, rejected }: MysqlBatch): BatchTexts {
    const rows = listed.map((row) => ({
      row,
      sql: `(${rowSql(row)},${this.#fileOf(row)!},${row.logId.offset})`,
    }));
    const statements = [
      'START TRANSACTION',
      advanceSql(batch),
      ...partsOf(rows).map(insertSql),
      ...booksSql(batch.rows, new Set(listed)),
      ...rejectedSql(rejected),
    ];
    return { rows, whole: statements.join(';\n') };
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

  async #atOnce({ rejected }: MysqlBatch, { rows, whole }: BatchTexts): Promise<CommitResult> {
    const results = await this.#link.run(whole);
    if (results[1]!.affectedRows !== 1) {
      await this.#link.run('ROLLBACK');
      return { kind: 'moved' };
    }
    await this.#link.run('COMMIT');
    return { kind: 'stored', rows: rows.length, rejected };
  }

  async #stepByStep({ batch, rejected }: MysqlBatch, { rows }: BatchTexts): Promise<CommitResult> {
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
