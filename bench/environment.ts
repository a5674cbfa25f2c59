// The machine, the versions and the commit that a benchmark's numbers belong to.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { projectPath } from './peers/project-path.ts';
import type { Environment, SuiteRun } from './results.ts';

export function readEnvironment(): Environment {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    kamailio: firstMatch('kamailio', ['-v'], /version: kamailio (\S+)/),
    sipp: firstMatch('sipp', ['-v'], /SIPp v(\S+?)\.?\n/),
    receiveBufferMaxBytes: Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')),
  };
}

/** What a figure depends on; neither tests, nor documents, nor figures kept before. */
const measured = [
  'core',
  'workers',
  'native-free',
  'admin',
  'bench',
  'package-lock.json',
  'tsconfig.json',
  ':(exclude)bench/results',
];

/** The last commit of what is measured, and how many of its files differ from it. */
export function readCommit(): Pick<SuiteRun, 'commit' | 'changedFiles'> {
  const changed = git('status', '--porcelain', '--', ...measured).split('\n');
  return {
    commit: git('log', '-1', '--format=%h', '--abbrev=12', '--', ...measured),
    changedFiles: changed.filter((line) => line !== '').length,
  };
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', ['-C', projectPath('.'), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** SIPp ends `-v` with an exit code of its own, so the output counts, not the code. */
function firstMatch(command: string, args: readonly string[], pattern: RegExp): string {
  const path = `${process.env.PATH ?? ''}:/usr/sbin`;
  try {
    const text = execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    });
    return pattern.exec(text)?.[1] ?? 'unknown';
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    return pattern.exec(stdout ?? '')?.[1] ?? 'not here';
  }
}
