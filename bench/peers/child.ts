// Child processes of the benchmarks and of the tests: started in a folder of their own, their output in a
// file, ended by their own process id.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Child {
  readonly pid: number;
  readonly name: string;
  /** stdout and stderr. */
  readonly outputFile: string;
  /** Exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly running: () => boolean;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly outputFile: string;
  /** A Ctrl-C at the terminal does not reach it: whoever started it ends it. */
  readonly ownGroup?: boolean;
}

const started = new Set<ChildProcess>();
process.on('exit', killStartedChildren);

/** Ends at once what is still running of all that was started here. */
export function killStartedChildren(): void {
  for (const child of started) child.kill('SIGKILL');
}

export async function startChild(options: ChildOptions): Promise<Child> {
  const output = openSync(options.outputFile, 'w');
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    stdio: ['ignore', output, output],
    detached: options.ownGroup === true,
  });
  closeSync(output);
  started.add(child);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      started.delete(child);
      resolve(code);
    });
  });
  await once(child, 'spawn');
  return {
    pid: child.pid!,
    name: options.name,
    outputFile: options.outputFile,
    exited,
    running: () => child.exitCode === null && child.signalCode === null,
  };
}

/** Asks it to end, and kills it when it has not within `patienceMs`. */
export async function stopChild(
  child: Child,
  signal: NodeJS.Signals = 'SIGTERM',
  patienceMs = 5000,
): Promise<number | null> {
  if (!child.running()) return child.exited;
  process.kill(child.pid, signal);
  const cancel = new AbortController();
  const late = delay(patienceMs, 'late' as const, { signal: cancel.signal }).catch(() => null);
  if ((await Promise.race([child.exited, late])) === 'late') process.kill(child.pid, 'SIGKILL');
  cancel.abort();
  return child.exited;
}

/** Resolves with the first output line that starts so; fails when the child ends or takes too long. */
export async function waitForLine(
  child: Child,
  start: string,
  patienceMs: number,
): Promise<string> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    const lines = readFileSync(child.outputFile, 'utf8').split('\n').slice(0, -1);
    const line = lines.find((text) => text.startsWith(start));
    if (line !== undefined) return line;
    if (!child.running()) break;
    await delay(5);
  }
  const said = readFileSync(child.outputFile, 'utf8').slice(-2000);
  const how = child.running() ? `within ${patienceMs} ms` : 'before it ended';
  throw new Error(
    `${child.name} did not print a line starting "${start}" ${how}; it said:\n${said}`,
  );
}
