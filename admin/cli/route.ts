// tandem route
import { type Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { ask, jsonBody, type NodeOptions, needNode, withNodeOptions } from './node-client.ts';
import { printJson } from './output.ts';

interface RouteOptions extends NodeOptions {
  gateway?: string;
  callee?: string;
  caller?: string;
  at?: string;
  cdr?: string;
  without: string[];
  fail: Record<string, number>;
}

function alsoWithout(name: string, names: string[]): string[] {
  return [...names, name];
}

/** "carrier-a=503". */
function alsoFailing(text: string, failing: Record<string, number>): Record<string, number> {
  const parts = /^(.+)=([3-6][0-9]{2})$/.exec(text);
  if (parts === null) {
    throw new InvalidArgumentError('expected GATEWAY=CODE, with a SIP code from 300 to 699');
  }
  return { ...failing, [parts[1]!]: Number(parts[2]) };
}

export function addRouteCommand(tandem: Command): void {
  withNodeOptions(tandem.command('route'))
    .description('print which way a call would go, step by step, as JSON; changes nothing')
    .option('--gateway <name>', 'mapping gateway that the call comes in by')
    .option('--callee <number>', 'number that is called')
    .option('--caller <number>', 'number that calls')
    .option('--at <time>', 'as it would be then (2026-01-01T00:00:00Z); default: now')
    .option(
      '--cdr <id>',
      'in place of these: the call of this CDR, by Call-ID or SET/FILE/OFFSET of its logId, as it was',
    )
    .option('--without <name>', 'as if this routing gateway were gone; repeatable', alsoWithout, [])
    .option(
      '--fail <name=code>',
      'as if it answered so (carrier-a=503); repeatable',
      alsoFailing,
      {},
    )
    .addHelpText(
      'after',
      `
Examples:
  tandem route --gateway acme-in --callee 442079460000
  tandem route --gateway acme-in --callee 442079460000 --without carrier-a --fail carrier-b=503
  tandem route --gateway acme-in --callee 442079460000 --caller 15550100 --at 2026-01-01T00:00:00Z
  tandem route --cdr 4f2c9d1e@192.0.2.10 --without carrier-a`,
    )
    .action(async ({ gateway, callee, caller, at, cdr, ...more }: RouteOptions) => {
      const { without, fail, ...options } = more;
      const named = [gateway, callee, caller, at].some((each) => each !== undefined);
      if (cdr === undefined ? gateway === undefined || callee === undefined : named) {
        throw new CommandFailed(2, 'expected --gateway and --callee, or --cdr without them');
      }
      const node = await needNode(options);
      const response = await ask(
        node,
        '/api/v1/routing/analyze',
        jsonBody({ gateway, callee, caller, at, cdr, without, fail }),
      );
      await printJson(await response.json());
    });
}
