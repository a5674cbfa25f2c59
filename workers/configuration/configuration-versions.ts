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
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import type { ConfigurationStore, StoreReader, StoreTransaction } from './configuration-store.ts';
import { checkDocument, unreachableWarnings } from './document-checks.ts';
import { type DocumentProblem, documentProblem } from './document-problem.ts';
import { parseDocument } from './document-schema.ts';
import { emptyDocument, mergeDocument, refuseLostMoney } from './merge-document.ts';
import { type SplitDocument, splitDocument } from './prefix-text.ts';
import { slotNames } from './slot-registry.ts';
import { packJson, unpackJson, unpackText } from './stored-json.ts';

export interface VersionSummary {
  readonly version: number;
  /** ISO 8601, when it was staged. */
  readonly storedAt: string;
  /** The version it was made from. */
  readonly base: number;
  /** Where it is an old version's content again. */
  readonly rollbackOf: number | null;
  readonly committed: boolean;
  readonly diff: ConfigurationDiff;
}

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
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'staged';
      readonly version: number;
      readonly diff: ConfigurationDiff;
      readonly warnings: readonly string[];
    };

export type CommitResult =
  | { readonly ok: true }
  /** Another version was committed since this one was staged, or it is gone. */
  | { readonly ok: false; readonly reason: string };

const currentKey = 'current';
const lastKey = 'last';
const numberDigits = 10;

export class ConfigurationVersions {
  readonly #store: ConfigurationStore;
  readonly #wallClock: () => number;

  constructor(store: ConfigurationStore, wallClock: () => number = Date.now) {
    this.#store = store;
    this.#wallClock = wallClock;
  }

  /** The version in force; 0: none yet, the configuration is empty. */
  current(): number {
    return numberAt(this.#store, currentKey);
  }

  /** Undefined: no such version (any more). Version 0 is the empty document. */
  document(version: number): ConfigurationDocument | undefined {
    return documentAt(this.#store, version);
  }

  /** The same for compiling: a million prefixes stay bytes. */
  splitDocument(version: number): SplitDocument | undefined {
    if (version === 0) return { document: emptyDocument(), prefixes: [] };
    const bytes = this.#store.get(documentKey(version));
    return bytes === undefined ? undefined : splitDocument(unpackText(bytes));
  }

  /** Names that need counter slots, without reading the whole document. */
  slotNames(version: number): readonly string[] | undefined {
    if (version === 0) return [];
    const names = jsonAt<string[]>(this.#store, namesKey(version));
    if (names !== undefined) return names;
    // Stored by a release in which accounts had no slots.
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
    const left = this.document(before);
    const right = this.document(after);
    return left === undefined || right === undefined ? undefined : diffDocuments(left, right);
  }

  /** Reads, merges, checks and stages a document of any origin. */
  apply(input: unknown, options: ApplyOptions = {}): ApplyResult {
    const parsed = parseDocument(input);
    if (!parsed.ok) return { kind: 'refused', problems: parsed.problems };
    const base = this.current();
    const current = this.document(base) ?? emptyDocument();
    const merged = mergeDocument(current, parsed.document, options.replace ?? false);
    const findings = checkDocument(merged.document, parsed.document);
    const problems = [...merged.problems, ...findings.problems];
    if (problems.length > 0) return { kind: 'refused', problems };
    const next = { document: merged.document, base, current, rollbackOf: null };
    const warnings = [
      ...merged.warnings,
      ...findings.warnings,
      ...unreachableWarnings(merged.document, options.listeners),
    ];
    return this.#stage(next, options, warnings);
  }

  /** Stages a new version with the content of an old one. */
  rollbackTo(version: number, options: Omit<ApplyOptions, 'replace'> = {}): ApplyResult {
    const base = this.current();
    const current = this.document(base) ?? emptyDocument();
    const document = this.document(version);
    if (document === undefined) {
      const kept = this.list()
        .filter((summary) => summary.committed)
        .map((summary) => summary.version);
      const reason = `is no version that is kept; expected one of ${kept.join(', ') || 'none'}`;
      return { kind: 'refused', problems: [documentProblem('version', version, reason)] };
    }
    const problems = refuseLostMoney(current, document);
    if (problems.length > 0) return { kind: 'refused', problems };
    const warnings = unreachableWarnings(document, options.listeners);
    return this.#stage({ document, base, current, rollbackOf: version }, options, warnings);
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
      if (summary !== undefined && !summary.committed) removeVersion(transaction, version);
    });
  }

  #stage(next: Staging, options: ApplyOptions, warnings: readonly string[]): ApplyResult {
    const diff = diffDocuments(next.current, next.document);
    if (options.dryRun) return { kind: 'dryRun', diff, warnings };
    if (isEmptyDiff(diff) && next.base > 0) {
      return { kind: 'unchanged', version: next.base, warnings };
    }
    const packed = packJson(next.document);
    const names = packJson(slotNames(next.document));
    const storedAt = new Date(this.#wallClock()).toISOString();
    const version = this.#store.transaction((transaction) => {
      const number = numberAt(transaction, lastKey) + 1;
      const { base, rollbackOf } = next;
      const summary: VersionSummary = {
        version: number,
        storedAt,
        base,
        rollbackOf,
        committed: false,
        diff,
      };
      transaction.put(lastKey, packJson(number));
      transaction.put(documentKey(number), packed);
      transaction.put(namesKey(number), names);
      transaction.put(summaryKey(number), packJson(summary));
      removeOldest(transaction, false, stagedVersionsMax);
      return number;
    });
    return { kind: 'staged', version, diff, warnings };
  }
}

interface Staging {
  readonly document: ConfigurationDocument;
  readonly base: number;
  readonly current: ConfigurationDocument;
  readonly rollbackOf: number | null;
}

function documentAt(reader: StoreReader, version: number): ConfigurationDocument | undefined {
  if (version === 0) return emptyDocument();
  const stored = jsonAt<ConfigurationDocument>(reader, documentKey(version));
  // Stored before there were calendars: reading it again fills in what came with them.
  if (stored === undefined || stored.calendars !== undefined) return stored;
  const parsed = parseDocument(stored);
  if (parsed.ok) return parsed.document;
  throw new Error(`configuration version ${version}: ${parsed.problems[0]!.text}`);
}

/** Keeps the newest `kept` committed (or staged) versions. */
function removeOldest(transaction: StoreTransaction, committed: boolean, kept: number): void {
  const versions = transaction
    .keys('summary/')
    .map((key) => jsonAt<VersionSummary>(transaction, key))
    .filter((summary) => summary?.committed === committed)
    .map((summary) => summary!.version);
  for (const version of versions.slice(0, Math.max(0, versions.length - kept))) {
    removeVersion(transaction, version);
  }
}

function removeVersion(transaction: StoreTransaction, version: number): void {
  transaction.remove(documentKey(version));
  transaction.remove(namesKey(version));
  transaction.remove(summaryKey(version));
}

function numberAt(reader: StoreReader, key: string): number {
  return jsonAt<number>(reader, key) ?? 0;
}

function jsonAt<Value>(reader: StoreReader, key: string): Value | undefined {
  const bytes = reader.get(key);
  return bytes === undefined ? undefined : (unpackJson(bytes) as Value);
}

/** Digits of one length, so that keys are in order of their numbers. */
function digits(version: number): string {
  return String(version).padStart(numberDigits, '0');
}

function documentKey(version: number): string {
  return `document/${digits(version)}`;
}

function namesKey(version: number): string {
  return `slots/${digits(version)}`;
}

function summaryKey(version: number): string {
  return `summary/${digits(version)}`;
}
