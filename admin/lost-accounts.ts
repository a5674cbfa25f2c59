// Accounts that a change would remove although they have money, payments or calls.
import { moneyText } from '../core/money.ts';
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../workers/configuration/configuration-versions.ts';
import { documentProblem } from '../workers/configuration/document-problem.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import { invalidDocument } from './put-in-force.ts';

/** Names of the accounts that go; the change is given up where one has books. */
export async function removedBy(
  result: ApplyResult,
  versions: ConfigurationVersions,
  ledger: Pick<LedgerStore, 'account'>,
): Promise<readonly string[]> {
  if (result.kind !== 'staged' && result.kind !== 'dryRun') return [];
  try {
    for (const name of result.removedAccounts) await refuseWithBooks(name, ledger);
  } catch (error) {
    if (result.kind === 'staged') versions.discard(result.version);
    throw error;
  }
  return result.removedAccounts;
}

/** An account that has money, payments or calls stays: what it owes, or is owed, would be nobody's. */
export async function refuseWithBooks(
  name: string,
  ledger: Pick<LedgerStore, 'account'> | undefined,
): Promise<void> {
  const books = await ledger?.account(name);
  if (books === undefined) return;
  const { balance, payments, calls } = books;
  if (balance === 0n && payments === 0 && calls === 0) return;
  const has = `a balance of "${moneyText(balance)}", ${payments} payments and ${calls} calls`;
  const reason = `is missing, but has ${has}; expected such accounts to stay`;
  throw invalidDocument([documentProblem(`accounts[${name}]`, undefined, reason)]);
}
