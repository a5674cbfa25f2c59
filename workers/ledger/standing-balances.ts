// What accounts have now: what the ledger says, less what calls have cost whose CDRs are in the log and not
// in the ledger yet. To be asked by the one that ships the log, between two commits.
import { addCharges } from '../cdr/call-charges.ts';
import { listLogSets } from '../cdr/log-set.ts';
import { LogTail } from '../cdr/log-tail.ts';
import type { LedgerStore, OpeningAccount, Payment } from './ledger-store.ts';

export interface StandingBalances {
  /** In the order of the accounts. */
  readonly balances: readonly bigint[];
  /** The latest payments, which are part of the balances. */
  readonly payments: readonly Payment[];
}

/** `directory`: the data directory. Books are opened where there are none. */
export async function standingBalances(
  store: LedgerStore,
  directory: string,
  request: { readonly accounts: readonly OpeningAccount[]; readonly at: number },
): Promise<StandingBalances> {
  const { accounts, at } = request;
  await store.openAccounts(accounts, at);
  const sets = listLogSets(directory);
  const standing = await store.standing(
    accounts.map(({ name }) => name),
    sets.map(({ id }) => id),
  );
  const charges = new Map<string, bigint>();
  for (const [index, set] of sets.entries()) {
    const tail = new LogTail(set, standing.checkpoints[index]!.places);
    try {
      tail.read(({ frame }) => {
        if (frame.kind === 'end') addCharges(charges, frame.cdr);
        return true;
      });
    } finally {
      tail.close();
    }
  }
  const balances = accounts.map(
    ({ name }, index) => standing.balances[index]! - (charges.get(name) ?? 0n),
  );
  return { balances, payments: standing.payments };
}
