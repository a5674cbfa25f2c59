// Recomputes every balance from payments and CDRs, and names the first difference:
//
//   of each day that has a table: the sum of its CDRs by account = what was posted for listed calls
//   of each account: payments - postings of all days (listed and unlisted) = its balance
//
// All of it is read as of one moment, so that calls may end and payments be booked meanwhile.
import { moneyText } from '../../core/money.ts';
import { addCharges } from '../cdr/call-charges.ts';
import type {
  DayCharges,
  LedgerAccount,
  LedgerBooks,
  LedgerStore,
  Payment,
} from './ledger-store.ts';

export interface AuditReport {
  readonly accounts: number;
  readonly payments: number;
  readonly cdrs: number;
  /** Undefined: the books are right. */
  readonly difference: string | undefined;
}

/** The first difference, in words; undefined where there is none. */
export async function auditLedger(store: LedgerStore): Promise<string | undefined> {
  return (await auditReport(store)).difference;
}

export function auditReport(store: LedgerStore): Promise<AuditReport> {
  return store.view(auditBooks);
}

async function auditBooks(books: LedgerBooks): Promise<AuditReport> {
  const charges = await books.dayCharges();
  const accounts = await books.accounts();
  const payments = await books.payments({});
  let cdrs = 0;
  let difference: string | undefined;
  for (const { day } of (await books.days()).sort((one, other) => one.day - other.day)) {
    const sums = new Map<string, bigint>();
    for await (const cdr of books.cdrsOfDay(day)) {
      cdrs++;
      addCharges(sums, cdr);
    }
    difference ??= dayDifference(day, sums, charges);
  }
  difference ??= balanceDifference(accounts, payments, charges);
  return { accounts: accounts.length, payments: payments.length, cdrs, difference };
}

function dayDifference(
  day: number,
  sums: ReadonlyMap<string, bigint>,
  charges: readonly DayCharges[],
): string | undefined {
  const posted = new Map<string, bigint>();
  for (const each of charges) if (each.day === day) posted.set(each.account, each.listed);
  for (const account of [...new Set([...sums.keys(), ...posted.keys()])].sort()) {
    const inRows = sums.get(account) ?? 0n;
    const inBooks = posted.get(account) ?? 0n;
    if (inRows === inBooks) continue;
    return `account ${account}, day ${day}: its CDRs charge ${moneyText(inRows)}, posted were ${moneyText(inBooks)}`;
  }
  return undefined;
}

function balanceDifference(
  accounts: readonly LedgerAccount[],
  payments: readonly Payment[],
  charges: readonly DayCharges[],
): string | undefined {
  const expected = new Map<string, bigint>();
  const add = (account: string, units: bigint): void => {
    expected.set(account, (expected.get(account) ?? 0n) + units);
  };
  for (const { account, units } of payments) add(account, units);
  for (const { account, listed, unlisted } of charges) add(account, -listed - unlisted);
  const balances = new Map(accounts.map(({ name, balance }) => [name, balance]));
  for (const account of [...new Set([...balances.keys(), ...expected.keys()])].sort()) {
    const should = expected.get(account) ?? 0n;
    const is = balances.get(account) ?? 0n;
    if (should === is) continue;
    return `account ${account}: payments less calls are ${moneyText(should)}, its balance is ${moneyText(is)}`;
  }
  return undefined;
}
