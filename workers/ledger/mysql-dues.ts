// Rent and minimum of packages in MySQL. The row of the account is locked first, so that nodes take turns.
import { minimumItem, RentState, rentItem, spentItem } from '../../core/billing/package-items.ts';
import { moneyText } from '../../core/money.ts';
import {
  type Books,
  type DueDecision,
  duePayment,
  minimumDecision,
  rentDecision,
} from './due-decision.ts';
import type { DueOutcome } from './ledger-store.ts';
import { insertPayments } from './mysql-accounts.ts';
import { orNull, text, units } from './mysql-cdr-row.ts';
import type { MysqlLink } from './mysql-link.ts';
import type { MinimumDue, RentDue } from './package-due.ts';
import { noSuchAccount } from './payment-effect.ts';
import { sqlText, timeOfSql } from './sql-text.ts';

interface StoredUsage {
  readonly seconds: number;
  readonly money: bigint;
}

export class MysqlDues {
  readonly #link: MysqlLink;

  constructor(link: MysqlLink) {
    this.#link = link;
  }

  chargeRent(due: RentDue): Promise<DueOutcome> {
    const item = rentItem(due.packageName);
    return this.#charge(due, item, async (books) =>
      rentDecision(due, books, await this.#wasDropped(due, item)),
    );
  }

  chargeMinimum(due: MinimumDue): Promise<DueOutcome> {
    return this.#charge(due, minimumItem(due.packageName), async () => {
      const rent = await this.#usage(due, rentItem(due.packageName));
      const spent = await this.#usage(due, spentItem(due.packageName));
      const state = (rent?.seconds ?? RentState.open) as RentState;
      return minimumDecision(due, state, spent?.money ?? 0n);
    });
  }

  /** A marker that another node has written in the meantime is seen: reads are of what is committed. */
  #charge(
    due: RentDue | MinimumDue,
    item: string,
    decide: (books: Books) => Promise<DueDecision>,
  ): Promise<DueOutcome> {
    return this.#link.alone(async () => {
      await this.#link.run('START TRANSACTION');
      const books = await this.#lockBooks(due.account);
      const known = await this.#usage(due, item);
      if (known !== undefined) {
        await this.#link.run('COMMIT');
        return { state: known.seconds as RentState, payment: undefined };
      }
      const { state, marks, charged } = await decide(books);
      if (!marks) {
        await this.#link.run('ROLLBACK');
        return { state, payment: undefined };
      }
      const values = `(${sqlText(due.account)},${sqlText(item)},${due.day},${state},${moneyText(charged)})`;
      await this.#link.run(
        `INSERT INTO account_usage (account, item, day, seconds, money) VALUES ${values}`,
      );
      const kind = 'minimum' in due ? 'minimum' : 'rent';
      const payment = duePayment(due, kind, charged, books);
      if (payment === undefined) {
        await this.#link.run('COMMIT');
        return { state, payment };
      }
      const [, inserted] = await this.#link.run(
        `UPDATE account_balance SET balance = ${moneyText(payment.balanceAfter)},
          payments = payments + 1 WHERE account = ${sqlText(due.account)};
        ${insertPayments([payment])}`,
      );
      await this.#link.run('COMMIT');
      return { state, payment: { number: Number(inserted!.insertId), ...payment } };
    });
  }

  async #lockBooks(account: string): Promise<Books> {
    const [row] = await this.#link.rows(
      `SELECT balance, expires_at FROM account_balance WHERE account = ${sqlText(account)} FOR UPDATE`,
    );
    if (row === undefined) throw noSuchAccount(account);
    const expiresAt = orNull(row.expires_at, (value) => timeOfSql(text(value)));
    return { balance: units(row.balance), expiresAt };
  }

  async #usage(
    { account, day }: RentDue | MinimumDue,
    item: string,
  ): Promise<StoredUsage | undefined> {
    const [row] = await this.#link.rows(
      `SELECT seconds, money FROM account_usage
        WHERE account = ${sqlText(account)} AND item = ${sqlText(item)} AND day = ${day}`,
    );
    return row === undefined
      ? undefined
      : { seconds: Number(row.seconds), money: units(row.money) };
  }

  async #wasDropped({ account, orderDay }: RentDue, item: string): Promise<boolean> {
    const rows = await this.#link.rows(
      `SELECT day FROM account_usage WHERE account = ${sqlText(account)} AND item = ${sqlText(item)}
        AND day >= ${orderDay} AND seconds = ${RentState.dropped} LIMIT 1`,
    );
    return rows.length > 0;
  }
}
