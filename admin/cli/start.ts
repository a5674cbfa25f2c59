// tandem start
import type { Command } from 'commander';
import type { SettingsSource } from '../../workers/settings.ts';
import { StartRefused } from '../../workers/start-refused.ts';
import { CommandFailed } from './command-failed.ts';
import { withNodeOptions } from './node-client.ts';

/** What this command needs of the engine's entry; loaded by its path, so that other commands, and the
 *  layers, stay clear of the engine. */
interface EngineEntry {
  /** Resolves once calls are taken; the process ends by itself after draining. */
  startEngine(source: SettingsSource): Promise<unknown>;
}

export function addStartCommand(tandem: Command): void {
  withNodeOptions(tandem.command('start'))
    .description('run a node in the foreground')
    .option(
      '--config <file>',
      'node file; default: node.yaml in the data directory, if there is one',
    )
    .addHelpText(
      'after',
      `
Prints a line beginning "ready" once calls are taken. SIGTERM and Ctrl-C drain: no new calls, then an
end when the last call is over, or after drainSeconds.

Examples:
  tandem start
  tandem start --config /etc/tandem/node.yaml --data /var/lib/tandem`,
    )
    .action(startNode);
}

async function startNode(
  options: { config?: string; data: string },
  command: Command,
): Promise<void> {
  // The default of --data must not win over the node file's dataDir.
  const dataGiven = command.getOptionValueSource('data') === 'cli';
  const path = new URL('../../workers/main.js', import.meta.url).href;
  const { startEngine } = (await import(path)) as EngineEntry;
  try {
    await startEngine({
      configFile: options.config,
      dataDir: dataGiven ? options.data : undefined,
    });
  } catch (error) {
    if (error instanceof StartRefused) throw new CommandFailed(error.exitCode, error.message);
    throw error;
  }
}
