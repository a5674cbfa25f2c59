// tandem route
import { type Command, InvalidArgumentError } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { ask, jsonBody, type NodeOptions, needNode, withNodeOptions } from './node-client.ts';
import { printJson } from './output.ts';

interface RouteOptions extends NodeOptions {
  gateway?: string;
  from?: string;
  callee?: string;
  caller?: string;
  at?: string;
  cdr?: string;
  without: string[];
  fail: Record<string, number | 'timeout'>;
}

function alsoWithout(name: string, names: string[]): string[] {
  return [...names, name];
}

type Failing = RouteOptions['fail'];

/** "carrier-a=503", "carrier-a=timeout". */
function alsoFailing(text: string, failing: Failing): Failing {
  const parts = /^(.+)=([3-6][0-9]{2}|timeout)$/.exec(text);
  if (parts === null) {
    throw new InvalidArgumentError(
      'expected GATEWAY=CODE, with a SIP code from 300 to 699, or GATEWAY=timeout',
    );
  }
  return { ...failing, [parts[1]!]: parts[2] === 'timeout' ? 'timeout' : Number(parts[2]) };
}

export function addRouteCommand(tandem: Command): void {
  withNodeOptions(tandem.command('route'))
    .description('print which way a call would go, step by step, as JSON; changes nothing')
    .option('--gateway <name>', 'mapping gateway that the call comes in by')
    .option(
      '--from <address>',
      'in place of --gateway: where the call comes from (192.0.2.1:5060, or without a port)',
    )
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
      'as if it answered so (carrier-a=503), or not at all (carrier-a=timeout); repeatable',
      alsoFailing,
      {},
    )
    .addHelpText(
      'after',
      `
Examples:
  tandem route --gateway acme-in --callee 442079460000
  tandem route --from 192.0.2.10:5060 --callee 442079460000
  tandem route --gateway acme-in --callee 442079460000 --without carrier-a --fail carrier-b=503
  tandem route --gateway acme-in --callee 442079460000 --caller 15550100 --at 2026-01-01T00:00:00Z
  tandem route --cdr 4f2c9d1e@192.0.2.10 --without carrier-a`,
    )
    .action(async ({ gateway, from: source, callee, caller, at, cdr, ...more }: RouteOptions) => {
      const { without, fail, ...options } = more;
      const named = [gateway, source, callee, caller, at].some((each) => each !== undefined);
      const isWhole = (gateway === undefined) !== (source === undefined) && callee !== undefined;
      if (cdr === undefined ? !isWhole : named) {
        throw new CommandFailed(
          2,
          'expected --callee with either --gateway or --from, or --cdr without them',
        );
      }
      const node = await needNode(options);
      const response = await ask(
        node,
        '/api/v1/routing/analyze',
        jsonBody({ gateway, source, callee, caller, at, cdr, without, fail }),
      );
      await printJson(await response.json());
    });
}
