// Where the balances of accounts come from when a node starts or meets an account for the first time.

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
