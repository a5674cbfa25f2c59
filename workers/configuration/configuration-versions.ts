// The versions of the configuration: staged by `apply`, in force once committed, kept, listed, compared
// and gone back to. A version is staged first and committed only when the engine runs on it, so that the
// current version is always one that was seen to work. Nothing is ever half stored.
import type { Listener } from '../../core/call/local-identity.ts';
import {
  type ConfigurationDiff,
  diffDocuments,
  isEmptyDiff,
} from '../../core/configuration/diff.ts';
import { stagedVersionsMax, versionsMax } from '../../core/configuration/limits.ts';
import type { ConfigurationStore } from './configuration-store.ts';
import { checkDocument, unreachableWarnings } from './document-checks.ts';
import { type DocumentProblem, documentProblem } from './document-problem.ts';
import { parseDocument } from './document-schema.ts';
import { mergeDocument, refuseLostMoney } from './merge-document.ts';
import type { PackedRates } from './packed-rates.ts';
import { keepPaidExpiries } from './paid-expiry.ts';
import { slotNames } from './slot-registry.ts';
import {
  diffStoredRates,
  type NewTables,
  type RatesOf,
  referTo,
  type StoredDocument,
  storedForm,
} from './stored-document.ts';
import { packJson } from './stored-json.ts';
import {
  currentKey,
  documentKey,
  emptyStored,
  jsonAt,
  lastKey,
  namesKey,
  numberAt,
  packedTables,
  putTables,
  removeOldest,
  removeVersions,
  summaryKey,
  tableIds,
  tablesKey,
} from './stored-versions.ts';
import { VersionReader } from './version-reader.ts';
import type { VersionSummary } from './version-summary.ts';

export interface ApplyOptions {
  /** What the document lacks is removed. */
  readonly replace?: boolean;
  /** Only tell what would change. */
  readonly dryRun?: boolean;
  /** The running node's, to warn of gateways that it cannot reach. */
  readonly listeners?: readonly Listener[];
}

export type ApplyResult =
  | { readonly kind: 'refused'; readonly problems: readonly DocumentProblem[] }
  | { readonly kind: 'unchanged'; readonly version: number; readonly warnings: readonly string[] }
  | {
      readonly kind: 'dryRun';
      readonly diff: ConfigurationDiff;
      /** Names, all of them. */
      readonly removedAccounts: readonly string[];
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'staged';
      readonly version: number;
      readonly diff: ConfigurationDiff;
      readonly removedAccounts: readonly string[];
      readonly warnings: readonly string[];
    };

export type CommitResult =
  | { readonly ok: true }
  /** Another version was committed since this one was staged, or it is gone. */
  | { readonly ok: false; readonly reason: string };

export class ConfigurationVersions extends VersionReader {
  readonly #store: ConfigurationStore;
  readonly #wallClock: () => number;

  constructor(store: ConfigurationStore, wallClock: () => number = Date.now) {
    super(store);
    this.#store = store;
    this.#wallClock = wallClock;
  }

  /** Reads, merges, checks and stages a document of any origin. */
  apply(input: unknown, options: ApplyOptions = {}): ApplyResult {
    const parsed = parseDocument(input);
    if (!parsed.ok) return { kind: 'refused', problems: parsed.problems };
    const tables: NewTables = new Map();
    return this.#apply(storedForm(parsed.document, tables), tables, options);
  }

  /** Puts a rate table into the document, in the place of the one of its name. */
  putTable(
    name: string,
    rates: PackedRates,
    options: Omit<ApplyOptions, 'replace'> = {},
  ): ApplyResult {
    const tables: NewTables = new Map();
    const input = { ...emptyStored(), rateTables: [referTo(name, rates, tables)] };
    return this.#apply(input, tables, options);
  }

