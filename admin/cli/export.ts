// tandem export
import type { Command } from 'commander';
import { Option } from 'commander';
import type { DocumentFormat } from '../configuration-text.ts';
import { ask, findNode, type NodeOptions, withNodeOptions } from './node-client.ts';
import { readOffline } from './offline-configuration.ts';
import { print, printBody } from './output.ts';

interface ExportOptions extends NodeOptions {
  format: DocumentFormat;
  secrets: boolean;
}

export function addExportCommand(tandem: Command): void {
  withNodeOptions(tandem.command('export'))
    .description('print the configuration document in force')
    .addOption(new Option('--format <format>').choices(['yaml', 'json']).default('yaml'))
    .option('--secrets', 'passwords included', false)
    .addHelpText(
      'after',
      `
Without a running node the document is read from the data directory.

Examples:
  tandem export > switch.yaml
  tandem export --format json | jq .routingGateways`,
    )
    .action(async ({ format, secrets, ...options }: ExportOptions) => {
      const node = await findNode(options);
      if (node === undefined) {
        await readOffline(options.data, async (stored) => {
          for await (const piece of stored.text(format).pieces) await print(piece);
        });
        return;
      }
      await printBody(await ask(node, `/api/v1/config?format=${format}&secrets=${secrets}`));
    });
}
