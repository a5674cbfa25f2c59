// The configuration of a data directory on which no node runs: the same service on the same store, with
// no engine to ask. A change holds the directory's lock, so that no node starts in the middle of it.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import type { MysqlSource } from '../../workers/configuration/mysql-source.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openDataDirectory } from '../../workers/data-directory.ts';
import { LedgerAway } from '../../workers/ledger/ledger-store.ts';
import { settingsOfNode } from '../../workers/node-file-record.ts';
import { StartRefused } from '../../workers/start-refused.ts';
import { createConfigurationMaster, openSource } from '../configuration-master.ts';
import {
  type ConfigurationService,
  createConfigurationService,
  type RunningNode,
} from '../configuration-service.ts';
import { RequestRefused } from '../problem.ts';
import { CommandFailed } from './command-failed.ts';
import { isBadFile, problemText } from './node-client.ts';
import { withOfflineLedger } from './offline-ledger.ts';

/** @throws CommandFailed */
export async function changeOffline<Result>(
  dataDir: string,
  change: (configuration: ConfigurationService, versions: ConfigurationVersions) => Promise<Result>,
): Promise<Result> {
  const directory = await openDataDirectory(dataDir).catch((error: unknown) => {
    throw error instanceof StartRefused ? new CommandFailed(1, error.message) : error;
  });
  try {
    // An account that has had money or calls stays, as with a running node.
    return await withOfflineLedger(dataDir, (ledger) => changeLocked(dataDir, { ledger }, change));
  } finally {
    await directory.close();
  }
}

/** Reads only; needs no lock. @throws CommandFailed */
export async function readOffline<Result>(
  dataDir: string,
  read: (
    configuration: ConfigurationService,
    versions: ConfigurationVersions,
  ) => Result | Promise<Result>,
): Promise<Result> {
  if (!existsSync(dataDir)) {
    throw new CommandFailed(1, `data directory ${resolve(dataDir)}: not there`);
  }
  return await withConfiguration(dataDir, {}, async (...stored) => read(...stored));
}

interface Surroundings extends Pick<RunningNode, 'ledger'> {
  /** Absent: nothing is changed, or there is no master copy. */
  readonly source?: MysqlSource | undefined;
}

/** For whoever holds the lock of the directory. @throws CommandFailed */
export async function changeLocked<Result>(
  dataDir: string,
  books: Pick<RunningNode, 'ledger'>,
  change: (configuration: ConfigurationService, versions: ConfigurationVersions) => Promise<Result>,
): Promise<Result> {
  const source = await masterOf(dataDir);
  try {
    return await withConfiguration(dataDir, { ...books, source }, change);
  } finally {
    await source?.close();
  }
}

async function withConfiguration<Result>(
  dataDir: string,
  { source, ...books }: Surroundings,
  use: (configuration: ConfigurationService, versions: ConfigurationVersions) => Promise<Result>,
): Promise<Result> {
  const store = await openConfigurationStore(dataDir);
  try {
    const versions = new ConfigurationVersions(store);
    const master = source === undefined ? {} : { master: createConfigurationMaster(source, store) };
    return await use(createConfigurationService(versions, { ...books, ...master }), versions);
  } catch (error) {
    if (error instanceof LedgerAway) throw new CommandFailed(1, error.message);
    throw error instanceof RequestRefused ? asCommandFailed(error) : error;
  } finally {
    await store.close();
  }
}

/** The node's node file says where the master copy is; without one there is none. */
async function masterOf(dataDir: string): Promise<MysqlSource | undefined> {
  try {
    const { mysqlUrl, node } = settingsOfNode(dataDir);
    return await openSource({ url: mysqlUrl, node });
  } catch (error) {
    throw error instanceof StartRefused ? new CommandFailed(2, error.message) : error;
  }
}

function asCommandFailed({ problem }: RequestRefused): CommandFailed {
  return new CommandFailed(isBadFile(problem) ? 2 : 1, problemText(problem));
}
