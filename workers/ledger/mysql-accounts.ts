// Accounts and payments in MySQL.
import type { ResultSetHeader } from 'mysql2/promise';
import type { Usage } from '../../core/cdr/cdr.ts';
import { moneyText } from '../../core/money.ts';
import {
  type DayCharges,
  type LedgerAccount,
  type OpeningAccount,
  type Payment,
  type PaymentKind,
  type PaymentOrder,
  paymentOverlap,
  type Standing,
} from './ledger-store.ts';
import { orNull, text, units } from './mysql-cdr-row.ts';
import type { MysqlLink, SqlRow } from './mysql-link.ts';
import { noSuchAccount, paymentEffect } from './payment-effect.ts';
import { sqlText, sqlTime, sqlTimeOrNull, timeOfSql } from './sql-text.ts';

/** Names of one statement. */
const namesAtOnce = 1000;
const accountColumns = 'account, balance, expires_at, payments, calls, opened';
export const paymentColumns =
  'number, account, kind, amount, balance_after, paid_at, paid_by, reason, expires_at';

export class MysqlAccounts {
  readonly #link: MysqlLink;

  constructor(link: MysqlLink) {
    this.#link = link;
  }

  async open(accounts: readonly OpeningAccount[], at: number): Promise<void> {
    for (const part of parts(accounts)) {
      await this.#link.alone(() => this.#openPart(part, at));
    }
  }

  async find(name: string): Promise<LedgerAccount | undefined> {
    const where = `WHERE account = ${sqlText(name)}`;
    const [row] = await this.#link.rows(`SELECT ${accountColumns} FROM account_balance ${where}`);
    return row === undefined ? undefined : accountOf(row);
  }

  async list(): Promise<LedgerAccount[]> {
    const rows = await this.#link.rows(`SELECT ${accountColumns} FROM account_balance`);
    return rows.map(accountOf);
  }

  async close(name: string): Promise<boolean> {
    const where = `WHERE account = ${sqlText(name)}`;
    const [removed] = await this.#link.run(
      `DELETE FROM account_balance ${where} AND balance = 0 AND payments = 0 AND calls = 0`,
    );
    return removed!.affectedRows === 1 || (await this.find(name)) === undefined;
  }

  pay(order: PaymentOrder): Promise<Payment> {
    return this.#link.alone(async () => {
      await this.#link.run('START TRANSACTION');
      const [row] = await this.#link.rows(
        `SELECT ${accountColumns} FROM account_balance WHERE account = ${sqlText(order.account)} FOR UPDATE`,
      );
      if (row === undefined) throw noSuchAccount(order.account);
      const effect = paymentEffect(accountOf(row), order);
      const { account, kind, at, by, reason } = order;
      const payment = { account, kind, at, by, reason, ...effect };
      const [, inserted] = await this.#link.run(
        `UPDATE account_balance SET balance = ${moneyText(effect.balanceAfter)},
          expires_at = ${sqlTimeOrNull(effect.expiresAt)}, payments = payments + 1
          WHERE account = ${sqlText(account)};
        ${insertPayments([payment])}`,
      );
      await this.#link.run('COMMIT');
      return { number: Number((inserted as ResultSetHeader).insertId), ...payment };
    });
  }

  async payments(filter: { after?: number; account?: string; limit?: number }): Promise<Payment[]> {
    const conditions = [`number > ${filter.after ?? 0}`];
    if (filter.account !== undefined) conditions.push(`account = ${sqlText(filter.account)}`);
    const limit = filter.limit === undefined ? '' : `LIMIT ${filter.limit}`;
    const where = `WHERE ${conditions.join(' AND ')}`;
    const rows = await this.#link.rows(
      `SELECT ${paymentColumns} FROM payment ${where} ORDER BY number ${limit}`,
    );
    return rows.map(paymentOf);
  }

  async dayCharges(): Promise<DayCharges[]> {
    const rows = await this.#link.rows(
      'SELECT account, day, listed, unlisted, calls FROM account_day_charge',
    );
    return rows.map((row) => ({
      account: text(row.account),
      day: Number(row.day),
      listed: units(row.listed),
      unlisted: units(row.unlisted),
      calls: Number(row.calls),
    }));
  }

  usages(since: number): Promise<Usage[]> {
    return readUsages(this.#link, since);
  }

  async dropUsages(before: number): Promise<void> {
    await this.#link.run(`DELETE FROM account_usage WHERE day < ${before} AND item LIKE 'fraud/%'`);
  }

  /** The locks on the checkpoints wait for commits whose fate is open; the view begins behind them. */
  standing(names: readonly string[], logSets: readonly string[]): Promise<Standing> {
    return this.#link.alone(async () => {
      await this.#link.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION');
      const checkpoints = new Map<string, SqlRow>();
      if (logSets.length > 0) {
        const rows = await this.#link.rows(
          `SELECT log_set, version, places FROM cdr_checkpoint
            WHERE log_set IN (${logSets.map(sqlText).join(',')}) ORDER BY log_set FOR UPDATE`,
        );
        for (const row of rows) checkpoints.set(text(row.log_set), row);
      }
      const balances = new Map<string, bigint>();
      for (const part of parts(names)) {
        const rows = await this.#link.rows(
          `SELECT account, balance FROM account_balance WHERE account IN (${part.map(sqlText).join(',')})`,
        );
        for (const row of rows) balances.set(text(row.account), units(row.balance));
      }
      const rows = await this.#link.rows(
        `SELECT ${paymentColumns} FROM payment ORDER BY number DESC LIMIT ${paymentOverlap}`,
      );
      await this.#link.run('COMMIT');
      return {
        balances: names.map((name) => balances.get(name) ?? 0n),
        checkpoints: logSets.map((set) => checkpointOf(checkpoints.get(set))),
        payments: rows.reverse().map(paymentOf),
      };
    });
  }

  async #openPart(accounts: readonly OpeningAccount[], at: number): Promise<void> {
    const names = accounts.map(({ name }) => sqlText(name)).join(',');
    const select = `SELECT account, balance, opened FROM account_balance WHERE account IN (${names})`;
    const before = await this.#link.rows(select);
    if (before.filter(({ opened }) => opened === 1).length === accounts.length) return;
    const empty = accounts.map(({ name }) => `(${sqlText(name)}, 0)`).join(',');
    await this.#link.run(
      `START TRANSACTION; INSERT INTO account_balance (account, balance) VALUES ${empty}
        ON DUPLICATE KEY UPDATE opened = opened`,
    );
    const rows = await this.#link.rows(`${select} ORDER BY account FOR UPDATE`);
    const unopened = new Map(
      rows
        .filter(({ opened }) => opened !== 1)
        .map((row) => [text(row.account), units(row.balance)]),
    );
    const fresh = accounts.filter(({ name }) => unopened.has(name));
    if (fresh.length > 0) {
      const values = fresh.map(({ name, units: opening, expiresAt }) => {
        return `(${sqlText(name)},${moneyText(opening)},${sqlTimeOrNull(expiresAt)},1)`;
      });
      const payments = fresh
        .filter(({ units: opening }) => opening !== 0n)
        .map(({ name, units: opening, expiresAt }) => ({
          account: name,
          kind: 'opening' as const,
          units: opening,
          balanceAfter: unopened.get(name)! + opening,
          at,
          by: 'configuration',
          reason: 'opening balance',
          expiresAt,
        }));
      await this.#link.run(
        `INSERT INTO account_balance (account, balance, expires_at, opened) VALUES ${values.join(',')}
          ON DUPLICATE KEY UPDATE balance = balance + VALUES(balance),
          expires_at = VALUES(expires_at), opened = 1`,
      );
      if (payments.length > 0) await this.#link.run(insertPayments(payments));
    }
    await this.#link.run('COMMIT');
  }
}

