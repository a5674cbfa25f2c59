// Accounts as people deal with them: what one has, payments, and the check of the books. A payment is in
// the ledger first; then the engine is told, so that the next call can spend it.

import {
  type AccountDocument,
  defaultParameters,
  type Parameters,
} from '../core/configuration/model.ts';
import { moneyText, parseCredit, parseMoney } from '../core/money.ts';
import type { AccountBalance } from '../workers/admin-messages.ts';
import { type AuditReport, auditReport } from '../workers/ledger/audit.ts';
import {
  type LedgerAccount,
  LedgerAway,
  type LedgerStore,
  type Payment,
  type PaymentOrder,
} from '../workers/ledger/ledger-store.ts';
import { EngineRefused, EngineSilent } from './engine-channel.ts';
import { type ExtensionNote, type ExtensionNotes, openMs } from './extension-notes.ts';
import { RequestRefused } from './problem.ts';

export interface AccountConfiguration {
  readonly accounts: readonly AccountDocument[];
  readonly parameters: Partial<Parameters>;
}

export interface AccountServiceParts {
  readonly ledger: LedgerStore;
  readonly configuration: () => AccountConfiguration;
  /** Puts the account in force with this expiry, an ISO 8601 time, and otherwise as it is then. */
  readonly extendExpiry: (account: string, expiresAt: string) => Promise<unknown>;
  /** What is not in force by the end of a payment is settled by them, by the running node. */
  readonly notes: Pick<ExtensionNotes, 'open'>;
  /** Absent where no engine runs. */
  readonly engine?: {
    balance(account: string): Promise<AccountBalance>;
    payment(account: string): Promise<AccountBalance>;
  };
}

/** A payment as JSON. */
export interface ShownPayment {
  number: number;
  account: string;
  kind: Payment['kind'];
  amount: string;
  balanceAfter: string;
  at: string;
  by: string;
  reason: string;
  expiresAt: string | null;
}

export interface WantedPayment {
  readonly kind: PaymentOrder['kind'];
  /** Decimal string above 0; absent for a zeroing. */
  readonly amount?: string | undefined;
  readonly reason: string;
  readonly by: string;
}

export interface AccountService {
  /** @throws RequestRefused */
  read(name: string): Promise<Record<string, unknown>>;
  /** @throws RequestRefused, PaymentRefused, LedgerAway */
  pay(name: string, wanted: WantedPayment): Promise<ShownPayment & { warnings: string[] }>;
  /** Oldest first. @throws RequestRefused */
  payments(name: string, filter: { after?: number; limit: number }): Promise<ShownPayment[]>;
  audit(): Promise<AuditReport>;
}

export function createAccountService(parts: AccountServiceParts): AccountService {
  const { ledger, engine } = parts;
  return {
    read: async (name) => {
      const document = documentOf(parts, name);
      const books = await booksOf(parts, document);
      // Calls go by the configuration's expiry; the ledger knows it from payments only.
      const { expiresAt = null } = document;
      return { ...document, expiresAt, ...(await standingOf(books, document, engine)) };
    },
    pay: async (name, wanted) => {
      const document = documentOf(parts, name);
      const books = await booksOf(parts, document);
      const parameters = { ...defaultParameters, ...parts.configuration().parameters };
      const order: PaymentOrder = {
        account: name,
        kind: wanted.kind,
        units: unitsOf(wanted),
        at: Date.now(),
        by: wanted.by,
        reason: wanted.reason,
        extendDays: parameters.SERVER_PAY_DELAY_CUSTOMER_EXPIRE_DAY,
        expiresAt: document.expiresAt === undefined ? null : Date.parse(document.expiresAt),
      };
      const isExtending = order.kind === 'recharge' && order.expiresAt !== null;
      const note = isExtending ? await parts.notes.open(name, books.expiresAt) : undefined;
      const payment = await payNoted(ledger, order, note);
      // It is stored: an engine that does not answer now hears of it within a second of its return.
      await engine?.payment(name).catch(unlessAway);
      return { ...shownPayment(payment), warnings: await extend(parts, document, payment, note) };
    },
    payments: async (name, filter) => {
      documentOf(parts, name);
      return (await ledger.payments({ ...filter, account: name })).map(shownPayment);
    },
    audit: () => auditReport(ledger),
  };
}

function documentOf({ configuration }: AccountServiceParts, name: string): AccountDocument {
  const found = configuration().accounts.find((account) => account.name === name);
  if (found !== undefined) return found;
  throw new RequestRefused(
    'not-found',
    `account: ${JSON.stringify(name)}: expected the name of an account`,
  );
}

