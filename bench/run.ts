// `npm run bench`: measures Tandem and Kamailio beside each other, in one run, with the same SIPp
// scenarios. `--suite cpu,ceiling` chooses, `--quick` is a short smoke of the suites themselves,
// `--curve` adds the goodput curve to `overload`, `--systems tandem,kamailio,bare` leaves systems out, `--results DIR` adds to an earlier run, and
// `--seconds`, `--minutes`, `--held`, `--max-cps`, `--clean-cps`, `--swap-cps`, `--kills`, `--backlog`,
// `--billed-cps` change single lengths.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readCommit, readEnvironment } from './environment.ts';
import { projectPath } from './peers/project-path.ts';
import { writeReport } from './report.ts';
import type { Results, SuiteResults } from './results.ts';
import { measureBilled } from './suites/billed.ts';
import { measureCrashes } from './suites/crash.ts';
import { measureDelay } from './suites/delay.ts';
import { measureDrain } from './suites/drain.ts';
import { measureMemory } from './suites/memory.ts';
import { measureMoney } from './suites/money.ts';
import { measureStall, measureStart, measureSwap } from './suites/node-figures.ts';
import { measureRates } from './suites/rates.ts';
import { measureRouting } from './suites/routing.ts';
import { findCeilings, measureCpu, measureKinds, measureOverload } from './suites/steps.ts';
import type { SuiteContext, SystemName } from './suites/suite.ts';

/** In this order: later suites use the highest clean rate that `ceiling` finds. */
const suites: {
  readonly [name in keyof SuiteResults]-?: (context: SuiteContext) => Promise<SuiteResults[name]>;
} = {
  cpu: measureCpu,
  kinds: measureKinds,
  ceiling: findCeilings,
  delay: measureDelay,
  overload: measureOverload,
  stall: measureStall,
  memory: measureMemory,
  start: measureStart,
  swap: measureSwap,
  rates: measureRates,
  routing: measureRouting,
  crash: measureCrashes,
  money: measureMoney,
  billed: measureBilled,
  drain: measureDrain,
};
type SuiteName = keyof typeof suites;

/** Suites that measure Tandem alone. */
const tandemOnly: readonly SuiteName[] = [
  'stall',
  'start',
  'swap',
  'rates',
  'routing',
  'money',
  'crash',
  'drain',
];
const lengthOptions = [
  'seconds',
  'minutes',
  'held',
  'max-cps',
  'clean-cps',
  'swap-cps',
  'kills',
  'backlog',
  'billed-cps',
] as const;
const systemNames: readonly SystemName[] = ['tandem', 'kamailio', 'bare'];

function readArguments(): {
  chosen: SuiteName[];
  systems: SystemName[];
  quick: boolean;
  curve: boolean;
  results: string | undefined;
  options: Record<string, number>;
} {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string' },
      systems: { type: 'string' },
      quick: { type: 'boolean', default: false },
      curve: { type: 'boolean', default: false },
      results: { type: 'string' },
      ...Object.fromEntries(lengthOptions.map((name) => [name, { type: 'string' as const }])),
    },
  });
  const options: Record<string, number> = {};
  for (const name of lengthOptions) {
    const text = (values as Record<string, unknown>)[name];
    if (text === undefined) continue;
    options[name] = Number(text);
    if (!(options[name] > 0)) throw new Error(`--${name}: "${text}" is not a number above 0`);
  }
  return {
    chosen: pick('suite', values.suite as string | undefined, Object.keys(suites) as SuiteName[]),
    systems: pick('systems', values.systems as string | undefined, systemNames),
    quick: values.quick === true,
    curve: values.curve === true,
    results: values.results as string | undefined,
    options,
  };
}

function pick<T extends string>(option: string, text: string | undefined, all: readonly T[]): T[] {
  if (text === undefined) return [...all];
  const chosen = text.split(',');
  const unknown = chosen.find((name) => !all.includes(name as T));
  if (unknown !== undefined) {
    throw new Error(`--${option}: "${unknown}" is not one of ${all.join(', ')}`);
  }
  return all.filter((name) => chosen.includes(name));
}

function openResults(folder: string, quick: boolean): Results {
  const file = join(folder, 'results.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Results;
  return { quick, environment: readEnvironment(), runs: {}, suites: {} };
}

/** Keeps SIPp's statistics, compressed; what else a run leaves behind is not worth keeping. */
function packFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().reverse()) {
    const path = join(folder, entry);
    if (!existsSync(path) || entry === 'results.json' || entry.endsWith('.gz')) continue;
    if (statSync(path).isDirectory()) {
      if (entry.endsWith('-files') || entry.includes('prefixes-'))
        rmSync(path, { recursive: true });
      continue;
    }
    const kept = /\.csv$/.test(entry) && !/counts\.csv$|deck-files-\d+\.csv$/.test(entry);
    if (kept) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    rmSync(path, { force: true });
  }
}

async function main(): Promise<void> {
  const { chosen, systems, quick, curve, results: given, options } = readArguments();
  const stamp = new Date().toISOString().slice(0, 16).replace(/[:T]/g, '-');
  const folder =
    given !== undefined
      ? resolve(given)
      : projectPath(`bench/results/${quick ? 'quick-' : ''}${stamp}`);
  mkdirSync(folder, { recursive: true });
  const results = openResults(folder, quick);
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ').replace(/ --$/, '');
  const checkedOut = readCommit();
  const found = results.suites as Record<SuiteName, unknown>;
  let failures = 0;
  for (const name of chosen) {
    if (tandemOnly.includes(name) && !systems.includes('tandem')) continue;
    const say = (line: string): void => console.log(`[${name}] ${line}`);
    const startedAt = new Date().toISOString();
    say('begins');
    try {
      found[name] = await suites[name]({
        quick,
        curve,
        systems,
        folder,
        found: results.suites,
        options,
        say,
      });
      results.runs[name] = { startedAt, command, ...checkedOut };
    } catch (error) {
      failures++;
      say(`failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  }
  if (failures === 0) packFiles(folder);
  const report = quick ? join(folder, 'report.md') : projectPath('BENCHMARKS.md');
  writeReport(results, report);
  console.log(`results: ${folder}; report: ${report}`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
