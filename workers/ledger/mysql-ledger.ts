// The ledger in MySQL 8 or MariaDB 10.11 and later: one connection for what changes it, one for queries, so
// that a long query holds up no commit. Opening it reaches for nothing: a node starts, and takes calls,
// while the database is away.
import type { LogId } from '../../core/cdr/cdr-json.ts';
import {
  type LedgerStore,
  type RejectedPage,
  type RejectedRow,
  rejectedAtOnceMax,
} from './ledger-store.ts';
import { checkpointOf, MysqlAccounts } from './mysql-accounts.ts';
import { booksOver, viewMysqlBooks } from './mysql-books.ts';
import { text } from './mysql-cdr-row.ts';
import { mysqlCdrs } from './mysql-cdrs.ts';
import { MysqlCommit } from './mysql-commit.ts';
import { copyMysqlLedger } from './mysql-copy.ts';
import { MysqlDues } from './mysql-dues.ts';
import { MysqlLink } from './mysql-link.ts';
import { migrate } from './mysql-migrations.ts';
import { sqlText } from './sql-text.ts';

const queryMs = 60_000;
/** Entries that one transaction removes: it must not hold up the writer. */
const droppedAtOnce = 10_000;
/** Between two looks at the server's settings. */
const settingsMs = 60_000;

export interface MysqlLedgerOptions {
  readonly url: string;
  /** How long the server may take for one answer before it counts as away. */
  readonly answerMs?: number | undefined;
  /** Between two looks at the server's settings; default: a minute. */
  readonly settingsEveryMs?: number | undefined;
}

export function openMysqlLedger({
  url,
  answerMs,
  settingsEveryMs,
}: MysqlLedgerOptions): LedgerStore {
  let warning = '';
  let warnedMs = Number.NEGATIVE_INFINITY;
  const lookAtSettings = async (link: MysqlLink): Promise<void> => {
    warnedMs = performance.now();
    warning = await durabilityWarning(link);
  };
  const onConnected = async (link: MysqlLink): Promise<void> => {
    await migrate(link);
    await lookAtSettings(link);
  };
  const writing = new MysqlLink({ url, onConnected, answerMs });
  const reading = new MysqlLink({ url, onConnected: migrate, answerMs: answerMs ?? queryMs });
  const commits = new MysqlCommit(writing);
  const accounts = new MysqlAccounts(writing);
  const dues = new MysqlDues(writing);
  return {
    ...booksOver(writing),
    kind: 'mysql',
    warning: () => {
      // They may be changed while the connection lives; a server that is away is heard of otherwise.
      if (performance.now() - warnedMs > (settingsEveryMs ?? settingsMs)) {
        lookAtSettings(reading).catch(() => {});
      }
      return warning;
    },
    checkpoint: (logSet) => readCheckpoint(writing, logSet),
    prepare: (batch) => commits.prepare(batch),
    commit: (prepared) => commits.commit(prepared),
    cdrs: (query) => mysqlCdrs(reading, query),
    view: (read) => viewMysqlBooks({ url, answerMs: answerMs ?? queryMs }, read),
    dropUnlisted: (logSet, files) => dropUnlisted(writing, logSet, files),
    dropDay: async (day) => {
      // First, so that no query begins on a table that is going.
      await writing.run(`DELETE FROM cdr_day WHERE day = ${day}`);
      await writing.run(`DROP TABLE IF EXISTS cdr_${day}`);
      commits.forgetDay(day);
    },
    rejectedRows: (page = {}) => readRejected(reading, page),
    openAccounts: (opening, at) => accounts.open(opening, at),
    account: (name) => accounts.find(name),
    closeAccount: (name) => accounts.close(name),
    pay: (order) => accounts.pay(order),
    chargeRent: (due) => dues.chargeRent(due),
    chargeMinimum: (due) => dues.chargeMinimum(due),
    standing: (names, logSets) => accounts.standing(names, logSets),
    recentPayments: (number) => accounts.payments({ after: number }),
    copy: (dataDir) => copyMysqlLedger(reading, dataDir),
    usages: (since) => accounts.usages(since),
    dropUsages: (before) => accounts.dropUsages(before),
    close: async () => {
      await Promise.all([writing.close(), reading.close()]);
    },
  };
}

async function readRejected(
  link: MysqlLink,
  { after, limit = rejectedAtOnceMax }: RejectedPage,
): Promise<RejectedRow[]> {
  const where = after === undefined ? '' : `WHERE ${behindSql(after)}`;
  const rows = await link.rows(`SELECT log_set, file, log_offset, reason, raw,
    CAST(UNIX_TIMESTAMP(rejected_at) * 1000 AS SIGNED) AS at FROM cdr_rejected ${where}
    ORDER BY log_set, file, log_offset LIMIT ${limit}`);
  return rows.map((row) => ({
    logId: { set: text(row.log_set), file: text(row.file), offset: Number(row.log_offset) },
    reason: text(row.reason),
    raw: text(row.raw),
    at: Number(row.at),
  }));
}

function behindSql(after: LogId): string {
  const set = sqlText(after.set);
  const file = sqlText(after.file);
  return `log_set > ${set} OR (log_set = ${set} AND (file > ${file} OR (file = ${file} AND log_offset > ${after.offset})))`;
}

async function dropUnlisted(
  link: MysqlLink,
  logSet: string,
  files: readonly string[],
): Promise<void> {
  const kept = new Set(files);
  const rows = await link.rows(`SELECT id, file FROM cdr_log_file
    WHERE log_set = ${sqlText(logSet)} AND EXISTS (SELECT 1 FROM cdr_unlisted WHERE log_file = id)`);
  for (const { id, file } of rows) {
    if (kept.has(text(file))) continue;
    const sql = `DELETE FROM cdr_unlisted WHERE log_file = ${id} LIMIT ${droppedAtOnce}`;
    while ((await link.run(sql))[0]!.affectedRows === droppedAtOnce);
  }
}

/** Makes the row that commits lock. */
async function readCheckpoint(
  link: MysqlLink,
  logSet: string,
): Promise<ReturnType<typeof checkpointOf>> {
  const select = `SELECT version, places FROM cdr_checkpoint WHERE log_set = ${sqlText(logSet)}`;
  const [found] = await link.rows(select);
  if (found !== undefined) return checkpointOf(found);
  await link.run(`INSERT INTO cdr_checkpoint (log_set, version, places, updated_at)
    VALUES (${sqlText(logSet)}, 0, '{}', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE version = version`);
  const [made] = await link.rows(select);
  return checkpointOf(made);
}

/** Whether a commit that was answered can be lost when the server's machine dies. */
async function durabilityWarning(link: MysqlLink): Promise<string> {
  const [row] = await link.rows(
    `SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flushed, @@GLOBAL.log_bin AS is_logged,
      @@GLOBAL.sync_binlog AS synced`,
  );
  const faults: string[] = [];
  if (Number(row?.flushed) !== 1) {
    faults.push(`innodb_flush_log_at_trx_commit is ${row?.flushed}: expected 1`);
  }
  // After a crash the server rolls back what its binary log does not have.
  if (Number(row?.is_logged) === 1 && Number(row?.synced) !== 1) {
    faults.push(`sync_binlog is ${row?.synced}: expected 1 while log_bin is on`);
  }
  if (faults.length === 0) return '';
  return `${faults.join(', ')}; this server can lose CDRs that it has confirmed`;
}
