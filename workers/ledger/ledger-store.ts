// Where CDRs, balances, payments and the checkpoint of the CDR log are kept, in one place and changed in one
// transaction. Implemented by embedded-ledger.ts (LMDB, or its stand-in) and mysql-ledger.ts, held to one
// test suite.
//
// What makes it exactly once: the batch says at which version of the checkpoint it was read. The store
// locks the checkpoint, compares, writes rows, postings and the next checkpoint, and commits. A batch whose
// fate is not known is offered again: either its version still holds, or the checkpoint has moved and the
// batch is read anew from there. Should the checkpoint be lost or come back older, what was posted is told by the
// identity of its record: by its row, or where it has none by itself (unlisted-records.ts).
import type { RentState } from '../../core/billing/package-items.ts';
import type { Cdr, Usage } from '../../core/cdr/cdr.ts';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import type { Charge } from '../../core/cdr/charges.ts';
import type { MinimumDue, RentDue } from './package-due.ts';

/** A place in a stream of the log: one worker's incarnation, or the recovery of one. */
export interface LogPlace {
  readonly file: string;
  /** The next frame begins here. */
  readonly offset: number;
}

export interface Checkpoint {
  /** Rises by one with every commit. */
  readonly version: number;
  /** By stream (`w0-1769853600000`); before these places all of a stream is stored. */
  readonly places: Readonly<Record<string, LogPlace>>;
}

export interface LedgerRow {
  /** Day of the table, 20260131, as the frame says. */
  readonly day: number;
  readonly cdr: Cdr;
  readonly logId: LogId;
  readonly charges: readonly Charge[];
  /** What it counts for fraud limits. */
  readonly usages?: readonly Usage[] | undefined;
  /** False: parameters keep it out of the tables; its charges are posted all the same. */
  readonly listed: boolean;
  /** The frame's payload, where the record comes from the log. */
  readonly payload?: Uint8Array | undefined;
}

/** What no table can take, as it stands in the log. */
export interface RejectedRecord {
  readonly logId: LogId;
  readonly reason: string;
  /** JSON of the frame's values. */
  readonly raw: string;
}

export interface LedgerBatch {
  readonly logSet: string;
  /** Version of the checkpoint that the batch begins at. */
  readonly version: number;
  readonly rows: readonly LedgerRow[];
  readonly rejected: readonly RejectedRecord[];
  /** Places of all streams behind the batch. */
  readonly places: Readonly<Record<string, LogPlace>>;
  /** All of it was written since the checkpoint was asked for, so that none of it can have been posted before. */
  readonly isNew?: boolean;
}

export type CommitResult =
  | { readonly kind: 'stored'; readonly rows: number; readonly rejected: readonly RejectedRecord[] }
  /** Nothing was written: the checkpoint is not where the batch begins. */
  | { readonly kind: 'moved' };

export interface PreparedBatch {
  readonly batch: LedgerBatch;
}

export interface StoredCdrQuery {
  /** Of the call's end, ms since 1970; included. */
  readonly since?: number | undefined;
  /** Not included. */
  readonly until?: number | undefined;
  /** Customer or carrier. */
  readonly account?: string | undefined;
  /** One of the agents above the customer: those that paid for the call too. */
  readonly agent?: string | undefined;
  readonly gateway?: string | undefined;
  readonly callId?: string | undefined;
  /** That one CDR. */
  readonly logId?: LogId | undefined;
  /** The number called, as it came, begins with it. */
  readonly calleePrefix?: string | undefined;
  /** Key of core/end-reason.ts. */
  readonly endReason?: string | undefined;
  /** Only what comes behind this one in the order of the answers. */
  readonly after?: CdrPlace | undefined;
}

/** CDRs are ordered by the end of the call, then by their identity. */
export interface CdrPlace {
  readonly endedAt: number;
  readonly logId: LogId;
}

export type StoredCdr = Cdr & { logId: LogId };

export type PaymentKind =
  | 'opening'
  | 'recharge'
  | 'deduction'
  | 'zeroing'
  /** Of a package, by the node itself (package-due.ts). */
  | 'rent'
  | 'minimum';

export interface Payment {
  /** Rises with every payment of a ledger, gaps allowed. */
  readonly number: number;
  readonly account: string;
  readonly kind: PaymentKind;
  /** What the balance changed by. */
  readonly units: bigint;
  readonly balanceAfter: bigint;
  /** ms since 1970. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** Of the account after a recharge; null where it does not expire. */
  readonly expiresAt: number | null;
}

export interface PaymentOrder {
  readonly account: string;
  readonly kind: Exclude<PaymentKind, 'opening' | 'rent' | 'minimum'>;
  /** Above 0; zeroing has none. */
  readonly units: bigint;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** By how much a recharge extends an account that expires. */
  readonly extendDays: number;
  /** What the configuration says of its expiry; an earlier recharge may have moved it on. */
  readonly expiresAt: number | null;
  /** The configuration has shortened what earlier recharges made of the expiry: a recharge counts from what it says. */
  readonly isShortened?: boolean | undefined;
}

/** `open`: nothing was written, the rent waits for money, or the period never began. */
export interface DueOutcome {
  readonly state: RentState;
  /** Undefined where nothing was charged now. */
  readonly payment: Payment | undefined;
}

