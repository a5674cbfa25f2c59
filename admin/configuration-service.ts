// Changing the configuration, whoever asks: one change at a time, all or nothing. A document is checked
// and staged, then put in force (put-in-force.ts); where a database has the master copy, what others have
// changed there is taken up first.
import type { ConfigurationDiff } from '../core/configuration/diff.ts';
import type { AccountDocument, ConfigurationDocument } from '../core/configuration/model.ts';
import { moneyText } from '../core/money.ts';
import type { AdminStart } from '../workers/admin-messages.ts';
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../workers/configuration/configuration-versions.ts';
import type { RatesOf, StoredDocument } from '../workers/configuration/stored-document.ts';
import { emptyStored } from '../workers/configuration/stored-versions.ts';
import type { VersionSummary } from '../workers/configuration/version-summary.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import type { ConfigurationMaster } from './configuration-master.ts';
import { documentPieces } from './configuration-pieces.ts';
import type { DocumentFormat } from './configuration-text.ts';
import type { Activation } from './engine-channel.ts';
import { RequestRefused } from './problem.ts';
import { type ActivatingEngine, invalidDocument, putInForce } from './put-in-force.ts';
import { sharedBalances } from './shared-balances.ts';

export interface ListedVersion extends VersionSummary {
  inForce: boolean;
}

export interface ApplyOptions {
  replace: boolean;
  dryRun: boolean;
}

export interface AppliedChange {
  /** The version in force now; with `dryRun`, and where nothing changes, the one before. */
  version: number;
  previousVersion: number;
  dryRun: boolean;
  /** Absent where the document changes nothing. */
  changes?: ConfigurationDiff;
  warnings: readonly string[];
  /** Absent where no engine runs, and where nothing was put in force. */
  activation?: Activation;
}

export interface ConfigurationService {
  /** The version asked for, or the one in force. @throws RequestRefused */
  read(version?: number): { version: number; document: ConfigurationDocument };
  /** The one in force, its rate tables by reference. */
  inForce(): StoredDocument;
  /** The same as text. @throws RequestRefused */
  text(
    format: DocumentFormat,
    version?: number,
  ): { version: number; pieces: AsyncIterable<string> };
  /** Newest first. */
  list(): ListedVersion[];
  /** @throws RequestRefused */
  compare(from: number, to: number): ConfigurationDiff;
  /** @throws RequestRefused */
  apply(input: unknown, options: ApplyOptions): Promise<AppliedChange>;
  /** @throws RequestRefused */
  rollback(version: number): Promise<AppliedChange>;
  /** Moves the expiry of an account on, and changes nothing else of it. One that is gone, does not expire
   *  any more, or expires later anyway is left as it is. @throws RequestRefused */
  extendExpiry(account: string, expiresAt: string): Promise<AppliedChange>;
  /** Puts in force what `stage` has staged elsewhere, in its turn; a dry run needs none. @throws RequestRefused */
  applyStaged(stage: () => Promise<ApplyResult>, dryRun: boolean): Promise<AppliedChange>;
  /** Puts in force what other nodes have changed, and resolves with it; without a master, and while a change is
   *  under way here, it does nothing. @throws RequestRefused, LedgerAway */
  follow(): Promise<AppliedChange | undefined>;
}

/** Empty where no engine runs: the next start then runs on what is committed. */
export interface RunningNode {
  engine?: ActivatingEngine;
  /** To warn of gateways that the node cannot reach. */
  listeners?: AdminStart['listeners'];
  /** Closes the books of accounts that go; absent where there are none. */
  ledger?: Pick<LedgerStore, 'account' | 'closeAccount'>;
  /** Absent: the store of this node is the only one. */
  master?: ConfigurationMaster;
}

