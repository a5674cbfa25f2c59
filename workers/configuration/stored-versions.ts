// The records of the configuration store and their keys: of each version its document, the names that need
// counter slots, the ids of its rate tables and its summary; and each rate table once, however many versions
// have it.

import type { StoreReader, StoreTransaction } from './configuration-store.ts';
import { emptyDocument } from './merge-document.ts';
import { openRates, type PackedRates } from './packed-rates.ts';
import type { NewTables, StoredDocument, TableReference } from './stored-document.ts';
import { packBytes, unpackBytes, unpackJson } from './stored-json.ts';
import type { VersionSummary } from './version-summary.ts';

export const currentKey = 'current';
export const lastKey = 'last';
const numberDigits = 10;

export function documentAt(reader: StoreReader, version: number): StoredDocument | undefined {
  if (version === 0) return emptyStored();
  return jsonAt<StoredDocument>(reader, documentKey(version));
}

export function emptyStored(): StoredDocument {
  return { ...emptyDocument(), rateTables: [] };
}

/** @throws where the record is not kept */
export function ratesAt(reader: StoreReader, table: TableReference): PackedRates {
  const bytes = reader.get(ratesKey(table.id));
  if (bytes === undefined) {
    throw new Error(`rate table ${JSON.stringify(table.name)}: record ${table.id} is not stored`);
  }
  return openRates(unpackBytes(bytes));
}

export function putTables(
  transaction: StoreTransaction,
  tables: ReadonlyMap<string, Uint8Array>,
): void {
  for (const [id, packed] of tables) {
    if (transaction.get(ratesKey(id)) === undefined) transaction.put(ratesKey(id), packed);
  }
}

/** Deflated; done before the transaction, which nobody else can write in. */
export function packedTables(document: StoredDocument, tables: NewTables): Map<string, Uint8Array> {
  const packed = new Map<string, Uint8Array>();
  for (const { id } of document.rateTables) {
    const table = tables.get(id);
    if (table !== undefined) packed.set(id, packBytes(table.bytes));
  }
  return packed;
}

/** Keeps the newest `kept` committed (or staged) versions. */
export function removeOldest(
  transaction: StoreTransaction,
  committed: boolean,
  kept: number,
): void {
  const versions = transaction
    .keys('summary/')
    .map((key) => jsonAt<VersionSummary>(transaction, key))
    .filter((summary) => summary?.committed === committed)
    .map((summary) => summary!.version);
  removeVersions(transaction, versions.slice(0, Math.max(0, versions.length - kept)));
}

/** With the tables that no other version has. */
export function removeVersions(transaction: StoreTransaction, versions: readonly number[]): void {
  if (versions.length === 0) return;
  for (const version of versions) {
    for (const key of [documentKey, namesKey, ...oldNamesKeys, tablesKey, summaryKey]) {
      transaction.remove(key(version));
    }
  }
  const used = new Set(
    transaction.keys('tables/').flatMap((key) => jsonAt<string[]>(transaction, key) ?? []),
  );
  for (const key of transaction.keys('rates/')) {
    if (!used.has(key.slice('rates/'.length))) transaction.remove(key);
  }
}

export function tableIds(document: StoredDocument): string[] {
  return document.rateTables.map(({ id }) => id);
}

export function numberAt(reader: StoreReader, key: string): number {
  return jsonAt<number>(reader, key) ?? 0;
}

export function jsonAt<Value>(reader: StoreReader, key: string): Value | undefined {
  const bytes = reader.get(key);
  return bytes === undefined ? undefined : (unpackJson(bytes) as Value);
}

/** Digits of one length, so that keys are in order of their numbers. */
function digits(version: number): string {
  return String(version).padStart(numberDigits, '0');
}

export function documentKey(version: number): string {
  return `document/${digits(version)}`;
}

/** Names that need counters. */
export function namesKey(version: number): string {
  return `counted/${digits(version)}`;
}

/** As releases kept them in which less was counted; they are worked out anew. */
const oldNamesKeys: readonly ((version: number) => string)[] = [
  (version) => `slots/${digits(version)}`,
  (version) => `counters/${digits(version)}`,
];

export function tablesKey(version: number): string {
  return `tables/${digits(version)}`;
}

export function summaryKey(version: number): string {
  return `summary/${digits(version)}`;
}

function ratesKey(id: string): string {
  return `rates/${id}`;
}
