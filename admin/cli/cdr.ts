// tandem cdr
import type { Command } from 'commander';
import { Option } from 'commander';
import type { CdrJson } from '../../core/cdr/cdr-json.ts';
import { placeText } from '../cdr-pages.ts';
import { cdrCsvHeading, cdrCsvLine, cdrJsonLine } from '../cdr-text.ts';
import { CommandFailed } from './command-failed.ts';
import {
  ask,
  findNode,
  type NodeAddress,
  type NodeOptions,
  withNodeOptions,
} from './node-client.ts';
import { print } from './output.ts';
import { printRejected } from './rejected-cdrs.ts';

interface CdrOptions extends NodeOptions {
  since?: string;
  until?: string;
  account?: string;
  agent?: string;
  gateway?: string;
  calleePrefix?: string;
  endReason?: string;
  callId?: string;
  rejected?: boolean;
  limit?: number;
  format: 'json' | 'csv';
}

export function addCdrCommand(tandem: Command): void {
  withNodeOptions(tandem.command('cdr'))
    .description(
      'print call detail records, oldest first; reads the stores itself when no node runs',
    )
    .option('--since <time>', 'calls that ended then or later (2026-01-01T00:00:00Z)')
    .option('--until <time>', 'calls that ended before')
    .option('--account <name>', 'calls of this customer or carrier')
    .option('--agent <name>', 'calls that this agent paid for, of customers below it')
    .option(
      '--gateway <name>',
      'calls in by this mapping gateway, or tried by this routing gateway',
    )
    .option('--callee-prefix <digits>', 'calls whose number called, as it came, begins so')
    .option('--end-reason <reason>', 'calls that ended for this reason')
    .option('--call-id <id>', 'Call-ID of either leg')
    .option('--rejected', 'what no table takes instead, each record with its reason')
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
  tandem cdr --rejected | jq -r .reason | sort | uniq -c
  tandem cdr --gateway carrier-a | jq -r 'select(.answeredAt == null) | .endReason' | sort | uniq -c`,
    )
    .action(printCdrs);
}

/** A page of JSON lines, and how many make a full one. */
interface Page {
  readonly lines: readonly string[];
  readonly rowsMax: number;
}

type ReadPage = (after: string | undefined, limit: number | undefined) => Promise<Page>;

async function printCdrs(options: CdrOptions): Promise<void> {
  checkTime('--since', options.since);
  checkTime('--until', options.until);
  if (options.rejected === true) {
    refuseFilters(options);
    await printRejected(options, options.limit ?? Number.POSITIVE_INFINITY);
    return;
  }
  const node = await findNode(options);
  if (node === undefined) {
    const { account, agent, gateway, calleePrefix, endReason, callId } = options;
    const since = options.since === undefined ? undefined : Date.parse(options.since);
    const until = options.until === undefined ? undefined : Date.parse(options.until);
    const filter = { since, until, account, agent, gateway, calleePrefix, endReason, callId };
    // A running node has all of that loaded already.
    const { withOfflineCdrs } = await import('./offline-ledger.ts');
    await withOfflineCdrs(options.data, async (pages) => {
      await printPages(options, async (after, limit) => {
        const page = await pages({ ...filter, limit }, after);
        const lines: string[] = [];
        for await (const cdr of page.cdrs) lines.push(cdrJsonLine(cdr).trimEnd());
        return { lines, rowsMax: page.rowsMax };
      });
    });
    return;
  }
  await printPages(options, (after, limit) => askForPage(node, options, { after, limit }));
}

async function askForPage(
  node: NodeAddress,
  options: CdrOptions,
  place: { after: string | undefined; limit: number | undefined },
): Promise<Page> {
  const { since, until, account, agent, gateway, calleePrefix, endReason, callId } = options;
  const filter = { since, until, account, agent, gateway, calleePrefix, endReason, callId };
  const given = { ...filter, ...place };
  const query = new URLSearchParams({ format: 'ndjson' });
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const response = await ask(node, `/api/v1/cdrs?${query}`);
  const text = await response.text();
  const lines = text.split('\n').filter((line) => line !== '');
  return { lines, rowsMax: Number(response.headers.get('tandem-page-rows') ?? lines.length + 1) };
}

/** Page after page until one is not full. */
async function printPages({ format, limit }: CdrOptions, readPage: ReadPage): Promise<void> {
  if (format === 'csv') await print(cdrCsvHeading);
  let after: string | undefined;
  let left = limit ?? Number.POSITIVE_INFINITY;
  let rowsMax = 1;
  while (left > 0) {
    // How many a page may hold is told with the first one.
    const wanted = after === undefined && left !== 1 ? undefined : Math.min(left, rowsMax);
    const page = await readPage(after, wanted);
    const lines = page.lines.slice(0, left);
    if (lines.length > 0) await print(textOf(lines, format));
    rowsMax = page.rowsMax;
    left -= lines.length;
    if (page.lines.length < (wanted ?? rowsMax)) return;
    const last = JSON.parse(page.lines.at(-1)!) as CdrJson;
    after = placeText({ endedAt: Date.parse(last.endedAt), logId: last.logId });
  }
}

function textOf(lines: readonly string[], format: 'json' | 'csv'): string {
  if (format === 'json') return `${lines.join('\n')}\n`;
  return lines.map((line) => cdrCsvLine(JSON.parse(line) as CdrJson)).join('');
}

/** What is set aside has no columns to be looked for by. */
function refuseFilters(options: CdrOptions): void {
  const { since, until, account, agent, gateway, calleePrefix, endReason, callId, format } =
    options;
  const filters = [since, until, account, agent, gateway, calleePrefix, endReason, callId];
  if (filters.every((filter) => filter === undefined) && format === 'json') return;
  throw new CommandFailed(2, '--rejected: expected no filter beside it, and json as the format');
}

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

function checkTime(name: string, text: string | undefined): void {
  if (text === undefined) return;
  if (timeForm.test(text) && !Number.isNaN(Date.parse(text))) return;
  throw new CommandFailed(2, `${name} ${text}: expected a time with a zone (2026-01-01T00:00:00Z)`);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new CommandFailed(2, `--limit ${text}: expected a number from 1`);
}
