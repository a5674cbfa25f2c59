// What the main thread and the thread of the CDR writer say to each other.
import type { UsageRules } from '../../core/billing/fraud-usage.ts';
import type { RentState } from '../../core/billing/package-items.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import type { CdrStoreFigures, HandOffsFigures } from '../admin-messages.ts';
import type { HandOffSettings } from '../hand-off/hand-offs.ts';
import type { LedgerSettings } from '../ledger/open-ledger.ts';
import type { MinimumDue, RentDue } from '../ledger/package-due.ts';
import type { LogLevel } from '../settings.ts';
import type { WriterParameters } from './row-rules.ts';

/** workerData of the thread. */
export interface CdrWriterStart {
  readonly ledger: LedgerSettings;
  readonly handOff: HandOffSettings;
  /** Of the node, wall clock. */
  readonly startedAt: number;
  readonly parameters: WriterParameters;
  /** When these came into force, wall clock; 0: they are defaults, and others follow. */
  readonly parametersAt: number;
  /** By what CDRs count for fraud limits; null: not known yet, and nothing is shipped until it is. */
  readonly usage: UsageRules | null;
  /** Highest number of the payments that the main thread has heard of; -1: of none, and it asks for none. */
  readonly paymentsHeard: number;
  /** That an earlier thread was asked for: what they have is kept on. */
  readonly accounts: readonly string[];
  readonly logLevel: LogLevel;
}

/** Amounts are bigint: both sides are threads. */
export type ToCdrWriter =
  | { kind: 'parameters'; parameters: WriterParameters; at: number }
  /** Open books where there are none; answered with `balances` or `failed`. */
  | {
      kind: 'balances';
      id: number;
      accounts: { name: string; units: bigint; expiresAt: number | null }[];
    }
  /** Count CDRs by these rules from now on; answered with `usages` or `failed`. */
  | { kind: 'usages'; id: number; rules: UsageRules }
  /** Payments were stored: answered with `looked`, after those that are new were told. */
  | { kind: 'lookForPayments'; id: number }
  /** Of a package; answered with `charged`, after the payment was told, or with `failed`. */
  | { kind: 'chargeRent'; id: number; due: RentDue }
  | { kind: 'chargeMinimum'; id: number; due: MinimumDue }
  /** Ship what is there, end the thread. */
  | { kind: 'stop' };

export type FromCdrWriter =
  | { kind: 'figures'; figures: CdrStoreFigures; handOffs: HandOffsFigures }
  | {
      kind: 'balances';
      id: number;
      balances: readonly bigint[];
      /** The latest, which are part of these balances. */
      payments: readonly HeardPayment[];
    }
  | { kind: 'usages'; id: number; usages: readonly Usage[] }
  | { kind: 'looked'; id: number }
  | { kind: 'charged'; id: number; state: RentState | 'later' }
  | { kind: 'failed'; id: number; reason: string }
  /** Some of them may have been told before. */
  | { kind: 'payments'; payments: readonly HeardPayment[] };

export interface HeardPayment {
  readonly number: number;
  readonly account: string;
  readonly units: bigint;
}