export interface LedgerAccount {
  readonly name: string;
  readonly balance: bigint;
  readonly expiresAt: number | null;
  /** Payments beyond the opening one. */
  readonly payments: number;
  /** Calls that were posted. */
  readonly calls: number;
}

export interface OpeningAccount {
  readonly name: string;
  readonly units: bigint;
  readonly expiresAt: number | null;
}

/** What calls of one day have cost one account. */
export interface DayCharges {
  readonly account: string;
  readonly day: number;
  /** Of rows in the day's table. */
  readonly listed: bigint;
  /** Of calls that have no row there. */
  readonly unlisted: bigint;
  readonly calls: number;
}

export interface LedgerDay {
  readonly day: number;
  readonly rows: number;
}

export interface RejectedRow extends RejectedRecord {
  readonly at: number;
}

export interface RejectedPage {
  readonly after?: LogId | undefined;
  readonly limit?: number | undefined;
}

export const rejectedAtOnceMax = 10_000;

export interface Standing {
  /** In the order of the names; 0 where an account has no books. */
  readonly balances: readonly bigint[];
  /** In the order of the log sets. */
  readonly checkpoints: readonly Checkpoint[];
  /** The latest `paymentOverlap` numbers, all of them part of the balances. */
  readonly payments: readonly Payment[];
}

/** A payment is committed at most so many numbers after it got its own. */
export const paymentOverlap = 1000;

export class PaymentRefused extends Error {
  readonly code: 'no-account' | 'too-large';

  constructor(code: PaymentRefused['code'], message: string) {
    super(message);
    this.name = 'PaymentRefused';
    this.code = code;
  }
}

/** The store cannot be reached now; whether a commit under way took place is not known. */
export class LedgerAway extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'LedgerAway';
  }
}

/** What the books are made of. */
export interface LedgerBooks {
  accounts(): Promise<LedgerAccount[]>;
  /** In the order of their numbers, those above `after`. */
  payments(filter: { after?: number; account?: string; limit?: number }): Promise<Payment[]>;
  dayCharges(): Promise<DayCharges[]>;
  days(): Promise<LedgerDay[]>;
  /** Of the table of one day. */
  cdrsOfDay(day: number): AsyncIterable<StoredCdr>;
}

export interface LedgerStore extends LedgerBooks {
  /** "lmdb", "file" or "mysql". */
  readonly kind: string;
  /** Settings that can lose a commit, in words; '' for none. */
  warning(): string;
  /** Version 0 and no places where nothing was stored yet. Asked once before the first commit of a set. */
  checkpoint(logSet: string): Promise<Checkpoint>;
  /** The work of a commit that needs no store: done while an earlier batch is being written. */
  prepare(batch: LedgerBatch): PreparedBatch;
  commit(prepared: PreparedBatch): Promise<CommitResult>;

  cdrs(query: StoredCdrQuery): AsyncIterable<StoredCdr>;
  /** Runs `read` on the books as of one moment, while calls and payments go on being posted; it may run twice where
   *  what it reads is taken away meanwhile. */
  view<Result>(read: (books: LedgerBooks) => Promise<Result>): Promise<Result>;
  /** Of records that were posted without a row: forgets those whose file of the log is none of `files`, and so cannot
   *  be read again. */
  dropUnlisted(logSet: string, files: readonly string[]): Promise<void>;
  /** Removes the rows of these days; what they charged stays in the books. */
  dropDay(day: number): Promise<void>;
  /** In the order of their identities, those behind `after`; 10,000 where no limit is given. */
  rejectedRows(page?: RejectedPage): Promise<RejectedRow[]>;

  /** Opens the books of accounts that have none yet, with an opening payment. */
  openAccounts(accounts: readonly OpeningAccount[], at: number): Promise<void>;
  account(name: string): Promise<LedgerAccount | undefined>;
  /** Takes away the books of an account without money, payments and calls; false where it has any. */
  closeAccount(name: string): Promise<boolean>;
  /** @throws PaymentRefused */
  pay(order: PaymentOrder): Promise<Payment>;
  /** Begins the period of a package, once over all nodes and starts. @throws PaymentRefused, LedgerAway */
  chargeRent(due: RentDue): Promise<DueOutcome>;
  /** Ends it likewise. @throws PaymentRefused, LedgerAway */
  chargeMinimum(due: MinimumDue): Promise<DueOutcome>;
  /** Balances, checkpoints and the latest payments as of one moment at which no commit is under way. */
  standing(names: readonly string[], logSets: readonly string[]): Promise<Standing>;
  /** Payments that may be new to whoever has seen all up to `number`: they may be committed out of the
   *  order of their numbers. */
  recentPayments(number: number): Promise<Payment[]>;
  /** For a backup, as of one moment: entries of the embedded ledger, whatever this one is. */
  copy(dataDir: string): Promise<[key: string, value: Uint8Array][]>;
  /** What days of fraud limits and periods of packages that begin on this day since 1970, or later, have used; each
   *  once. */
  usages(since: number): Promise<Usage[]>;
  /** Forgets earlier days of fraud limits. */
  dropUsages(before: number): Promise<void>;
  close(): Promise<void>;
}
