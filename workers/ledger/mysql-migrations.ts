// Brings the schema up to ours, one numbered file after the other. Every statement may run twice: DDL of
// MySQL commits by itself, so a migration that was cut short is run again as a whole. Nodes that start at
// once take turns.

import { LedgerAway } from './ledger-store.ts';
import { ledger } from './migrations/0001-ledger.ts';
import { configuration } from './migrations/0002-configuration.ts';
import { usage } from './migrations/0003-usage.ts';
import type { MysqlLink } from './mysql-link.ts';
import { sqlText } from './sql-text.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const migrations: readonly Migration[] = [
  { number: 1, ...ledger },
  { number: 2, ...configuration },
  { number: 3, ...usage },
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
    for (const { number, name, statements } of migrations) {
      if (number <= applied) continue;
      for (const statement of statements) await link.run(statement);
      await link.run(
        `INSERT INTO schema_migration VALUES (${number}, ${sqlText(name)}, UTC_TIMESTAMP(3))`,
      );
    }
  } finally {
    await link.rows(`SELECT RELEASE_LOCK('${lockName}')`).catch(() => {});
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