export function createConfigurationService(
  versions: ConfigurationVersions,
  { engine, listeners, ledger, master }: RunningNode = {},
): ConfigurationService {
  const known = listeners === undefined ? {} : { listeners };
  let changing = false;
  let following: Promise<AppliedChange | undefined> | undefined;
  const alone = async (
    stage: () => ApplyResult | Promise<ApplyResult>,
    dryRun = false,
  ): Promise<AppliedChange> => {
    if (changing) throw new RequestRefused('busy', 'expected after the change under way has ended');
    changing = true;
    try {
      // A look at the master copy is nobody's change: it is waited for, however slow the database is.
      await following?.catch(() => {});
      await catchUp(dryRun);
      const nodes = await master?.nodes();
      const applied = await change(stage, master);
      if (nodes === undefined || applied.dryRun) return applied;
      const shared = sharedBalances(versions.stored(applied.version)?.accounts ?? [], nodes);
      return { ...applied, warnings: [...applied.warnings, ...shared] };
    } finally {
      changing = false;
    }
  };
  const change = async (
    stage: () => ApplyResult | Promise<ApplyResult>,
    to: ConfigurationMaster | undefined,
  ): Promise<AppliedChange> => {
    const result = await stage();
    const removed = ledger === undefined ? [] : await removedBy(result, versions, ledger);
    const applied = await putInForce(versions, result, { engine, master: to });
    if (!applied.dryRun) for (const name of removed) await ledger!.closeAccount(name);
    return applied;
  };
  const catchUp = async (dryRun: boolean): Promise<AppliedChange | undefined> => {
    const news = await master?.news();
    if (news === undefined) return undefined;
    if (news === 'none') {
      if (dryRun || (await publishCurrent(versions, master!))) return undefined;
      return catchUp(dryRun);
    }
    const stage = (): ApplyResult => versions.apply(news.document, { replace: true, ...known });
    // Is there already: nothing is put there.
    const applied = await change(stage, undefined);
    master!.has(news.number);
    return applied;
  };
  return {
    ...storedSide(versions),
    apply: (input, options) =>
      alone(() => versions.apply(input, { ...options, ...known }), options.dryRun),
    async follow() {
      if (master === undefined || changing || following !== undefined) return undefined;
      following = catchUp(false).finally(() => {
        following = undefined;
      });
      return await following;
    },
    async rollback(version) {
      if (versions.stored(version) === undefined) throw versionNotFound(version);
      return alone(() => versions.rollbackTo(version, known));
    },
    // What the account is otherwise is read in the turn of this change: another one may have come in between.
    extendExpiry: (account, expiresAt) =>
      alone(() => versions.apply({ accounts: extended(versions, account, expiresAt) }, known)),
    applyStaged: async (stage, dryRun) =>
      dryRun ? putInForce(versions, await stage(), {}) : alone(stage),
  };
}

type StoredSide = 'read' | 'inForce' | 'text' | 'list' | 'compare';

/** What changes nothing. */
function storedSide(versions: ConfigurationVersions): Pick<ConfigurationService, StoredSide> {
  return {
    read: (version = versions.current()) => ({ version, document: documentOf(versions, version) }),
    inForce: () => versions.stored(versions.current()) ?? emptyStored(),
    text(format, version = versions.current()) {
      const stored = versions.stored(version);
      if (stored === undefined) throw versionNotFound(version);
      const ratesOf: RatesOf = (table) => versions.rates(table);
      return { version, pieces: documentPieces(stored, ratesOf, format) };
    },
    list() {
      const current = versions.current();
      return versions.list().map((one) => ({ ...one, inForce: one.version === current }));
    },
    compare(from, to) {
      const changes = versions.compare(from, to);
      if (changes !== undefined) return changes;
      throw versionNotFound(versions.stored(from) === undefined ? from : to);
    },
  };
}

/** Into a database without any, where there is something to put there; false where another node was first. */
async function publishCurrent(
  versions: ConfigurationVersions,
  master: ConfigurationMaster,
): Promise<boolean> {
  const version = versions.current();
  return version === 0 || (await master.publish(documentOf(versions, version)));
}

/** Names of the accounts that go; the change is given up where one has books. */
async function removedBy(
  result: ApplyResult,
  versions: ConfigurationVersions,
  ledger: Pick<LedgerStore, 'account'>,
): Promise<readonly string[]> {
  if (result.kind !== 'staged' && result.kind !== 'dryRun') return [];
  try {
    for (const name of result.removedAccounts) await refuseWithBooks(name, ledger);
  } catch (error) {
    if (result.kind === 'staged') versions.discard(result.version);
    throw error;
  }
  return result.removedAccounts;
}

/** An account that has money, payments or calls stays: what it owes, or is owed, would be nobody's. */
async function refuseWithBooks(name: string, ledger: Pick<LedgerStore, 'account'>): Promise<void> {
  const books = await ledger.account(name);
  if (books === undefined) return;
  const { balance, payments, calls } = books;
  if (balance === 0n && payments === 0 && calls === 0) return;
  const has = `a balance of "${moneyText(balance)}", ${payments} payments and ${calls} calls`;
  const text = `accounts[${name}]: is missing, but has ${has}; expected such accounts to stay`;
  throw invalidDocument([{ path: `accounts[${name}]`, value: '', text }]);
}

function extended(
  versions: ConfigurationVersions,
  name: string,
  expiresAt: string,
): AccountDocument[] {
  const account = versions.stored(versions.current())?.accounts.find((each) => each.name === name);
  if (account?.expiresAt === undefined) return [];
  return Date.parse(account.expiresAt) < Date.parse(expiresAt) ? [{ ...account, expiresAt }] : [];
}

function documentOf(versions: ConfigurationVersions, version: number): ConfigurationDocument {
  const document = versions.document(version);
  if (document === undefined) throw versionNotFound(version);
  return document;
}

function versionNotFound(version: number): RequestRefused {
  return new RequestRefused(
    'version-not-found',
    `version ${version}: expected one of those listed`,
  );
}
