// Rent and minimum of packages in the embedded ledger.
import { minimumItem, RentState, rentItem, spentItem } from '../../core/billing/package-items.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import type {
  ConfigurationStore,
  StoreReader,
  StoreTransaction,
} from '../configuration/configuration-store.ts';
import { type DueDecision, duePayment, minimumDecision, rentDecision } from './due-decision.ts';
import { addPayment } from './embedded-accounts.ts';
import { behind, usageKey, usagePrefix } from './embedded-keys.ts';
import { packUsage, readAccount, readUsage } from './embedded-records.ts';
import type { DueOutcome } from './ledger-store.ts';
import type { MinimumDue, RentDue } from './package-due.ts';
import { noSuchAccount } from './payment-effect.ts';

export function chargeRent(store: ConfigurationStore, due: RentDue): DueOutcome {
  const item = rentItem(due.packageName);
  return store.transaction((transaction) => {
    const known = usageAt(transaction, due, item);
    if (known !== undefined) return outcomeOf(known);
    const books = booksOf(transaction, due);
    const isDropped = wasDropped(transaction, due, item);
    return write(transaction, due, item, rentDecision(due, books, isDropped));
  });
}

export function chargeMinimum(store: ConfigurationStore, due: MinimumDue): DueOutcome {
  const item = minimumItem(due.packageName);
  return store.transaction((transaction) => {
    const known = usageAt(transaction, due, item);
    if (known !== undefined) return outcomeOf(known);
    const rent = usageAt(transaction, due, rentItem(due.packageName));
    const spent = usageAt(transaction, due, spentItem(due.packageName));
    const state = (rent?.seconds ?? RentState.open) as RentState;
    return write(transaction, due, item, minimumDecision(due, state, spent?.money ?? 0n));
  });
}

function write(
  transaction: StoreTransaction,
  due: RentDue | MinimumDue,
  item: string,
  { state, marks, charged }: DueDecision,
): DueOutcome {
  if (!marks) return { state, payment: undefined };
  const { account, day } = due;
  const marker: Usage = { account, item, day, seconds: state, money: charged };
  transaction.put(usageKey(marker), packUsage(marker));
  const kind = 'minimum' in due ? 'minimum' : 'rent';
  const payment = duePayment(due, kind, charged, booksOf(transaction, due));
  return { state, payment: payment && addPayment(transaction, payment) };
}

function outcomeOf({ seconds }: Usage): DueOutcome {
  return { state: seconds as RentState, payment: undefined };
}

function booksOf(
  reader: StoreReader,
  { account }: RentDue | MinimumDue,
): { balance: bigint; expiresAt: number | null } {
  const books = readAccount(reader, account);
  if (books === undefined) throw noSuchAccount(account);
  return { balance: BigInt(books.balance), expiresAt: books.expiresAt };
}

function usageAt(
  reader: StoreReader,
  { account, day }: RentDue | MinimumDue,
  item: string,
): Usage | undefined {
  const key = usageKey({ account, item, day });
  const value = reader.get(key);
  return value === undefined ? undefined : readUsage(key, value);
}

function wasDropped(transaction: StoreTransaction, due: RentDue, item: string): boolean {
  const prefix = usagePrefix(due.account, item);
  return transaction
    .range(prefix, `${prefix}${behind}`, Number.MAX_SAFE_INTEGER)
    .map(([key, value]) => readUsage(key, value))
    .some(({ day, seconds }) => day >= due.orderDay && seconds === RentState.dropped);
}
