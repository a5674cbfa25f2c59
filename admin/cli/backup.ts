// tandem backup FILE | tandem restore FILE
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openLedger } from '../../workers/ledger/open-ledger.ts';
import { recordNodeFile } from '../../workers/node-file-record.ts';
import { loadSettings, type Settings } from '../../workers/settings.ts';
import { makeBackup, restoreBackup } from '../backup.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, type NodeOptions, withNodeOptions } from './node-client.ts';
import { withOfflineLedger } from './offline-ledger.ts';
import { printJson } from './output.ts';

export function addBackupCommands(tandem: Command): void {
  withNodeOptions(tandem.command('backup'))
    .description('write configuration, secrets, balances and payments of a node into one file')
    .argument('<file>', 'is made with mode 0600: it holds secrets')
    .addHelpText(
      'after',
      `
Balances and payments are as of one moment, also where they are in MySQL. CDRs stay where they are: in the tables,
or in the files that "tandem cdr" makes of them.

Examples:
  tandem backup tandem-$(date +%F).gz`,
    )
    .action(async (file: string, options: NodeOptions) => {
      writeFileSync(file, await backupOf(options), { mode: 0o600 });
    });
  withNodeOptions(tandem.command('restore'))
    .description('make a data directory of a backup, and check its books')
    .argument('<file>', 'from "tandem backup"')
    .option('--config <file>', 'node file of the node to be; default: that of the data directory')
    .addHelpText(
      'after',
      `
Where the node file names a database without books, balances and payments go there; one that has books is left as
it is ("ledger": "kept").

Examples:
  tandem restore tandem-2026-01-31.gz --data ./data && tandem start --data ./data`,
    )
    .action(restore);
}

async function backupOf(options: NodeOptions): Promise<Uint8Array> {
  const node = await findNode(options);
  if (node !== undefined) {
    return new Uint8Array(await (await ask(node, '/api/v1/backup')).arrayBuffer());
  }
  const { data: dataDir } = options;
  const store = await openConfigurationStore(dataDir);
  try {
    return await withOfflineLedger(dataDir, (ledger) => makeBackup({ dataDir, store, ledger }));
  } finally {
    await store.close();
  }
}

interface RestoreCommandOptions extends NodeOptions {
  config?: string;
}

async function restore(file: string, { data, config }: RestoreCommandOptions): Promise<void> {
  const settings = (): Settings => loadSettings({ dataDir: data, configFile: config });
  try {
    const restored = await restoreBackup(data, readFileSync(file), {
      mysqlUrl: () => settings().mysqlUrl,
    });
    const { mysqlUrl, nodeFile } = settings();
    recordNodeFile(data, nodeFile);
    const ledger = await openLedger({ dataDir: data, mysqlUrl }, () => {});
    try {
      const { difference = null, ...counts } = await auditReport(ledger);
      await printJson({ ...restored, ...counts, difference });
      if (difference !== null) throw new CommandFailed(1, difference);
    } finally {
      await ledger.close();
    }
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new CommandFailed(1, `${file}: ${(error as Error).message}`);
  }
}