/** Opened here where no engine has met the account yet. */
async function booksOf(
  { ledger }: AccountServiceParts,
  { name, balance, expiresAt }: AccountDocument,
): Promise<LedgerAccount> {
  await ledger.openAccounts(
    [
      {
        name,
        units: parseMoney(balance) ?? 0n,
        expiresAt: expiresAt === undefined ? null : Date.parse(expiresAt),
      },
    ],
    Date.now(),
  );
  return (await ledger.account(name))!;
}

async function standingOf(
  books: LedgerAccount,
  { creditLimit }: AccountDocument,
  engine: AccountServiceParts['engine'],
): Promise<Record<string, unknown>> {
  const { payments, calls } = books;
  const shown = { payments, calls };
  const live = await engine?.balance(books.name).catch(unlessAway);
  if (live !== undefined) {
    const { account: _account, creditLimit: _creditLimit, ...standing } = live;
    return { ...shown, ...standing };
  }
  const available = moneyText(books.balance + (parseCredit(creditLimit) ?? 0n));
  return { ...shown, balance: moneyText(books.balance), reserved: '0', available, linesUsed: 0 };
}

async function payNoted(
  ledger: LedgerStore,
  order: PaymentOrder,
  note: ExtensionNote | undefined,
): Promise<Payment> {
  try {
    const isShortened = note?.isAlone === true && (await isExpiryShortened(ledger, order));
    return await ledger.pay(isShortened ? { ...order, isShortened } : order);
  } catch (error) {
    // Whether it took place is seen once the database is back.
    if (error instanceof LedgerAway) note?.leave();
    else await note?.done();
    throw error;
  }
}

/** Where the ledger knows a later expiry than the configuration, that was shortened on purpose, or a recharge is not in
 *  force yet, or not on this node. A recharge that is older than notes get is none of the latter. */
async function isExpiryShortened(
  ledger: LedgerStore,
  { account, expiresAt, at }: PaymentOrder,
): Promise<boolean> {
  const known = (await ledger.account(account))?.expiresAt ?? null;
  if (expiresAt === null || known === null || known <= expiresAt) return false;
  const payments = await ledger.payments({ account });
  const latest = payments.findLast(({ kind }) => kind === 'recharge');
  return latest !== undefined && at - latest.at > openMs;
}

/** Calls go by the configuration: a recharge moves the expiry there too. What fails then is said beside the
 *  payment, which is stored, and is left to the note. */
async function extend(
  { extendExpiry }: AccountServiceParts,
  document: AccountDocument,
  { expiresAt }: Payment,
  note: ExtensionNote | undefined,
): Promise<string[]> {
  if (note === undefined || document.expiresAt === undefined || expiresAt === null) return [];
  try {
    if (expiresAt > Date.parse(document.expiresAt)) {
      await extendExpiry(document.name, isoTime(expiresAt));
    }
  } catch (error) {
    note.leave();
    const stays = `expiresAt stays ${document.expiresAt}: ${(error as Error).message}`;
    return [
      `${stays}; a running node makes it ${isoTime(expiresAt)} within a minute of being able to`,
    ];
  }
  // One that cannot be taken away is found to be settled later.
  await note.done().catch(() => {});
  return [];
}

function unlessAway(error: unknown): undefined {
  if (error instanceof EngineRefused || error instanceof EngineSilent) return undefined;
  throw error;
}

function unitsOf({ kind, amount }: WantedPayment): bigint {
  const refused = (expected: string): RequestRefused =>
    new RequestRefused('bad-request', `amount: expected ${expected}`, [
      { path: 'amount', value: amount, expected, message: `expected ${expected}` },
    ]);
  if (kind === 'zeroing') {
    if (amount !== undefined) throw refused('none for a zeroing');
    return 0n;
  }
  const units = amount === undefined ? undefined : parseMoney(amount);
  if (units === undefined || units <= 0n) throw refused('a decimal string above 0 ("12.50")');
  return units;
}

function shownPayment(payment: Payment): ShownPayment {
  const { number, account, kind, units, balanceAfter, at, by, reason, expiresAt } = payment;
  return {
    number,
    account,
    kind,
    amount: moneyText(units),
    balanceAfter: moneyText(balanceAfter),
    at: isoTime(at),
    by,
    reason,
    expiresAt: expiresAt === null ? null : isoTime(expiresAt),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
