// Where the balances of accounts, and what the days of fraud limits have used, come from when a node starts or
// meets them for the first time.
import type { UsageRules } from '../core/billing/fraud-usage.ts';
import type { Usage } from '../core/cdr/cdr.ts';

export interface OpeningAccount {
  readonly name: string;
  /** `balance` of the configuration document, units of money. */
  readonly opening: bigint;
}

export interface OpeningBalances {
  /** What each of these accounts has now, units of money, in their order. Calls of a crash are closed in
   *  the CDR log by then, and none of these accounts has a call up. */
  balancesOf(accounts: readonly OpeningAccount[]): Promise<readonly bigint[]>;
}

export interface OpeningUsages {
  /** What ended calls have used of the last days, each limit and day once; from now on the ledger counts by
   *  these rules. */
  usagesOf(rules: UsageRules): Promise<readonly Usage[]>;
}
