// tandem route
import type { Command } from 'commander';
import { ask, jsonBody, type NodeOptions, needNode, withNodeOptions } from './node-client.ts';
import { printJson } from './output.ts';

interface RouteOptions extends NodeOptions {
  gateway: string;
  callee: string;
  caller?: string;
  at?: string;
}

export function addRouteCommand(tandem: Command): void {
  withNodeOptions(tandem.command('route'))
    .description('print which way a call would go, step by step, as JSON; changes nothing')
    .requiredOption('--gateway <name>', 'mapping gateway that the call comes in by')
    .requiredOption('--callee <number>', 'number that is called')
    .option('--caller <number>', 'number that calls')
    .option('--at <time>', 'as it would be then (2026-01-01T00:00:00Z); default: now')
    .addHelpText(
      'after',
      `
Examples:
  tandem route --gateway acme-in --callee 442079460000
  tandem route --gateway acme-in --callee 442079460000 --caller 15550100 --at 2026-01-01T00:00:00Z`,
    )
    .action(async ({ gateway, callee, caller, at, ...options }: RouteOptions) => {
      const node = await needNode(options);
      const response = await ask(
        node,
        '/api/v1/routing/analyze',
        jsonBody({ gateway, callee, caller, at }),
      );
      await printJson(await response.json());
    });
}
