// Runs SIPp as a caller or as a gateway, with one of the scenarios of bench/sipp, and reads its files
// when it is done.
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild, stopChild } from './child.ts';
import { countedRetransmissions, readStatistics, type SippRow } from './sipp-csv.ts';

export interface SippOptions {
  /** Names the files of this run. */
  readonly name: string;
  readonly scenarioFile: string;
  readonly port: number;
  /** Where the files go. */
  readonly folder: string;
  /** A caller; absent: a gateway that waits for calls. */
  readonly caller?: CallerOptions;
  readonly transport?: 'u1' | 't1';
  /** Further arguments, as SIPp takes them. */
  readonly extra?: readonly string[];
}

export interface CallerOptions {
  readonly target: string;
  /** Start of the called number; SIPp appends the number of the call. */
  readonly service: string;
  readonly rate: number;
  readonly calls: number;
  /** At most so many at once; default: all. */
  readonly callsAtOnce?: number;
  /** The whole rate from the first second on. */
  readonly isSudden?: boolean;
  /** For scenarios that hold. */
  readonly holdMs?: number;
}

export interface SippRun {
  readonly child: Child;
  readonly options: SippOptions;
  readonly statisticsFile: string;
  readonly countsFile: string;
}

export interface SippResult {
  exitCode: number | null;
  successful: number;
  failed: number;
  retransmissions: number;
  rows: SippRow[];
}

/** Simultaneous calls a SIPp may hold: above every suite's need, so that it never throttles itself. */
const callsMax = 400_000;
/** Lower rates begin at once. */
const rampRateMin = 400;
const rampSteps = 4;

export async function startSipp(options: SippOptions): Promise<SippRun> {
  const { name, folder, caller } = options;
  const file = (suffix: string): string => join(folder, `${name}${suffix}`);
  const args = [
    '-nostdin',
    ...['-sf', options.scenarioFile],
    ...['-i', '127.0.0.1', '-p', String(options.port)],
    ...['-t', options.transport ?? 'u1', '-buff_size', '4194304'],
    ...['-trace_stat', '-stf', file('.csv'), '-fd', '1', '-trace_counts'],
    ...['-trace_err', '-error_file', file('-errors.log')],
    ...(options.extra ?? []),
  ];
  if (caller !== undefined) {
    args.push('-s', caller.service, '-m', String(caller.calls), ...rateArguments(caller));
    args.push('-l', String(Math.min(caller.callsAtOnce ?? caller.calls, callsMax)));
    if (caller.holdMs !== undefined) args.push('-d', String(caller.holdMs));
    args.push(caller.target);
  }
  const outputFile = file('-screen.log');
  const child = await startChild({
    name: `sipp ${name}`,
    command: 'sipp',
    args,
    cwd: folder,
    outputFile,
  });
  const own = `${basename(options.scenarioFile, '.xml')}_${child.pid}`;
  return {
    child,
    options,
    statisticsFile: file('.csv'),
    countsFile: join(folder, `${own}_counts.csv`),
  };
}

/** In four steps of a second: a system that has just started compiles, or touches its memory first, while
 *  it carries a part of the rate. */
function rateArguments({ rate, isSudden }: CallerOptions): string[] {
  if (rate < rampRateMin || isSudden === true) return ['-r', String(rate)];
  const step = Math.ceil(rate / rampSteps);
  return [
    ...['-r', String(rate - (rampSteps - 1) * step), '-rate_increase', String(step)],
    ...['-rate_interval', '1', '-rate_max', String(rate), '-no_rate_quit'],
  ];
}

/** Waits for a caller's calls to end, at most `patienceMs`; what is still up then counts as failed. */
export async function finishCaller(run: SippRun, patienceMs: number): Promise<SippResult> {
  const cancel = new AbortController();
  const late = delay(patienceMs, undefined, { signal: cancel.signal })
    .then(() => stopChild(run.child, 'SIGKILL'))
    .catch(() => null);
  const exitCode = await run.child.exited;
  cancel.abort();
  await late;
  return collect(run, exitCode);
}

export async function stopGateway(run: SippRun): Promise<SippResult> {
  await delay(1100); // one more line of statistics
  return collect(run, await stopChild(run.child, 'SIGUSR1', 1000));
}

function collect(run: SippRun, exitCode: number | null): SippResult {
  const rows = readStatistics(run.statisticsFile);
  const last = rows.at(-1);
  const result: SippResult = {
    exitCode,
    successful: last?.successful ?? 0,
    failed:
      (last?.failed ?? 0) + (run.options.caller === undefined ? 0 : (last?.currentCalls ?? 0)),
    retransmissions: Math.max(last?.retransmissions ?? 0, countedRetransmissions(run.countsFile)),
    rows,
  };
  if (existsSync(run.countsFile)) {
    renameSync(run.countsFile, join(run.options.folder, `${run.options.name}-counts.csv`));
  }
  const screen = run.child.outputFile;
  if (last === undefined && existsSync(screen)) {
    throw new Error(
      `${run.child.name} wrote no statistics:\n${readFileSync(screen, 'utf8').slice(-1500)}`,
    );
  }
  rmSync(screen, { force: true });
  return result;
}
