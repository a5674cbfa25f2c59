// tandem config list | show | compare | rollback: the versions that are kept.
import type { Command } from 'commander';
import { Option } from 'commander';
import { type ConfigurationDiff, describeDiff } from '../../core/configuration/diff.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import type {
  AppliedChange,
  ConfigurationService,
  ListedVersion,
} from '../configuration-service.ts';
import { type DocumentFormat, documentText } from '../configuration-text.ts';
import { printApplied } from './apply.ts';
import { CommandFailed } from './command-failed.ts';
import { ask, findNode, jsonBody, type NodeOptions, withNodeOptions } from './node-client.ts';
import { changeOffline, readOffline } from './offline-configuration.ts';
import { print, printJson } from './output.ts';

/** Changes of a version that its line in the list names. */
const listedChangesMax = 3;

interface ConfigOptions extends NodeOptions {
  json: boolean;
}

export function addConfigCommand(tandem: Command): void {
  const config = tandem
    .command('config')
    .description('the configuration versions that are kept')
    .addHelpText(
      'after',
      `
Examples:
  tandem config list
  tandem config show 12
  tandem config compare 11 12
  tandem config rollback 11
  tandem config publish`,
    );
  withNodeOptions(config.command('list'))
    .description('list the versions, newest first')
    .option('--json', 'as JSON', false)
    .action(listVersions);
  withNodeOptions(config.command('show'))
    .description('print the document of a version')
    .argument('<version>', 'number of the version', versionNumber)
    .addOption(new Option('--format <format>').choices(['yaml', 'json']).default('yaml'))
    .action(showVersion);
  withNodeOptions(config.command('compare'))
    .description('print what changes from one version to another')
    .argument('<from>', 'number of the one before', versionNumber)
    .argument('<to>', 'number of the one after', versionNumber)
    .option('--json', 'as JSON', false)
    .action(compareVersions);
  withNodeOptions(config.command('rollback'))
    .description('put an earlier version in force again, as a new version')
    .argument('<version>', 'number of the version', versionNumber)
    .option('--json', 'as JSON', false)
    .action(rollBack);
  withNodeOptions(config.command('publish'))
    .description(
      'put what is in force here into the database, in the place of what it has and this node does not follow',
    )
    .option('--json', 'as JSON', false)
    .action(publish);
}

async function listVersions(options: ConfigOptions): Promise<void> {
  const { versions } = await read<{ versions: ListedVersion[] }>(
    options,
    '/versions',
    (stored) => ({
      versions: stored.list(),
    }),
  );
  if (options.json) {
    await printJson({ versions });
    return;
  }
  const lines = versions.map(versionLine);
  await print(lines.length === 0 ? 'no versions yet\n' : `${lines.join('\n')}\n`);
}

function versionLine({
  version,
  storedAt,
  inForce,
  committed,
  rollbackOf,
  diff,
}: ListedVersion): string {
  const state = inForce ? 'in force' : committed ? '' : 'staged';
  const origin = rollbackOf === null ? '' : `version ${rollbackOf} again: `;
  const changes = describeDiff(diff);
  const shown = changes.slice(0, listedChangesMax).join('; ');
  const more =
    changes.length > listedChangesMax ? `; and ${changes.length - listedChangesMax} more` : '';
  return `${String(version).padStart(6)}  ${storedAt}  ${state.padEnd(8)}  ${origin}${shown}${more}`.trimEnd();
}

async function showVersion(
  version: number,
  options: NodeOptions & { format: DocumentFormat },
): Promise<void> {
  const document = await read<ConfigurationDocument>(
    options,
    `/versions/${version}`,
    (stored) => stored.read(version).document,
  );
  await print(documentText(document, options.format));
}

async function compareVersions(from: number, to: number, options: ConfigOptions): Promise<void> {
  const changes = await read<ConfigurationDiff>(
    options,
    `/compare?from=${from}&to=${to}`,
    (stored) => stored.compare(from, to),
  );
  if (options.json) {
    await printJson(changes);
    return;
  }
  const lines = describeDiff(changes);
  await print(lines.length === 0 ? 'the two do not differ\n' : `${lines.join('\n')}\n`);
}

async function rollBack(version: number, options: ConfigOptions): Promise<void> {
  const node = await findNode(options);
  const applied =
    node === undefined
      ? await changeOffline(options.data, (stored) => stored.rollback(version))
      : ((await (
          await ask(node, '/api/v1/config/rollback', jsonBody({ version }))
        ).json()) as AppliedChange);
  await printApplied(applied, options.json, node === undefined);
}

async function publish(options: ConfigOptions): Promise<void> {
  const node = await findNode(options);
  const published =
    node === undefined
      ? await changeOffline(options.data, (stored) => stored.publish())
      : ((await (await ask(node, '/api/v1/config/publish', { method: 'POST' })).json()) as {
          number: number;
        });
  if (options.json) await printJson(published);
  else await print(`what is in force here is number ${published.number} of the database\n`);
}

async function read<Result>(
  options: NodeOptions,
  path: string,
  offline: (stored: ConfigurationService) => Result,
): Promise<Result> {
  const node = await findNode(options);
  if (node === undefined) return readOffline(options.data, offline);
  const response = await ask(node, `/api/v1/config${path}`);
  return (await response.json()) as Result;
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new CommandFailed(2, `version ${text}: expected a number from 1`);
}
