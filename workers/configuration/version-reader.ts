// What is read of the versions of the configuration. Apart from what changes them, which needs the schema of
// documents: to load that takes as long as to load the rest of a compile, and the start of a node waits for it.
import { type ConfigurationDiff, diffDocuments } from '../../core/configuration/diff.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import type { ConfigurationStore } from './configuration-store.ts';
import type { PackedRates } from './packed-rates.ts';
import { type SplitDocument, splitDocument } from './prefix-text.ts';
import { slotNames } from './slot-registry.ts';
import {
  diffStoredRates,
  fullForm,
  type RatesOf,
  type StoredDocument,
  type TableReference,
} from './stored-document.ts';
import { unpackBytes } from './stored-json.ts';
import {
  currentKey,
  documentAt,
  documentKey,
  emptyStored,
  jsonAt,
  namesKey,
  numberAt,
  ratesAt,
  summaryKey,
} from './stored-versions.ts';
import type { VersionSummary } from './version-summary.ts';

export class VersionReader {
  readonly #store: ConfigurationStore;

  constructor(store: ConfigurationStore) {
    this.#store = store;
  }

  /** The version in force; 0: none yet, the configuration is empty. */
  current(): number {
    return numberAt(this.#store, currentKey);
  }

  /** Undefined: no such version (any more). Version 0 is the empty document. */
  document(version: number): ConfigurationDocument | undefined {
    const stored = this.stored(version);
    return stored === undefined ? undefined : fullForm(stored, (table) => this.rates(table));
  }

  /** The same with its rate tables by reference. */
  stored(version: number): StoredDocument | undefined {
    return documentAt(this.#store, version);
  }

  /** @throws where the record of the table is not kept */
  rates(table: TableReference): PackedRates {
    return ratesAt(this.#store, table);
  }

  /** The same for compiling: a million prefixes stay bytes. */
  splitDocument(version: number): SplitDocument | undefined {
    if (version === 0) return { document: emptyStored(), prefixes: [], numbers: [] };
    const bytes = this.#store.get(documentKey(version));
    return bytes === undefined ? undefined : splitDocument(unpackBytes(bytes));
  }

  /** Names that need counter slots, without reading the whole document. */
  slotNames(version: number): readonly string[] | undefined {
    if (version === 0) return [];
    const names = jsonAt<string[]>(this.#store, namesKey(version));
    if (names !== undefined) return names;
    // Stored by a release in which accounts, or parts of packages, had no slots.
    const document = this.document(version);
    return document === undefined ? undefined : slotNames(document);
  }

  /** Newest first; staged ones among them. */
  list(): VersionSummary[] {
    return this.#store
      .keys('summary/')
      .map((key) => jsonAt<VersionSummary>(this.#store, key))
      .filter((summary) => summary !== undefined)
      .reverse();
  }

  get(version: number): VersionSummary | undefined {
    return jsonAt<VersionSummary>(this.#store, summaryKey(version));
  }

  /** Undefined where one of them is not kept. */
  compare(before: number, after: number): ConfigurationDiff | undefined {
    const left = this.stored(before);
    const right = this.stored(after);
    if (left === undefined || right === undefined) return undefined;
    const ratesOf: RatesOf = (table) => this.rates(table);
    return diffDocuments(left, right, (old, now) => diffStoredRates(old, now, ratesOf));
  }
}
