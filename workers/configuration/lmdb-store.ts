// The store on LMDB. Of the configuration the admin process writes and the engine's task threads read, of the
// ledger the CDR writer and the admin process write; all of them map the same file. Commits are synchronous
// and on the disk when they return.
import type { Database, Key, Transaction } from 'lmdb';
import type { ConfigurationStore } from './configuration-store.ts';

export type Lmdb = typeof import('lmdb');

/** Rejects where lmdb has no binary for this platform. */
export function loadLmdb(): Promise<Lmdb> {
  return import('lmdb');
}

export function openLmdbStore(lmdb: Lmdb, directory: string): ConfigurationStore {
  const database = lmdb.open<Uint8Array, string>({
    path: directory,
    encoding: 'binary',
    // Without it a commit returns before it is flushed.
    overlappingSync: false,
    noSubdir: false,
  });
  return {
    kind: 'lmdb',
    get: (key) => {
      seeLatest(database);
      return getCopy(database, key);
    },
    keys: (prefix) => {
      seeLatest(database);
      return keysOf(database, prefix);
    },
    range: (from, to, limit) => {
      seeLatest(database);
      return rangeOf(database, { from, to, limit });
    },
    transaction: (change) =>
      database.transactionSync(() =>
        change({
          get: (key) => getCopy(database, key),
          keys: (prefix) => keysOf(database, prefix),
          range: (from, to, limit) => rangeOf(database, { from, to, limit }),
          put: (key, value) => void database.putSync(key, value as Buffer),
          remove: (key) => void database.removeSync(key),
        }),
      ),
    view: async (read) => {
      seeLatest(database);
      const transaction = database.useReadTransaction();
      try {
        return await read({
          get: (key) => getCopy(database, key, transaction),
          keys: (prefix) => keysOf(database, prefix, transaction),
          range: (from, to, limit) => rangeOf(database, { from, to, limit }, transaction),
        });
      } finally {
        transaction.done();
      }
    },
    close: () => database.close(),
  };
}

/** Reads of one turn of the event loop share a view; what another thread has committed since must be seen. */
function seeLatest(database: Database<Uint8Array, string>): void {
  database.resetReadTxn();
}

function getCopy(
  database: Database<Uint8Array, string>,
  key: string,
  transaction?: Transaction,
): Uint8Array | undefined {
  return database.get(key, within(transaction));
}

function keysOf(
  database: Database<Uint8Array, string>,
  prefix: string,
  transaction?: Transaction,
): string[] {
  const range = { start: prefix as Key as string, end: `${prefix}\u00ff` };
  return [...database.getKeys({ ...range, ...within(transaction) })];
}

function rangeOf(
  database: Database<Uint8Array, string>,
  { from, to, limit }: { from: string; to: string; limit: number },
  transaction?: Transaction,
): [string, Uint8Array][] {
  const entries: [string, Uint8Array][] = [];
  const range = { start: from, end: to, limit, ...within(transaction) };
  for (const { key, value } of database.getRange(range)) {
    // The value lies in a buffer that the next one is read into.
    entries.push([key, Uint8Array.from(value)]);
  }
  return entries;
}

/** Of no transaction of its own: the one of this turn, or the one that is being written. */
function within(transaction: Transaction | undefined): { transaction?: Transaction } {
  return transaction === undefined ? {} : { transaction };
}