  /** Stages a new version with the content of an old one, but for the time that recharges have added. */
  rollbackTo(version: number, options: Omit<ApplyOptions, 'replace'> = {}): ApplyResult {
    const base = this.current();
    const current = this.stored(base) ?? emptyStored();
    const old = this.stored(version);
    if (old === undefined) {
      const kept = this.list()
        .filter((summary) => summary.committed)
        .map((summary) => summary.version);
      const reason = `is no version that is kept; expected one of ${kept.join(', ') || 'none'}`;
      return { kind: 'refused', problems: [documentProblem('version', version, reason)] };
    }
    const problems = refuseLostMoney(current, old);
    if (problems.length > 0) return { kind: 'refused', problems };
    const warnings: string[] = [];
    const accounts = keepPaidExpiries(current.accounts, old.accounts, warnings);
    const document = { ...old, accounts };
    warnings.push(...unreachableWarnings(document, options.listeners));
    const tables: NewTables = new Map();
    return this.#stage({ document, base, current, rollbackOf: version, tables }, options, warnings);
  }

  /** Puts a staged version in force, once the engine runs on it. */
  commit(version: number): CommitResult {
    return this.#store.transaction((transaction): CommitResult => {
      const summary = jsonAt<VersionSummary>(transaction, summaryKey(version));
      if (summary === undefined) return { ok: false, reason: `version ${version} is not kept` };
      const current = numberAt(transaction, currentKey);
      if (summary.base !== current) {
        const reason = `version ${version} was made from version ${summary.base}, but ${current} is in force now; apply again`;
        return { ok: false, reason };
      }
      transaction.put(summaryKey(version), packJson({ ...summary, committed: true }));
      transaction.put(currentKey, packJson(version));
      removeOldest(transaction, true, versionsMax);
      return { ok: true };
    });
  }

  /** Removes a staged version that the engine did not take. */
  discard(version: number): void {
    this.#store.transaction((transaction) => {
      const summary = jsonAt<VersionSummary>(transaction, summaryKey(version));
      if (summary !== undefined && !summary.committed) removeVersions(transaction, [version]);
    });
  }

  #apply(input: StoredDocument, tables: NewTables, options: ApplyOptions): ApplyResult {
    const base = this.current();
    const current = this.stored(base) ?? emptyStored();
    const merged = mergeDocument(current, input, options.replace ?? false);
    const findings = checkDocument(merged.document, input, this.#ratesOf(tables));
    const problems = [...merged.problems, ...findings.problems];
    if (problems.length > 0) return { kind: 'refused', problems };
    const next = { document: merged.document, base, current, rollbackOf: null, tables };
    const warnings = [
      ...merged.warnings,
      ...findings.warnings,
      ...unreachableWarnings(merged.document, options.listeners),
    ];
    return this.#stage(next, options, warnings);
  }

  #stage(next: Staging, options: ApplyOptions, warnings: readonly string[]): ApplyResult {
    const { document, base, rollbackOf, tables } = next;
    const ratesOf = this.#ratesOf(tables);
    const diff = diffDocuments(next.current, document, (old, table) =>
      diffStoredRates(old, table, ratesOf),
    );
    const kept = new Set(document.accounts.map(({ name }) => name));
    const removedAccounts = next.current.accounts
      .map(({ name }) => name)
      .filter((name) => !kept.has(name));
    if (options.dryRun) return { kind: 'dryRun', diff, removedAccounts, warnings };
    if (isEmptyDiff(diff) && base > 0) return { kind: 'unchanged', version: base, warnings };
    const packed = packJson(document);
    const names = packJson(slotNames(document));
    const newTables = packedTables(document, tables);
    const storedAt = new Date(this.#wallClock()).toISOString();
    const version = this.#store.transaction((transaction) => {
      const number = numberAt(transaction, lastKey) + 1;
      const summary: VersionSummary = {
        version: number,
        storedAt,
        base,
        rollbackOf,
        committed: false,
        diff,
      };
      transaction.put(lastKey, packJson(number));
      putTables(transaction, newTables);
      transaction.put(documentKey(number), packed);
      transaction.put(namesKey(number), names);
      transaction.put(tablesKey(number), packJson(tableIds(document)));
      transaction.put(summaryKey(number), packJson(summary));
      removeOldest(transaction, false, stagedVersionsMax);
      return number;
    });
    return { kind: 'staged', version, diff, removedAccounts, warnings };
  }

  #ratesOf(tables: NewTables): RatesOf {
    return (table) => tables.get(table.id)?.rates ?? this.rates(table);
  }
}

interface Staging {
  readonly document: StoredDocument;
  readonly base: number;
  readonly current: StoredDocument;
  readonly rollbackOf: number | null;
  readonly tables: NewTables;
}
