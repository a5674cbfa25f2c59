// Where the balances of accounts come from when a node starts or meets an account for the first time.
import type { Piscina } from 'piscina';
import { taskFile } from './task-pool.ts';

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

/** The document's balance less what the calls in the CDR log cost: as long as there is no ledger. */
export function balancesFromLog(dataDir: string, pool: Piscina): OpeningBalances {
  let charges: Promise<ReadonlyMap<string, bigint>> | undefined;
  return {
    balancesOf: async (accounts) => {
      // Read once: the calls of this run of the node are charged to the accounts themselves.
      charges ??= pool.run(
        { directory: dataDir },
        { filename: taskFile('sum-charges'), name: 'sumCharges' },
      );
      const charged = await charges;
      return accounts.map(({ name, opening }) => opening - (charged.get(name) ?? 0n));
    },
  };
}
