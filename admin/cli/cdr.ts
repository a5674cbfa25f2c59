// tandem cdr
import type { Command } from 'commander';
import { Option } from 'commander';
import { queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { cdrText } from '../cdr-text.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, type NodeOptions, withNodeOptions } from './node-client.ts';
import { print, printBody } from './output.ts';

interface CdrOptions extends NodeOptions {
  since?: string;
  until?: string;
  account?: string;
  gateway?: string;
  callId?: string;
  limit?: number;
  format: 'json' | 'csv';
}

export function addCdrCommand(tandem: Command): void {
  withNodeOptions(tandem.command('cdr'))
    .description('print call detail records, oldest first; reads the log itself when no node runs')
    .option('--since <time>', 'calls that ended then or later (2026-01-01T00:00:00Z)')
    .option('--until <time>', 'calls that ended before')
    .option('--account <name>', 'calls of this customer or carrier')
    .option(
      '--gateway <name>',
      'calls in by this mapping gateway, or tried by this routing gateway',
    )
    .option('--call-id <id>', 'Call-ID of either leg')
    .option('--limit <count>', 'at most so many', wholeNumber)
    .addOption(
      new Option('--format <format>', 'json: one object a line')
        .choices(['json', 'csv'])
        .default('json'),
    )
    .addHelpText(
      'after',
      `
Examples:
  tandem cdr --since 2026-01-01T00:00:00Z --format csv > january.csv
  tandem cdr --gateway carrier-a | jq -r 'select(.answeredAt == null) | .endReason' | sort | uniq -c`,
    )
    .action(printCdrs);
}

async function printCdrs({ format, ...options }: CdrOptions): Promise<void> {
  const { account, gateway, callId, limit } = options;
  const since = timeOption('--since', options.since);
  const until = timeOption('--until', options.until);
  const shown = format === 'csv' ? 'csv' : 'ndjson';
  const node = await findNode(options);
  if (node === undefined) {
    const query = { directory: options.data, since, until, account, gateway, callId, limit };
    for await (const piece of cdrText(queryCdrs(query), shown)) await print(piece);
    return;
  }
  const query = new URLSearchParams({ format: shown });
  const given = { since: options.since, until: options.until, account, gateway, callId, limit };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, String(value));
  }
  await printBody(await ask(node, `/api/v1/cdrs?${query}`));
}

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function timeOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = timeForm.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new CommandFailed(2, `${name} ${text}: expected a time with a zone (2026-01-01T00:00:00Z)`);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new CommandFailed(2, `--limit ${text}: expected a number from 1`);
}
