// tandem listed | unlist: the dynamic black lists of the running node.
import { type Command, Option } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { ask, type NodeOptions, needNode, withNodeOptions } from './node-client.ts';
import { printJson } from './output.ts';

interface ListedOptions extends NodeOptions {
  limit?: string;
}

interface UnlistOptions extends NodeOptions {
  side?: 'caller' | 'callee';
  all?: boolean;
}

const path = '/api/v1/listed-numbers';

export function addListedCommands(tandem: Command): void {
  withNodeOptions(tandem.command('listed'))
    .description('print the numbers on the dynamic black lists as one JSON object')
    .option('--limit <count>', 'at most so many; default: 1000')
    .addHelpText(
      'after',
      `
Examples:
  tandem listed | jq -r '.listed[] | select(.kind == "malicious") | .number'`,
    )
    .action(async ({ limit, ...options }: ListedOptions) => {
      const query = limit === undefined ? '' : `?${new URLSearchParams({ limit })}`;
      await printJson(await (await ask(await needNode(options), path + query)).json());
    });
  withNodeOptions(tandem.command('unlist'))
    .description('take a number off the dynamic black lists; what was counted of it begins anew')
    .argument('[number]', 'as it is routed')
    .addOption(
      new Option('--side <side>', 'only as this; default: both').choices(['caller', 'callee']),
    )
    .option('--all', 'in place of a number: all of them')
    .addHelpText(
      'after',
      `
Examples:
  tandem unlist 15550100 --side caller
  tandem unlist --all`,
    )
    .action(async (number: string | undefined, { side, all, ...options }: UnlistOptions) => {
      const isAll = all === true;
      if (isAll === (number !== undefined) || (isAll && side !== undefined)) {
        throw new CommandFailed(2, 'expected a number, or --all without one');
      }
      const address = isAll ? `${path}?all=true` : `${path}/${encodeURIComponent(number!)}`;
      const query = side === undefined ? '' : `?side=${side}`;
      const node = await needNode(options);
      await printJson(await (await ask(node, address + query, { method: 'DELETE' })).json());
    });
}
