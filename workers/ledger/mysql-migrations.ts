// Brings the schema up to ours, one numbered file after the other. Every statement may run twice: DDL of
// MySQL commits by itself, so a migration that was cut short is run again as a whole. Nodes that start at
// once take turns.

import { LedgerAway } from './ledger-store.ts';
import { ledger } from './migrations/0001-ledger.ts';
import { configuration } from './migrations/0002-configuration.ts';
import { usage } from './migrations/0003-usage.ts';
import { giftMoney } from './migrations/0004-gift-money.ts';
import { unlisted } from './migrations/0005-unlisted.ts';
import { text } from './mysql-cdr-row.ts';
import type { MysqlLink } from './mysql-link.ts';
import { sqlText } from './sql-text.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
  /** One more in every table of CDRs. */
  readonly cdrColumn?: { readonly name: string; readonly definition: string };
}

const migrations: readonly Migration[] = [
  { number: 1, ...ledger },
  { number: 2, ...configuration },
  { number: 3, ...usage },
  { number: 4, ...giftMoney },
  { number: 5, ...unlisted },
];

const lockName = 'tandem.schema';
const lockSeconds = 10;

export async function migrate(link: MysqlLink): Promise<void> {
  if ((await appliedNumber(link)) === migrations.length) return;
  const [lock] = await link.rows(`SELECT GET_LOCK('${lockName}', ${lockSeconds}) AS got`);
  if (lock?.got !== 1) throw new LedgerAway('MySQL: another node is changing the schema');
  try {
    await link.run(`CREATE TABLE IF NOT EXISTS schema_migration (
      number INT NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, applied_at DATETIME(3) NOT NULL
    ) ENGINE=InnoDB`);
    const applied = await appliedNumber(link);
    if (applied > migrations.length) {
      throw new LedgerAway(
        `MySQL: schema ${applied}: expected at most ${migrations.length} (written by a newer version)`,
      );
    }
    for (const { number, name, statements, cdrColumn } of migrations) {
      if (number <= applied) continue;
      for (const statement of statements) await link.run(statement);
      if (cdrColumn !== undefined) await addCdrColumn(link, cdrColumn);
      await link.run(
        `INSERT INTO schema_migration VALUES (${number}, ${sqlText(name)}, UTC_TIMESTAMP(3))`,
      );
    }
  } finally {
    await link.rows(`SELECT RELEASE_LOCK('${lockName}')`).catch(() => {});
  }
}

/** The pattern first: a node of an earlier version that makes a table meanwhile copies it. */
async function addCdrColumn(
  link: MysqlLink,
  { name, definition }: NonNullable<Migration['cdrColumn']>,
): Promise<void> {
  const lacking = async (): Promise<string[]> => {
    const rows = await link.rows(`SELECT t.table_name AS name FROM information_schema.tables t
      WHERE t.table_schema = DATABASE() AND t.table_name REGEXP '^cdr_(template|[0-9]{8})$'
      AND NOT EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = DATABASE()
        AND c.table_name = t.table_name AND c.column_name = ${sqlText(name)})`);
    return rows.map((row) => text(row.name)).sort((one, other) => (one < other ? 1 : -1));
  };
  // A second look finds what was made from the pattern as it was before.
  for (let look = 0; look < 2; look++) {
    for (const table of await lacking()) {
      await link.run(`ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`);
    }
  }
}

/** 0 for an empty database. */
async function appliedNumber(link: MysqlLink): Promise<number> {
  const [there] = await link.rows(`SELECT COUNT(*) AS count FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'schema_migration'`);
  if (Number(there?.count) === 0) return 0;
  const [highest] = await link.rows('SELECT MAX(number) AS number FROM schema_migration');
  return Number(highest?.number ?? 0);
}
