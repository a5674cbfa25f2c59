// Looks at a run of test files from outside, in the kernel's table of processes: says which file has been
// running for long and with which programs, ends one that is over its time, and ends what a file left
// behind. The runner itself says nothing until a file is done, and waits for ever for a program that
// still holds a file's output. Linux only; elsewhere it sees nothing and does nothing.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { processTree, startTicks } from '../bench/process-usage.ts';

export interface RunWatchOptions {
  readonly runnerPid: number;
  /** A file that runs longer is named, again after each further such time. */
  readonly longMs: number;
  /** A file that runs longer is killed, and with it what it started. */
  readonly killMs: number;
  readonly say: (line: string) => void;
}

export interface RunWatch {
  /** To be called every second or so; how many files run. */
  readonly look: (nowMs: number) => number;
}

interface FileRun {
  readonly file: string;
  readonly sinceMs: number;
  namedMs: number;
  /** Process to its start, which tells it from a later process of the same number. */
  readonly started: Map<number, number>;
}

export function createRunWatch(options: RunWatchOptions): RunWatch {
  const runs = new Map<number, FileRun>();
  return {
    look: (nowMs) => {
      const filePids = childrenOf(options.runnerPid);
      for (const [pid, run] of runs) {
        if (filePids.includes(pid)) continue;
        endLeftovers(run, options.say);
        runs.delete(pid);
      }
      for (const pid of filePids) {
        const run = runs.get(pid) ?? openRun(pid, nowMs);
        runs.set(pid, run);
        for (const each of processTree(pid)) {
          const ticks = startTicks(each);
          if (ticks !== undefined) run.started.set(each, ticks);
        }
        judge(pid, run, nowMs, options);
      }
      return runs.size;
    },
  };
}

function openRun(pid: number, nowMs: number): FileRun {
  const words = commandOf(pid);
  const file = words.findLast((word) => word.endsWith('.js')) ?? words.join(' ');
  return { file, sinceMs: nowMs, namedMs: nowMs, started: new Map() };
}

function judge(pid: number, run: FileRun, nowMs: number, options: RunWatchOptions): void {
  const seconds = Math.round((nowMs - run.sinceMs) / 1000);
  const programs = alive(run)
    .filter((each) => each !== pid)
    .map((each) => `${basename(commandOf(each)[0] ?? '')} ${each}`);
  const what = `${run.file} (process ${pid}; its programs: ${programs.join(', ') || 'none'})`;
  if (nowMs - run.sinceMs > options.killMs) {
    options.say(`killed after ${seconds} s: ${what}`);
    for (const each of alive(run)) kill(each);
  } else if (nowMs - run.namedMs >= options.longMs) {
    run.namedMs = nowMs;
    options.say(`still running after ${seconds} s: ${what}`);
  }
}

function endLeftovers(run: FileRun, say: (line: string) => void): void {
  for (const pid of alive(run)) {
    say(`left running by ${run.file}, killed: ${commandOf(pid).join(' ')} (process ${pid})`);
    kill(pid);
  }
}

function alive(run: FileRun): number[] {
  return [...run.started].filter(([pid, ticks]) => startTicks(pid) === ticks).map(([pid]) => pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readText(file)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

function commandOf(pid: number): string[] {
  return readText(`/proc/${pid}/cmdline`)
    .split('\0')
    .filter((word) => word !== '');
}

/** '' when the process has ended. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
