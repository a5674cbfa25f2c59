// What is in force here as the master copy in the database: into one that has none, and, where somebody decides
// so, in the place of one that this node does not follow.
import type { AccountDocument } from '../core/configuration/model.ts';
import type { ConfigurationVersions } from '../workers/configuration/configuration-versions.ts';
import { documentProblem } from '../workers/configuration/document-problem.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import type { ConfigurationMaster } from './configuration-master.ts';
import { refuseWithBooks } from './lost-accounts.ts';
import { RequestRefused } from './problem.ts';
import { invalidDocument } from './put-in-force.ts';

/** Into a database without any, where there is something to put there; false where another node was first. */
export async function publishCurrent(
  versions: ConfigurationVersions,
  master: ConfigurationMaster,
): Promise<boolean> {
  const version = versions.current();
  return version === 0 || (await master.publish(versions.document(version)));
}

/** Resolves with its number. No account that the database knows and that has money is lost by it.
 *  @throws RequestRefused, LedgerAway */
export async function publishOver(
  versions: ConfigurationVersions,
  master: ConfigurationMaster | undefined,
  ledger: Pick<LedgerStore, 'account'> | undefined,
): Promise<{ number: number }> {
  if (master === undefined) {
    throw new RequestRefused('configuration-refused', 'expected a node file with mysql.url');
  }
  const news = await master.news();
  if (news === undefined) return { number: master.followed() };
  if (news === 'none') {
    if (await publishCurrent(versions, master)) return { number: master.followed() };
    return publishOver(versions, master, ledger);
  }
  const version = versions.current();
  if (version === 0) throw new RequestRefused('configuration-refused', 'nothing is in force here');
  const document = versions.document(version);
  const kept = new Set(document?.accounts.map(({ name }) => name));
  const { accounts = [] } = news.document as { accounts?: AccountDocument[] };
  for (const { name, balance } of accounts.filter((account) => !kept.has(account.name))) {
    await refuseWithBooks(name, ledger);
    if (!/[1-9]/.test(balance ?? '')) continue;
    const reason = `is missing here, but has a balance of "${balance}" in the database; expected accounts with money to stay`;
    throw invalidDocument([documentProblem(`accounts[${name}]`, undefined, reason)]);
  }
  const number = await master.replace(news.number, document);
  master.has(number);
  return { number };
}

/** Why the master copy is not in force here, and what can be done; what is no refusal stays what it is. */
export function notFollowed(number: number, error: unknown): unknown {
  if (!(error instanceof RequestRefused)) return error;
  const { detail, errors } = error.problem;
  return new RequestRefused(
    'not-followed',
    `number ${number} of the database: ${detail}; until it fits nothing can be changed here: apply what it lacks on a node that follows it, or put what is in force here in its place (tandem config publish)`,
    errors,
  );
}
