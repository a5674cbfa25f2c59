// Accounts and payments of the embedded ledger. A payment, the balance behind it and the expiry it extends
// are one transaction.
import type {
  ConfigurationStore,
  StoreReader,
  StoreTransaction,
} from '../configuration/configuration-store.ts';
import { accountKey, behind, lastPaymentKey, nameOfKey, paymentKey } from './embedded-keys.ts';
import {
  changeAccount,
  ledgerAccount,
  packPayment,
  readAccount,
  readJson,
  readPayment,
  type StoredAccount,
  type StoredCharge,
} from './embedded-records.ts';
import type {
  DayCharges,
  LedgerAccount,
  OpeningAccount,
  Payment,
  PaymentOrder,
} from './ledger-store.ts';
import { noSuchAccount, paymentEffect } from './payment-effect.ts';

const pageEntries = 1000;

export class EmbeddedAccounts {
  readonly #store: ConfigurationStore;

  constructor(store: ConfigurationStore) {
    this.#store = store;
  }

  open(accounts: readonly OpeningAccount[], at: number): void {
    const unopened = accounts.filter(({ name }) => readAccount(this.#store, name)?.opened !== true);
    if (unopened.length === 0) return;
    this.#store.transaction((transaction) => {
      let number = lastNumber(transaction);
      for (const { name, units, expiresAt } of unopened) {
        if (readAccount(transaction, name)?.opened === true) continue;
        const account = changeAccount(transaction, name, (stored) => {
          stored.opened = true;
          stored.expiresAt = expiresAt;
          stored.balance = (BigInt(stored.balance) + units).toString();
        });
        if (units === 0n) continue;
        const payment: Payment = {
          number: ++number,
          account: name,
          kind: 'opening',
          units,
          balanceAfter: BigInt(account.balance),
          at,
          by: 'configuration',
          reason: 'opening balance',
          expiresAt,
        };
        transaction.put(paymentKey(number), packPayment(payment));
      }
      writeLastNumber(transaction, number);
    });
  }

  find(name: string): LedgerAccount | undefined {
    const stored = readAccount(this.#store, name);
    return stored === undefined ? undefined : ledgerAccount(name, stored);
  }

  /** One with an opening payment, but nothing left of it, has had money. */
  close(name: string): boolean {
    return this.#store.transaction((transaction) => {
      const account = readAccount(transaction, name);
      if (account === undefined) return true;
      if (account.balance !== '0' || account.payments > 0 || account.calls > 0) return false;
      transaction.remove(accountKey(name));
      return true;
    });
  }

  pay(order: PaymentOrder): Payment {
    return this.#store.transaction((transaction) => {
      const before = readAccount(transaction, order.account);
      if (before === undefined) throw noSuchAccount(order.account);
      const effect = paymentEffect(ledgerAccount(order.account, before), order);
      const { account, kind, at, by, reason } = order;
      return addPayment(transaction, { account, kind, at, by, reason, ...effect });
    });
  }

  latestPayments(count: number): Payment[] {
    return listPayments(this.#store, { after: Math.max(0, lastNumber(this.#store) - count) });
  }
}

export function listAccounts(reader: StoreReader): LedgerAccount[] {
  return allEntries(reader, 'account/').map(([key, value]) =>
    ledgerAccount(nameOfKey(key), readJson<StoredAccount>(value)),
  );
}

export function listPayments(
  reader: StoreReader,
  filter: { after?: number; account?: string; limit?: number },
): Payment[] {
  const found: Payment[] = [];
  const limit = filter.limit ?? Number.POSITIVE_INFINITY;
  let from = paymentKey((filter.after ?? 0) + 1);
  for (;;) {
    const entries = reader.range(from, `payment/${behind}`, pageEntries);
    for (const [, value] of entries) {
      const payment = readPayment(value);
      if (filter.account !== undefined && payment.account !== filter.account) continue;
      found.push(payment);
      if (found.length >= limit) return found;
    }
    if (entries.length < pageEntries) return found;
    from = `${entries.at(-1)![0]}\u0001`;
  }
}

export function listDayCharges(reader: StoreReader): DayCharges[] {
  return allEntries(reader, 'charge/').map(([key, value]) => {
    const { listed, unlisted, calls } = readJson<StoredCharge>(value);
    return {
      account: nameOfKey(key),
      day: Number(key.split('/')[2]),
      listed: BigInt(listed),
      unlisted: BigInt(unlisted),
      calls,
    };
  });
}

function allEntries(reader: StoreReader, prefix: string): [string, Uint8Array][] {
  return reader.range(prefix, `${prefix}${behind}`, Number.MAX_SAFE_INTEGER);
}

/** With the balance and the expiry behind it. */
export function addPayment(
  transaction: StoreTransaction,
  payment: Omit<Payment, 'number'>,
): Payment {
  changeAccount(transaction, payment.account, (account) => {
    account.balance = payment.balanceAfter.toString();
    account.expiresAt = payment.expiresAt;
    account.payments++;
  });
  const number = lastNumber(transaction) + 1;
  writeLastNumber(transaction, number);
  const numbered: Payment = { number, ...payment };
  transaction.put(paymentKey(number), packPayment(numbered));
  return numbered;
}

function lastNumber(reader: StoreReader): number {
  const value = reader.get(lastPaymentKey);
  return value === undefined ? 0 : readJson<number>(value);
}

function writeLastNumber(transaction: StoreTransaction, number: number): void {
  transaction.put(lastPaymentKey, Buffer.from(String(number)));
}
