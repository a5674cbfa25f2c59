#!/usr/bin/env node
// The `tandem` command: one subcommand a file. Exit codes: 0 done, 1 refused or failed while it ran,
// 2 used wrongly or a bad file.
import './behind-calls.ts';
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../../workers/package-version.ts';
import { CommandFailed } from './command-failed.ts';
import { addCommands } from './commands.ts';
import { endQuietlyWhenPipeCloses } from './output.ts';

const exitCodesHelp = `
Exit codes: 0 done; 1 refused or failed while it ran; 2 used wrongly, or a bad file.
"tandem help COMMAND" tells more, with examples.`;

async function program(): Promise<Command> {
  const tandem = new Command('tandem')
    .description('Tandem, a Class 4 softswitch: run a node, configure it, look into it.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(tandem --help tells what there is)')
    .exitOverride()
    .addHelpText('after', exitCodesHelp);
  const [, , first, second] = process.argv;
  await addCommands(tandem, first === 'help' ? second : first);
  return tandem;
}

async function run(): Promise<number> {
  endQuietlyWhenPipeCloses();
  try {
    await (await program()).parseAsync();
    return 0;
  } catch (error) {
    // Commander has printed what it had to say; help and version end well.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandFailed) {
      process.stderr.write(`tandem: ${error.message}\n`);
      return error.exitCode;
    }
    process.stderr.write(`tandem: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await run();
