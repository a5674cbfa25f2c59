// The books in MySQL: over a connection, each question by itself, or as of one moment on a connection of its own.
import { LedgerAway, type LedgerBooks } from './ledger-store.ts';
import { MysqlAccounts } from './mysql-accounts.ts';
import { mysqlCdrsOfDay } from './mysql-cdrs.ts';
import { MysqlLink, type MysqlLinkOptions, SqlRefused } from './mysql-link.ts';
import { migrate } from './mysql-migrations.ts';

/** The settings of the session are read committed: each statement would see a moment of its own. */
export const startSnapshot =
  'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT';

export function booksOver(link: MysqlLink): LedgerBooks {
  const accounts = new MysqlAccounts(link);
  return {
    accounts: () => accounts.list(),
    payments: (filter) => accounts.payments(filter),
    dayCharges: () => accounts.dayCharges(),
    days: async () => {
      const rows = await link.rows('SELECT day, row_count FROM cdr_day ORDER BY day');
      return rows.map((row) => ({ day: Number(row.day), rows: Number(row.row_count) }));
    },
    cdrsOfDay: (day) => mysqlCdrsOfDay(link, day, {}),
  };
}

const noSuchTable = 1146;

/** @throws LedgerAway also where the connection, and the moment with it, is lost */
export async function viewMysqlBooks<Result>(
  options: Pick<MysqlLinkOptions, 'url' | 'answerMs'>,
  read: (books: LedgerBooks) => Promise<Result>,
): Promise<Result> {
  try {
    return await viewOnce(options, read);
  } catch (error) {
    // A snapshot keeps rows, not tables: that of an old day was dropped.
    if (!(error instanceof SqlRefused && error.errno === noSuchTable)) throw error;
    return await viewOnce(options, read);
  }
}

async function viewOnce<Result>(
  options: Pick<MysqlLinkOptions, 'url' | 'answerMs'>,
  read: (books: LedgerBooks) => Promise<Result>,
): Promise<Result> {
  let begun = false;
  const link = new MysqlLink({
    ...options,
    onConnected: async (connected) => {
      if (begun) throw new LedgerAway('MySQL: the connection was lost while the books were read');
      begun = true;
      await migrate(connected);
      await connected.run(startSnapshot);
    },
  });
  try {
    return await read(booksOver(link));
  } finally {
    await link.close();
  }
}
