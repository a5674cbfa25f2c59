// Compiles a version out of the configuration store of a data directory: in a thread of the task pool, which
// opens the store for itself.
import { type CompiledSnapshot, compileParts } from './compile-snapshot.ts';
import type { ConfigurationStore } from './configuration-store.ts';
import { openConfigurationStore } from './open-store.ts';
import { VersionReader } from './version-reader.ts';

export interface StoredVersion {
  readonly dataDir: string;
  /** 0: the empty configuration. */
  readonly version: number;
}

/** Slots by the names of slot-registry.ts, given those that the version needs. */
export type SlotsOf = (names: () => readonly string[]) => ReadonlyMap<string, number>;

export interface CompiledVersion {
  readonly compiled: CompiledSnapshot;
  readonly readMs: number;
  readonly compileMs: number;
}

/** @throws where the version is not kept */
export async function compileStored(
  { dataDir, version }: StoredVersion,
  slotsOf: SlotsOf,
): Promise<CompiledVersion> {
  const started = performance.now();
  const versions = new VersionReader(await storeOf(dataDir));
  const stored = versions.splitDocument(version);
  if (stored === undefined) {
    throw new Error(`configuration version ${version} is not kept any more`);
  }
  const { document, prefixes: prefixTexts, numbers: numberTexts } = stored;
  const rateTables = document.rateTables.map((table) => ({
    name: table.name,
    rates: versions.rates(table),
  }));
  const read = performance.now();
  const compiled = compileParts(
    document,
    { version, slots: slotsOf(() => versions.slotNames(version) ?? []) },
    { prefixTexts, numberTexts, rateTables },
  );
  return { compiled, readMs: read - started, compileMs: performance.now() - read };
}

const stores = new Map<string, Promise<ConfigurationStore>>();

/** One store a thread and directory: opening maps the file. */
function storeOf(dataDir: string): Promise<ConfigurationStore> {
  let store = stores.get(dataDir);
  if (store === undefined) {
    store = openConfigurationStore(dataDir);
    stores.set(dataDir, store);
    store.catch(() => stores.delete(dataDir));
  }
  return store;
}
