// tandem status
import type { Command } from 'commander';
import { ask, type NodeOptions, needNode, withNodeOptions } from './node-client.ts';
import { printJson } from './output.ts';

export function addStatusCommand(tandem: Command): void {
  withNodeOptions(tandem.command('status'))
    .description('print the running node as one JSON object: calls, gateways, workers, CDR log')
    .addHelpText(
      'after',
      `
Examples:
  tandem status
  tandem status --data /var/lib/tandem
  tandem status | jq .callsUp`,
    )
    .action(async (options: NodeOptions) => {
      const response = await ask(await needNode(options), '/api/v1/status');
      await printJson(await response.json());
    });
}
