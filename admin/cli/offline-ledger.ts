// The ledger of a data directory on which no node runs: the one that its node's node file names.
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { LedgerAway, type LedgerStore, PaymentRefused } from '../../workers/ledger/ledger-store.ts';
import { openLedger } from '../../workers/ledger/open-ledger.ts';
import { settingsOfNode } from '../../workers/node-file-record.ts';
import { StartRefused } from '../../workers/start-refused.ts';
import { type CdrFilter, type CdrPage, createCdrPages, parsePlace } from '../cdr-pages.ts';
import { createConfigurationService } from '../configuration-service.ts';
import { RequestRefused } from '../problem.ts';
import { CommandFailed } from './command-failed.ts';
import { problemText } from './node-client.ts';

type OfflinePages = (filter: CdrFilter, after: string | undefined) => Promise<CdrPage>;

/** @throws CommandFailed */
export async function withOfflineCdrs(
  dataDir: string,
  use: (pages: OfflinePages) => Promise<void>,
): Promise<void> {
  if (!existsSync(dataDir)) {
    // Nothing is made where nothing was.
    await use(async () => ({ rowsMax: 1, cdrs: Readable.from([]) }));
    return;
  }
  const store = await openConfigurationStore(dataDir);
  try {
    const configuration = createConfigurationService(new ConfigurationVersions(store));
    const parameters = configuration.inForce().parameters;
    await withOfflineLedger(dataDir, async (ledger) => {
      const pages = createCdrPages({ dataDir, ledger, parameters: () => parameters });
      await use((filter, after) =>
        pages({ ...filter, after: after === undefined ? undefined : parsePlace(after) }),
      );
    });
  } finally {
    await store.close();
  }
}

/** @throws CommandFailed */
export async function withOfflineLedger<Result>(
  dataDir: string,
  use: (ledger: LedgerStore) => Promise<Result>,
): Promise<Result> {
  try {
    const { mysqlUrl } = settingsOfNode(dataDir);
    const ledger = await openLedger({ dataDir, mysqlUrl }, () => {});
    try {
      return await use(ledger);
    } finally {
      await ledger.close();
    }
  } catch (error) {
    if (error instanceof StartRefused) throw new CommandFailed(2, error.message);
    if (error instanceof LedgerAway) throw new CommandFailed(1, error.message);
    if (error instanceof PaymentRefused) throw new CommandFailed(1, error.message);
    if (error instanceof RequestRefused) throw new CommandFailed(1, problemText(error.problem));
    throw error;
  }
}
