// tandem rates list | preview | import | export | copy: rate tables as files.

import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ImportMode } from '../../workers/configuration/combine-rates.ts';
import { directDeckTasks } from '../deck/deck-pool.ts';
import {
  type CopiedTable,
  createRateDecks,
  type ImportedDeck,
  type RateDecks,
} from '../deck/deck-service.ts';
import { closeDeckStores, type DeckFormat } from '../deck/deck-tasks.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, jsonBody, type NodeOptions, withNodeOptions } from './node-client.ts';
import { changeOffline, readOffline } from './offline-configuration.ts';
import { print, printJson } from './output.ts';
import { copiedText, importedText } from './rates-text.ts';

interface ImportOptions extends NodeOptions {
  table: string;
  template?: string;
  mode: ImportMode;
  effectiveAt?: string;
  list: number;
  json: boolean;
}

interface ExportOptions extends NodeOptions {
  table: string;
  format?: DeckFormat;
  output?: string;
}

interface CopyOptions extends NodeOptions {
  percent: string;
  perMinute: string;
  decimals: number;
  replace: boolean;
  dryRun: boolean;
  json: boolean;
}

const examples = `
Examples:
  tandem rates preview carrier-a.xlsx --table carrier-a-buy --template carrier-a
  tandem rates import carrier-a.xlsx --table carrier-a-buy --template carrier-a
  tandem rates copy carrier-a-buy retail --percent 15 --per-minute 0.001 --decimals 4
  tandem rates export --table retail --output retail.csv`;

export function addRatesCommand(tandem: Command): void {
  const rates = tandem
    .command('rates')
    .description('rate tables as files: import, preview, export, copy with a mark-up')
    .addHelpText('after', examples);
  withNodeOptions(rates.command('list'))
    .description('print the rate tables in force, as JSON')
    .action(listTables);
  withImportOptions(rates.command('preview'))
    .description('print what an import would change; change nothing')
    .action((file: string, options: ImportOptions) => importFile(file, options, true));
  withImportOptions(rates.command('import'))
    .description('import a rate deck (CSV or XLSX) into a rate table, all or nothing')
    .action((file: string, options: ImportOptions) => importFile(file, options, false));
  withNodeOptions(rates.command('export'))
    .description('write a rate table as a file that import reads back')
    .requiredOption('--table <name>', 'rate table')
    .addOption(
      new Option('--format <format>', 'default: by the name of the file, else csv').choices([
        'csv',
        'xlsx',
      ]),
    )
    .option('--output <file>', 'default: standard output')
    .action(exportTable);
  withNodeOptions(rates.command('copy'))
    .description('copy a rate table with a mark-up')
    .argument('<from>', 'rate table to copy')
    .argument('<to>', 'rate table to make')
    .option(
      '--percent <n>',
      'added to every rate and fee, in percent; may be negative',
      signed,
      '0',
    )
    .option('--per-minute <money>', 'added to every rate, a minute; may be negative', signed, '0')
    .option('--decimals <n>', 'of the rates made, rounded half up', decimalsArgument, 8)
    .option('--replace', 'the table may exist and is replaced', false)
    .option('--dry-run', 'check, change nothing', false)
    .option('--json', 'print the result as JSON', false)
    .action(copyTable);
}

function withImportOptions(command: Command): Command {
  return withNodeOptions(command)
    .argument('<file>', 'CSV or XLSX; "-" reads standard input')
    .requiredOption('--table <name>', 'rate table; made where there is none of the name')
    .option('--template <name>', 'rate template; default: columns are named as the fields are')
    .addOption(
      new Option('--mode <mode>', 'replace: the file is the whole table; merge: it adds to it')
        .choices(['replace', 'merge'])
        .default('replace'),
    )
    .option('--effective-at <time>', 'when rates without a time of their own begin', timeArgument)
    .option('--list <n>', 'changes of each kind that are printed', listArgument, 20)
    .option('--json', 'print the result as JSON', false);
}

async function listTables(options: NodeOptions): Promise<void> {
  const node = await findNode(options);
  if (node !== undefined) {
    await printJson(await (await ask(node, '/api/v1/rate-tables')).json());
    return;
  }
  const rateTables = await readOffline(options.data, (configuration, versions) =>
    createRateDecks({
      dataDir: options.data,
      versions,
      configuration,
      tasks: directDeckTasks,
    }).tables(),
  );
  await printJson({ rateTables });
}

