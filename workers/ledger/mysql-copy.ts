// Backup and restore of a ledger in MySQL, in the terms of the embedded one (ledger-copy.ts): read in one
// consistent snapshot, put back into a database that has no books yet. CDR rows stay where they are.
import { moneyText } from '../../core/money.ts';
import {
  accountKey,
  chargeKey,
  checkpointKey,
  lastPaymentKey,
  nameOfKey,
  paymentKey,
  usageKey,
} from './embedded-keys.ts';
import {
  packJson,
  packPayment,
  packUsage,
  readJson,
  readPayment,
  readUsage,
  type StoredAccount,
  type StoredCharge,
} from './embedded-records.ts';
import { chargeFromLog, type StoreEntry } from './ledger-copy.ts';
import type { Checkpoint } from './ledger-store.ts';
import { checkpointOf, paymentColumns, paymentOf, readUsages } from './mysql-accounts.ts';
import { startSnapshot } from './mysql-books.ts';
import { orNull, text, units } from './mysql-cdr-row.ts';
import { MysqlLink } from './mysql-link.ts';
import { migrate } from './mysql-migrations.ts';
import { sqlText, sqlTime, sqlTimeOrNull, timeOfSql } from './sql-text.ts';

/** Rows of one INSERT. */
const rowsAtOnce = 1000;

/** `directory`: the data directory, for this node's log behind the checkpoint. */
export async function copyMysqlLedger(link: MysqlLink, directory: string): Promise<StoreEntry[]> {
  const copy = new Map<string, Uint8Array>();
  await link.alone(async () => {
    await link.run(startSnapshot);
    await readAccounts(link, copy);
    await readCharges(link, copy);
    for (const usage of await readUsages(link, 0)) copy.set(usageKey(usage), packUsage(usage));
    const payments = await link.rows(`SELECT ${paymentColumns} FROM payment ORDER BY number`);
    for (const row of payments) {
      const payment = paymentOf(row);
      copy.set(paymentKey(payment.number), packPayment(payment));
    }
    copy.set(lastPaymentKey, packJson(Number(payments.at(-1)?.number ?? 0)));
    for (const row of await link.rows('SELECT log_set, version, places FROM cdr_checkpoint')) {
      copy.set(checkpointKey(text(row.log_set)), packJson(checkpointOf(row)));
    }
    await link.run('COMMIT');
  });
  chargeFromLog(copy, directory);
  return [...copy];
}

async function readAccounts(link: MysqlLink, copy: Map<string, Uint8Array>): Promise<void> {
  const rows = await link.rows(
    'SELECT account, balance, expires_at, payments, calls, opened FROM account_balance',
  );
  for (const row of rows) {
    const account: StoredAccount = {
      balance: units(row.balance).toString(),
      expiresAt: orNull(row.expires_at, (value) => timeOfSql(text(value))),
      payments: Number(row.payments),
      calls: Number(row.calls),
      opened: Number(row.opened) === 1,
    };
    copy.set(accountKey(text(row.account)), packJson(account));
  }
}

async function readCharges(link: MysqlLink, copy: Map<string, Uint8Array>): Promise<void> {
  const rows = await link.rows(
    'SELECT account, day, listed, unlisted, calls FROM account_day_charge',
  );
  for (const row of rows) {
    const charge: StoredCharge = {
      listed: units(row.listed).toString(),
      unlisted: units(row.unlisted).toString(),
      calls: Number(row.calls),
    };
    copy.set(chargeKey(text(row.account), Number(row.day)), packJson(charge));
  }
}

/** False where the database has books already: it is left as it is. @throws LedgerAway */
export async function restoreMysqlLedger(
  url: string,
  entries: readonly StoreEntry[],
): Promise<boolean> {
  const link = new MysqlLink({ url, onConnected: migrate });
  try {
    return await link.alone(async () => {
      const [books] = await link.rows(
        'SELECT (SELECT COUNT(*) FROM account_balance) + (SELECT COUNT(*) FROM payment) AS count',
      );
      if (Number(books!.count) > 0) return false;
      await link.run('START TRANSACTION');
      for (const sql of insertsOf(entries)) await link.run(sql);
      await link.run('COMMIT');
      return true;
    });
  } finally {
    await link.close();
  }
}

const tables = {
  account: 'account_balance (account, balance, expires_at, payments, calls, opened)',
  charge: 'account_day_charge (account, day, listed, unlisted, calls)',
  payment: `payment (${paymentColumns})`,
  usage: 'account_usage (account, item, day, seconds, money)',
  checkpoint: 'cdr_checkpoint (log_set, version, places, updated_at)',
} as const;
type TableName = keyof typeof tables;

function insertsOf(entries: readonly StoreEntry[]): string[] {
  const values: Record<TableName, string[]> = {
    account: [],
    charge: [],
    payment: [],
    usage: [],
    checkpoint: [],
  };
  for (const [key, value] of entries) {
    const table = key.split('/', 1)[0]!;
    if (key.includes('/') && table in values) {
      const name = table as TableName;
      values[name].push(`(${valuesOf[name](key, value)})`);
    }
  }
  const inserts: string[] = [];
  for (const table of Object.keys(tables) as TableName[]) {
    for (let at = 0; at < values[table].length; at += rowsAtOnce) {
      const rows = values[table].slice(at, at + rowsAtOnce);
      inserts.push(`INSERT INTO ${tables[table]} VALUES ${rows.join(',')}`);
    }
  }
  return inserts;
}

const valuesOf: Readonly<Record<TableName, (key: string, value: Uint8Array) => string>> = {
  account(key, value) {
    const { balance, expiresAt, payments, calls, opened } = readJson<StoredAccount>(value);
    const counts = `${payments},${calls},${opened ? 1 : 0}`;
    const money = moneyText(BigInt(balance));
    return `${sqlText(nameOfKey(key))},${money},${sqlTimeOrNull(expiresAt)},${counts}`;
  },
  charge(key, value) {
    const { listed, unlisted, calls } = readJson<StoredCharge>(value);
    const day = Number(key.split('/')[2]);
    const money = `${moneyText(BigInt(listed))},${moneyText(BigInt(unlisted))}`;
    return `${sqlText(nameOfKey(key))},${day},${money},${calls}`;
  },
  payment(_key, value) {
    const payment = readPayment(value);
    const { number, account, kind, at, by, reason, expiresAt } = payment;
    const money = `${moneyText(payment.units)},${moneyText(payment.balanceAfter)}`;
    const who = `${sqlTime(at)},${sqlText(by)},${sqlText(reason)}`;
    return `${number},${sqlText(account)},${sqlText(kind)},${money},${who},${sqlTimeOrNull(expiresAt)}`;
  },
  usage(key, value) {
    const { account, item, day, seconds, money } = readUsage(key, value);
    return `${sqlText(account)},${sqlText(item)},${day},${seconds},${moneyText(money)}`;
  },
  checkpoint(key, value) {
    const { version, places } = readJson<Checkpoint>(value);
    const set = sqlText(key.slice('checkpoint/'.length));
    return `${set},${version},${sqlText(JSON.stringify(places))},UTC_TIMESTAMP(3)`;
  },
};
