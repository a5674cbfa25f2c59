// The store on LMDB. Of the configuration the admin process writes and the engine's task threads read, of the
// ledger the CDR writer and the admin process write; all of them map the same file. Commits are synchronous
// and on the disk when they return.
import type { Database, Key } from 'lmdb';
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
    close: () => database.close(),
  };
}

/** Reads of one turn of the event loop share a view; what another thread has committed since must be seen. */
function seeLatest(database: Database<Uint8Array, string>): void {
  database.resetReadTxn();
}

function getCopy(database: Database<Uint8Array, string>, key: string): Uint8Array | undefined {
  return database.getBinary(key);
}

function keysOf(database: Database<Uint8Array, string>, prefix: string): string[] {
  const range = { start: prefix as Key as string, end: `${prefix}\u00ff` };
  return [...database.getKeys(range)];
}

function rangeOf(
  database: Database<Uint8Array, string>,
  { from, to, limit }: { from: string; to: string; limit: number },
): [string, Uint8Array][] {
  const entries: [string, Uint8Array][] = [];
  for (const { key, value } of database.getRange({ start: from, end: to, limit })) {
    // The value lies in a buffer that the next one is read into.
    entries.push([key, Uint8Array.from(value)]);
  }
  return entries;
}
