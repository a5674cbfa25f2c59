// Opens a store of a data directory (the configuration's, or the embedded ledger's): LMDB, or the file of
// native-free where lmdb has no binary. What a directory holds already decides: a store is never left aside
// for an empty one of the other kind. A store of an older format is brought up to ours, one of a newer
// format is refused.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openMemoryStore } from '../../native-free/memory-store.ts';
import type { ConfigurationStore, StoreTransaction } from './configuration-store.ts';
import { type Lmdb, loadLmdb, openLmdbStore } from './lmdb-store.ts';

/** Format of keys and values, of the configuration and of the ledger. */
export const storeFormat = 2;

/** Its folder below the data directory, and what people are told it is. */
export interface StoreName {
  readonly folder: string;
  readonly title: string;
}

const configurationStore: StoreName = { folder: 'config', title: 'configuration store' };

const formatKey = 'format';

export type StoreKind = 'lmdb' | 'file';

export interface StoreOptions {
  /** Told once which store it is, when it is not LMDB. */
  readonly onStandIn?: (reason: string) => void;
  /** For tests and for platforms known to have no binary: this kind and no other. */
  readonly kind?: StoreKind;
  /** In place of importing it. */
  readonly loadLmdb?: () => Promise<Lmdb>;
}

export function openConfigurationStore(
  dataDir: string,
  options: StoreOptions = {},
): Promise<ConfigurationStore> {
  return openStore(dataDir, configurationStore, options);
}

export async function openStore(
  dataDir: string,
  name: StoreName,
  options: StoreOptions = {},
): Promise<ConfigurationStore> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const store = await openKind(dataDir, name, options);
  try {
    await upgradeStore(store, name, dataDir);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function openKind(
  dataDir: string,
  { folder, title }: StoreName,
  options: StoreOptions,
): Promise<ConfigurationStore> {
  const lmdbPath = join(dataDir, folder);
  const filePath = join(dataDir, `${folder}.log`);
  if (options.kind === 'file') return openMemoryStore(filePath);
  if (options.kind === undefined && existsSync(filePath)) {
    options.onStandIn?.(`${title}: the file ${filePath}, which this directory has already`);
    return openMemoryStore(filePath);
  }
  let lmdb: Lmdb;
  try {
    lmdb = await (options.loadLmdb ?? loadLmdb)();
  } catch (error) {
    const reason = (error as Error).message;
    if (existsSync(lmdbPath) || options.kind === 'lmdb') {
      throw new Error(`${title} ${lmdbPath}: needs lmdb, which cannot be used: ${reason}`);
    }
    options.onStandIn?.(`${title}: the file ${filePath}, as lmdb cannot be used: ${reason}`);
    return openMemoryStore(filePath);
  }
  return openLmdbStore(lmdb, lmdbPath);
}

type Upgrade = (transaction: StoreTransaction) => void;

/** How to bring a store of the format at `index` to the next one. Loaded where it is wanted: the schema of
 *  documents, and what checks them, comes with it. */
async function loadUpgrades(): Promise<readonly Upgrade[]> {
  const { moveRatesOut } = await import('./move-rates-out.ts');
  // 0 is an empty store.
  return [() => {}, moveRatesOut];
}

async function upgradeStore(
  store: ConfigurationStore,
  { title }: StoreName,
  dataDir: string,
): Promise<void> {
  const before = formatOf(store.get(formatKey));
  if (before === storeFormat) return;
  const upgrades = before === 0 ? [] : await loadUpgrades();
  store.transaction((transaction) => {
    const found = formatOf(transaction.get(formatKey));
    if (!(found <= storeFormat)) {
      throw new Error(
        `${title} in ${dataDir}: format ${found}: expected at most ${storeFormat} (written by a newer version)`,
      );
    }
    if (found > 0) for (const upgrade of upgrades.slice(found)) upgrade(transaction);
    transaction.put(formatKey, Buffer.from(String(storeFormat)));
  });
}

function formatOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number(Buffer.from(value).toString('latin1'));
}
