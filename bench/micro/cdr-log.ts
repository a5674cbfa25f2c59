// What the CDR log costs: a call (answer and end frame) written in batches as a call worker writes them,
// a sync of the disk beside it, reading, and the recovery of 60,000 calls that were up.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { bench, do_not_optimize, group, run } from 'mitata';
import { endOf, sampleAnswer } from '../../test/cdr/sample-records.ts';
import { CdrLog } from '../../workers/cdr/cdr-log.ts';
import { datedAnswer, datedEnd } from '../../workers/cdr/dated-records.ts';
import { FrameBatch } from '../../workers/cdr/frame.ts';
import { fileSystemOf } from '../../workers/cdr/mapped-files.ts';
import { queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { loadSystemCalls } from '../../workers/system-calls.ts';

/** Calls a batch, as at some thousand calls a second. */
const callsAtOnce = 2;
const directories: string[] = [];
const loaded = await loadSystemCalls();
/** What windows on the files are had through; `--written` is without. */
const calls = typeof loaded === 'string' || process.argv.includes('--written') ? undefined : loaded;

function openLog(): CdrLog {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tandem-cdr-bench-'));
  directories.push(directory);
  const files = fileSystemOf(directory, calls);
  return new CdrLog({
    directory,
    worker: 0,
    node: 'bench',
    syncMs: 1000,
    nowWallMs: Date.now(),
    files,
  });
}

group('one call', () => {
  const answer = sampleAnswer('bench');
  const end = endOf(answer, Date.now());
  const batch = new FrameBatch();
  bench('nothing', () => do_not_optimize(answer));
  bench('encode and frame the answer', () => {
    batch.clear();
    return batch.add(datedAnswer(answer));
  });
  bench('encode and frame the end', () => {
    batch.clear();
    return batch.add(datedEnd(end));
  });
});

/** Microseconds a call, over calls that are answered in one batch and end 100 batches later. */
function writeCalls(calls: number): void {
  const log = openLog();
  const answers = Array.from({ length: calls }, (_, index) => sampleAnswer(`call-${index}`));
  const ends = answers.map((answer) => endOf(answer, Date.now()));
  const delay = 100 * callsAtOnce;
  let worstMs = 0;
  const before = process.cpuUsage();
  for (let at = 0; at < calls + delay; at += callsAtOnce) {
    const batchMs = performance.now();
    for (let index = at; index < at + callsAtOnce; index++) {
      if (index < calls) log.recordAnswer(answers[index]!);
      if (index >= delay) log.recordEnd(ends[index - delay]!);
    }
    log.flush();
    worstMs = Math.max(worstMs, performance.now() - batchMs);
  }
  const cpuUs = cpuSince(before);
  log.close(Date.now());
  const bytesPerCall = Math.round(log.bytes / calls);
  report('answer and end written', `${(cpuUs / calls).toFixed(2)} us of CPU a call`);
  report('bytes in the log', `${bytesPerCall} a call`);
  report('longest batch', `${worstMs.toFixed(2)} ms`);
}

async function readBack(): Promise<void> {
  const directory = directories.at(-1)!;
  const before = process.cpuUsage();
  let cdrs = 0;
  for await (const _cdr of queryCdrs({ directory })) cdrs++;
  report('reading', `${(cpuSince(before) / cdrs).toFixed(2)} us of CPU a CDR, ${cdrs} CDRs`);
}

function recoverCalls(calls: number): void {
  const log = openLog();
  for (let index = 0; index < calls; index++) {
    log.recordAnswer(sampleAnswer(`call-${index}`));
    if (index % callsAtOnce === 0) log.flush();
  }
  log.flush();
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const { calls: closed } = recoverCdrLog({
    directory: directories.at(-1)!,
    node: 'bench',
    nowWallMs: Date.now(),
  });
  const tookMs = performance.now() - startedMs;
  const cpuMs = cpuSince(before) / 1000;
  report(
    'recovery',
    `${tookMs.toFixed(0)} ms (${cpuMs.toFixed(0)} of CPU), ${closed.length} calls`,
  );
}

/** Microseconds that this process, its collector threads included, has worked. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const usage = process.cpuUsage(before);
  return usage.user + usage.system;
}

function report(what: string, figure: string): void {
  process.stdout.write(`${what.padEnd(28)} ${figure}\n`);
}

await run();
writeCalls(20_000);
writeCalls(100_000);
await readBack();
recoverCalls(60_000);
for (const directory of directories) fs.rmSync(directory, { recursive: true });
