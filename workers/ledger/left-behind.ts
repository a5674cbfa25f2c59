// A data directory whose node file names a database for the first time still has its embedded ledger. The database opens
// accounts by the `balance` of the document, so what payments and calls have made of it since stays behind; that is to be said.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLedger } from './embedded-ledger.ts';
import { LedgerAway, type LedgerStore } from './ledger-store.ts';

/** Accounts that the database is asked about: at each start, and one by one. */
const askedMax = 1000;

/** One of these accounts that the embedded ledger has payments or calls of and the database does not know; undefined: none, or
 *  the database is away. To be asked before the database opens them. */
export async function leftBehind(
  store: Pick<LedgerStore, 'kind' | 'account'>,
  dataDir: string,
  names: readonly string[],
): Promise<string | undefined> {
  if (store.kind !== 'mysql' || names.length === 0) return undefined;
  if (!['ledger', 'ledger.log'].some((name) => existsSync(join(dataDir, name)))) return undefined;
  const embedded = await openEmbeddedLedger(dataDir);
  try {
    const asked = new Set(names);
    const used = (await embedded.accounts()).filter(
      ({ name, payments, calls }) => asked.has(name) && payments + calls > 0,
    );
    for (const { name } of used.slice(0, askedMax)) {
      if ((await store.account(name)) === undefined) return name;
    }
    return undefined;
  } catch (error) {
    if (error instanceof LedgerAway) return undefined;
    throw error;
  } finally {
    await embedded.close();
  }
}
