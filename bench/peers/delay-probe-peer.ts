// Starts bench/peers/delay-probe.ts beside a load, and reads what it measured.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild, stopChild, waitForLine } from './child.ts';
import { percentile } from './sipp-csv.ts';

export interface DelayProbeOptions {
  /** Names its files. */
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly folder: string;
  /** After the last INVITE, for what is still to come. */
  readonly patienceMs?: number;
}

export interface DelayProbe {
  readonly child: Child;
  readonly options: DelayProbeOptions;
  readonly samplesFile: string;
}

/** INVITE to 180 of the calls after the warm-up, in milliseconds. */
export interface DelaySummary {
  samples: number;
  /** No 180: each counts in the figures below with the probe's whole patience. */
  unanswered: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  p999Ms: number;
  greatestMs: number;
}

export interface DelayProbeResult {
  readonly delay: DelaySummary;
  /** Measured calls whose BYE was answered, and those that did not come so far. */
  readonly completed: number;
  readonly failed: number;
}

const usualPatienceMs = 4000;

/** Resolves when its first call is about to go out. */
export async function startDelayProbe(options: DelayProbeOptions): Promise<DelayProbe> {
  const { name, port, targetPort, rate, warmUpSeconds, seconds, folder } = options;
  const samplesFile = join(folder, `${name}-delays.csv`);
  const program = fileURLToPath(new URL('./delay-probe.js', import.meta.url));
  const patienceMs = options.patienceMs ?? usualPatienceMs;
  const numbers = [port, targetPort, rate, warmUpSeconds, seconds, patienceMs];
  const child = await startChild({
    name: 'delay probe',
    command: process.execPath,
    args: [program, ...numbers.map(String), samplesFile],
    cwd: folder,
    outputFile: join(folder, `${name}-delays.log`),
  });
  await waitForLine(child, 'ready', 5000);
  return { child, options, samplesFile };
}

/** To be called when the measured seconds are over. */
export async function finishDelayProbe(probe: DelayProbe): Promise<DelayProbeResult> {
  const patienceMs = probe.options.patienceMs ?? usualPatienceMs;
  try {
    await waitForLine(probe.child, 'done', patienceMs + 5000);
  } finally {
    await stopChild(probe.child);
  }
  return readDelays(probe.samplesFile, patienceMs);
}

export function readDelays(file: string, patienceMs: number): DelayProbeResult {
  const rows = readFileSync(file, 'latin1')
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(';'));
  const unanswered = rows.filter(([delayUs]) => delayUs === '').length;
  const completed = rows.filter(([, ended]) => ended === '1').length;
  const times = rows
    .map(([delayUs]) => (delayUs === '' ? patienceMs : Number(delayUs) / 1000))
    .sort((a, b) => a - b);
  return {
    delay: {
      samples: times.length,
      unanswered,
      p50Ms: percentile(times, 0.5),
      p90Ms: percentile(times, 0.9),
      p99Ms: percentile(times, 0.99),
      p999Ms: percentile(times, 0.999),
      greatestMs: percentile(times, 1),
    },
    completed,
    failed: rows.length - completed,
  };
}