export function insertPayments(payments: readonly Omit<Payment, 'number'>[]): string {
  const values = payments.map((payment) => {
    const { account, kind, at, by, reason, expiresAt } = payment;
    const money = `${moneyText(payment.units)},${moneyText(payment.balanceAfter)}`;
    const who = `${sqlTime(at)},${sqlText(by)},${sqlText(reason)}`;
    return `(${sqlText(account)},${sqlText(kind)},${money},${who},${sqlTimeOrNull(expiresAt)})`;
  });
  return `INSERT INTO payment (account, kind, amount, balance_after, paid_at, paid_by, reason, expires_at)
    VALUES ${values.join(',')}`;
}

export function checkpointOf(row: SqlRow | undefined): Standing['checkpoints'][number] {
  if (row === undefined) return { version: 0, places: {} };
  return { version: Number(row.version), places: JSON.parse(text(row.places)) };
}

function accountOf(row: SqlRow): LedgerAccount {
  return {
    name: text(row.account),
    balance: units(row.balance),
    expiresAt: orNull(row.expires_at, (value) => timeOfSql(text(value))),
    payments: Number(row.payments),
    calls: Number(row.calls),
  };
}

export function paymentOf(row: SqlRow): Payment {
  return {
    number: Number(row.number),
    account: text(row.account),
    kind: text(row.kind) as PaymentKind,
    units: units(row.amount),
    balanceAfter: units(row.balance_after),
    at: timeOfSql(text(row.paid_at)),
    by: text(row.paid_by),
    reason: text(row.reason),
    expiresAt: orNull(row.expires_at, (value) => timeOfSql(text(value))),
  };
}

function parts<Item>(items: readonly Item[]): Item[][] {
  const all: Item[][] = [];
  for (let at = 0; at < items.length; at += namesAtOnce) {
    all.push(items.slice(at, at + namesAtOnce));
  }
  return all;
}

export async function readUsages(link: MysqlLink, since: number): Promise<Usage[]> {
  const rows = await link.rows(
    `SELECT account, item, day, seconds, money FROM account_usage WHERE day >= ${since}`,
  );
  return rows.map((row) => ({
    account: text(row.account),
    item: text(row.item),
    day: Number(row.day),
    seconds: Number(row.seconds),
    money: units(row.money),
  }));
}
