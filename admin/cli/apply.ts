// tandem apply
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describeDiff } from '../../core/configuration/diff.ts';
import type { AppliedChange } from '../configuration-service.ts';
import { type DocumentFormat, parseDocumentText } from '../configuration-text.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, type NodeOptions, withNodeOptions } from './node-client.ts';
import { print, printJson } from './output.ts';

interface ApplyCommandOptions extends NodeOptions {
  replace: boolean;
  dryRun: boolean;
  json: boolean;
}

export function addApplyCommand(tandem: Command): void {
  withNodeOptions(tandem.command('apply'))
    .description('apply a configuration document, all or nothing, and print what changes')
    .argument('<file>', 'YAML or JSON; "-" reads standard input')
    .option('--replace', 'remove what the document lacks', false)
    .option('--dry-run', 'print what would change, change nothing', false)
    .option('--json', 'print the changes as JSON', false)
    .addHelpText(
      'after',
      `
Without a running node the document goes into the data directory, for the next start.

Examples:
  tandem apply switch.yaml --dry-run
  tandem apply switch.yaml
  tandem export > all.yaml; vi all.yaml; tandem apply --replace all.yaml`,
    )
    .action(applyFile);
}

async function applyFile(file: string, options: ApplyCommandOptions): Promise<void> {
  const content = contentOf(file);
  const format = formatOf(file, content);
  const node = await findNode(options);
  let applied: AppliedChange;
  if (node === undefined) {
    // A running node has all of that loaded already.
    const { changeOffline } = await import('./offline-configuration.ts');
    applied = await changeOffline(options.data, async (stored) =>
      stored.apply(parseDocumentText(content.toString(), format), options),
    );
  } else {
    const query = `replace=${options.replace}&dryRun=${options.dryRun}`;
    const response = await ask(node, `/api/v1/config?${query}`, {
      method: 'POST',
      contentType: `application/${format}`,
      body: content,
    });
    applied = (await response.json()) as AppliedChange;
  }
  await printApplied(applied, options.json, node === undefined);
}

export async function printApplied(
  applied: AppliedChange,
  asJson: boolean,
  offline: boolean,
): Promise<void> {
  if (asJson) {
    await printJson(applied);
    return;
  }
  for (const warning of applied.warnings) process.stderr.write(`warning: ${warning}\n`);
  const changes = applied.changes === undefined ? [] : describeDiff(applied.changes);
  await print(`${[...changes, summaryOf(applied, changes.length, offline)].join('\n')}\n`);
}

function summaryOf(applied: AppliedChange, changes: number, offline: boolean): string {
  const { dryRun, version, activation } = applied;
  const stays =
    version === 0 ? 'the configuration stays empty' : `version ${version} stays in force`;
  if (changes === 0) return `nothing changes; ${stays}`;
  if (dryRun) return `dry run, nothing was changed; ${stays}`;
  if (offline) return `version ${version} is stored; the next start runs on it`;
  const took =
    activation === undefined ? '' : ` (compiled in ${Math.round(activation.compileMs)} ms)`;
  return `version ${version} is in force${took}`;
}

function contentOf(file: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(file === '-' ? 0 : file) as Buffer<ArrayBuffer>;
  } catch (error) {
    throw new CommandFailed(2, `${file}: cannot be read: ${(error as Error).message}`);
  }
}

const openBrace = 0x7b;

function formatOf(file: string, content: Buffer): DocumentFormat {
  if (/\.json$/i.test(file)) return 'json';
  if (/\.ya?ml$/i.test(file)) return 'yaml';
  return content[0] === openBrace ? 'json' : 'yaml';
}
