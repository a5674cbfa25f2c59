// tandem rate
import { type Command, InvalidArgumentError } from 'commander';
import { quoteDocument } from '../../workers/configuration/quote-document.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, jsonBody, type NodeOptions, withNodeOptions } from './node-client.ts';
import { readOffline } from './offline-configuration.ts';
import { printJson } from './output.ts';

interface RateOptions extends NodeOptions {
  account: string;
  callee: string;
  seconds: number;
  at?: number;
  clearingAccount?: string;
  calleeOut?: string;
}

/** As the engine takes it at most; see admin/routes/rating.ts. */
const secondsMax = 2_592_000;

export function addRateCommand(tandem: Command): void {
  withNodeOptions(tandem.command('rate'))
    .description('print what a call would cost, and how that comes about, as JSON')
    .requiredOption('--account <name>', 'account that pays (or, a clearing account, is paid)')
    .requiredOption('--callee <number>', 'number that is rated')
    .requiredOption('--seconds <n>', 'length of the call from answer to end', secondsArgument)
    .option('--at <time>', 'start of the call (2026-01-01T00:00:00Z); default: now', timeArgument)
    .option('--clearing-account <name>', 'account of a carrier: adds what it costs, and the profit')
    .option('--callee-out <number>', 'number as sent, for a carrier that is rated by it')
    .addHelpText(
      'after',
      `
Without a running node it is told from the configuration in the data directory. Packages count as at the
start of their period.

Examples:
  tandem rate --account acme --callee 442079460000 --seconds 61
  tandem rate --account acme --callee 442079460000 --seconds 36.05 --at 2026-01-01T18:00:00Z
  tandem rate --account acme --callee 442079460000 --seconds 61 --clearing-account carrier-a`,
    )
    .action(async ({ seconds, at, ...options }: RateOptions) => {
      const { account, callee, clearingAccount, calleeOut } = options;
      const call = { account, callee, clearingAccount, calleeOut };
      const node = await findNode(options);
      if (node === undefined) {
        const request = {
          ...call,
          holdMs: Math.round(seconds * 1000),
          at: at ?? Date.now(),
        };
        await printJson(await quoteOffline(options.data, request));
        return;
      }
      const time = at === undefined ? {} : { at: new Date(at).toISOString() };
      const body = jsonBody({ ...call, seconds, ...time });
      await printJson(await (await ask(node, '/api/v1/rating/quote', body)).json());
    });
}

async function quoteOffline(
  dataDir: string,
  request: Parameters<typeof quoteDocument>[2],
): Promise<unknown> {
  return await readOffline(dataDir, (configuration) => {
    const { version, document } = configuration.read();
    const quote = quoteDocument(document, version, request);
    if (typeof quote === 'string') throw new CommandFailed(1, quote);
    return quote;
  });
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (/^[0-9]+(\.[0-9]{1,3})?$/.test(text) && seconds <= secondsMax) return seconds;
  throw new InvalidArgumentError(`expected seconds from 0 to ${secondsMax}, at most 3 decimals`);
}

function timeArgument(text: string): number {
  const at = Date.parse(text);
  if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(at)) return at;
  throw new InvalidArgumentError('expected an ISO 8601 time with a zone (2026-01-01T00:00:00Z)');
}