async function importFile(file: string, options: ImportOptions, dryRun: boolean): Promise<void> {
  const content = contentOf(file);
  const { table, template, mode, effectiveAt, list } = options;
  const node = await findNode(options);
  let imported: ImportedDeck;
  if (node === undefined) {
    const request = { table, template, mode, effectiveAt, dryRun, listed: list };
    imported = await withDecks(options.data, dryRun, (decks) => decks.importDeck(content, request));
  } else {
    const query = new URLSearchParams({ mode, dryRun: String(dryRun), listed: String(list) });
    if (template !== undefined) query.set('template', template);
    if (effectiveAt !== undefined) query.set('effectiveAt', effectiveAt);
    const response = await ask(node, `${pathOf(table)}/import?${query}`, {
      method: 'POST',
      contentType: 'application/octet-stream',
      body: content,
    });
    imported = (await response.json()) as ImportedDeck;
  }
  if (options.json) await printJson(imported);
  else await printLines(imported.warnings, importedText(imported, node === undefined));
}

async function exportTable({ table, format, output, ...options }: ExportOptions): Promise<void> {
  const chosen = format ?? (/\.xlsx$/i.test(output ?? '') ? 'xlsx' : 'csv');
  const node = await findNode(options);
  if (node === undefined) {
    await withDecks(options.data, true, (decks) => write(decks.exportTable(table, chosen), output));
    return;
  }
  const response = await ask(node, `${pathOf(table)}/export?format=${chosen}`);
  await write(response.body as unknown as AsyncIterable<Uint8Array>, output);
}

async function copyTable(from: string, to: string, options: CopyOptions): Promise<void> {
  const { percent, perMinute, decimals, replace, dryRun } = options;
  const node = await findNode(options);
  let copied: CopiedTable;
  if (node === undefined) {
    const request = { from, to, markUp: { percent, perMinute, decimals }, replace, dryRun };
    copied = await withDecks(options.data, dryRun, (decks) => decks.copy(request));
  } else {
    const body = jsonBody({ to, percent, perMinute, decimals, replace, dryRun });
    const response = await ask(node, `${pathOf(from)}/copy`, body);
    copied = (await response.json()) as CopiedTable;
  }
  if (options.json) await printJson(copied);
  else await printLines(copied.warnings, copiedText(copied, node === undefined));
}

async function printLines(warnings: readonly string[], lines: readonly string[]): Promise<void> {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  await print(`${lines.join('\n')}\n`);
}

async function withDecks<Result>(
  dataDir: string,
  readsOnly: boolean,
  use: (decks: RateDecks) => Promise<Result>,
): Promise<Result> {
  const run = readsOnly ? readOffline : changeOffline;
  try {
    return await run<Result>(dataDir, async (configuration, versions) =>
      use(createRateDecks({ dataDir, versions, configuration, tasks: directDeckTasks })),
    );
  } finally {
    await closeDeckStores();
  }
}

/** Standard output, or a file that is there only once it is whole. */
async function write(pieces: AsyncIterable<Uint8Array>, output: string | undefined): Promise<void> {
  const target = output === undefined ? process.stdout : createWriteStream(output);
  try {
    for await (const piece of pieces) {
      if (!target.write(piece)) await once(target, 'drain');
    }
    if (output === undefined) return;
    target.end();
    await once(target, 'finish');
  } catch (error) {
    throw error instanceof CommandFailed || (error as Error).name === 'RequestRefused'
      ? error
      : new CommandFailed(1, `${output ?? 'standard output'}: ${(error as Error).message}`);
  }
}

function pathOf(table: string): string {
  return `/api/v1/rate-tables/${encodeURIComponent(table)}`;
}

function contentOf(file: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(file === '-' ? 0 : file) as Buffer<ArrayBuffer>;
  } catch (error) {
    throw new CommandFailed(2, `${file}: cannot be read: ${(error as Error).message}`);
  }
}

function signed(text: string): string {
  if (/^-?[0-9]{1,6}(?:\.[0-9]{1,8})?$/.test(text)) return text;
  throw new InvalidArgumentError('expected a decimal number like 12.5 or -3, at most 8 decimals');
}

function decimalsArgument(text: string): number {
  if (/^[0-8]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 0 to 8');
}

function listArgument(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 10_000) return Number(text);
  throw new InvalidArgumentError('expected a number from 0 to 10000');
}

function timeArgument(text: string): string {
  if (/T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('expected an ISO 8601 time with a zone (2026-01-01T00:00:00Z)');
}
