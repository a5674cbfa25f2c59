// Changing the configuration, whoever asks: one change at a time, all or nothing. A document is checked
// and staged, then put in force (put-in-force.ts); where a database has the master copy, what others have
// changed there is taken up first.
import type { ConfigurationDiff } from '../core/configuration/diff.ts';
import type { AccountDocument, ConfigurationDocument } from '../core/configuration/model.ts';
import type { AdminStart } from '../workers/admin-messages.ts';
import type {
  ApplyResult,
  ConfigurationVersions,
} from '../workers/configuration/configuration-versions.ts';
import { extendedAccount } from '../workers/configuration/paid-expiry.ts';
import type { RatesOf, StoredDocument } from '../workers/configuration/stored-document.ts';
import { emptyStored } from '../workers/configuration/stored-versions.ts';
import type { VersionSummary } from '../workers/configuration/version-summary.ts';
import type { LedgerStore } from '../workers/ledger/ledger-store.ts';
import type { ConfigurationMaster } from './configuration-master.ts';
import { documentPieces } from './configuration-pieces.ts';
import { notFollowed, publishCurrent, publishOver } from './configuration-publishing.ts';
import type { DocumentFormat } from './configuration-text.ts';
import type { Activation } from './engine-channel.ts';
import { removedBy } from './lost-accounts.ts';
import { createMasterWatch, type MasterState } from './master-state.ts';
import { RequestRefused } from './problem.ts';
import { type ActivatingEngine, putInForce } from './put-in-force.ts';
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
  /** Puts what is in force here into the database, in the place of what it has and this node does not follow; resolves
   *  with its number. The same number where it is followed. @throws RequestRefused, LedgerAway */
  publish(): Promise<{ number: number }>;
  /** Null without a master, and before the first look at it. */
  masterState(): MasterState | null;
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
  node: RunningNode = {},
): ConfigurationService {
  const { listeners, ledger, master } = node;
  const known = listeners === undefined ? {} : { listeners };
  const { change, look, masterState } = stepsOf(versions, node, known);
  let changing = false;
  let following: Promise<AppliedChange | undefined> | undefined;
  const inTurn = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    if (changing) throw new RequestRefused('busy', 'expected after the change under way has ended');
    changing = true;
    try {
      // A look at the master copy is nobody's change: it is waited for, however slow the database is.
      await following?.catch(() => {});
      return await act();
    } finally {
      changing = false;
    }
  };
  const alone = (
    stage: () => ApplyResult | Promise<ApplyResult>,
    dryRun = false,
  ): Promise<AppliedChange> =>
    inTurn(async () => {
      await look(dryRun);
      const nodes = await master?.nodes();
      const applied = await change(stage, master);
      if (nodes === undefined || applied.dryRun) return applied;
      const shared = sharedBalances(versions.stored(applied.version)?.accounts ?? [], nodes);
      return { ...applied, warnings: [...applied.warnings, ...shared] };
    });
  return {
    ...storedSide(versions),
    apply: (input, options) =>
      alone(() => versions.apply(input, { ...options, ...known }), options.dryRun),
    async follow() {
      if (master === undefined || changing || following !== undefined) return undefined;
      following = look(false).finally(() => {
        following = undefined;
      });
      return await following;
    },
    masterState,
    publish: () =>
      inTurn(async () => {
        // What can be followed is: others' changes are not to be lost by this.
        await look(false).catch((error: unknown) => {
          if (!(error instanceof RequestRefused)) throw error;
        });
        const published = await publishOver(versions, master, ledger);
        await look(false);
        return published;
      }),
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

interface Steps {
  /** Puts in force what `stage` has staged; `to`: where it is put first. */
  change(
    stage: () => ApplyResult | Promise<ApplyResult>,
    to: ConfigurationMaster | undefined,
  ): Promise<AppliedChange>;
  /** Puts in force what the master has and this node does not. */
  look(dryRun: boolean): Promise<AppliedChange | undefined>;
  masterState(): MasterState | null;
}

function stepsOf(
  versions: ConfigurationVersions,
  { engine, ledger, master }: RunningNode,
  known: Pick<RunningNode, 'listeners'>,
): Steps {
  const watch = master && createMasterWatch(master.followed, Date.now);
  const change: Steps['change'] = async (stage, to) => {
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
    try {
      // Is there already: nothing is put there.
      const applied = await change(stage, undefined);
      master!.has(news.number);
      return applied;
    } catch (error) {
      throw notFollowed(news.number, error);
    }
  };
  return {
    change,
    look: (dryRun) => (watch === undefined ? catchUp(dryRun) : watch.look(() => catchUp(dryRun))),
    masterState: () => watch?.state() ?? null,
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

function extended(
  versions: ConfigurationVersions,
  name: string,
  expiresAt: string,
): AccountDocument[] {
  const account = versions.stored(versions.current())?.accounts.find((each) => each.name === name);
  if (account?.expiresAt === undefined) return [];
  const isExtended = Date.parse(account.expiresAt) < Date.parse(expiresAt);
  return isExtended ? [extendedAccount(account, expiresAt)] : [];
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
