// Figures of Tandem alone: start to `ready`, idle memory and CPU, the longest stall of a call worker
// under load, and a large configuration swapped while calls run.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { carrierDocument, carriers } from '../carrier-plan.ts';
import { callKinds, round, startGateways } from '../load.ts';
import { projectPath } from '../peers/project-path.ts';
import { finishCaller, type SippResult, startSipp, stopGateway } from '../peers/sipp.ts';
import {
  applyDocument,
  chooseTandemOptions,
  readMetrics,
  runTandemCommand,
  startTandem,
  stopTandem,
  type Tandem,
} from '../peers/tandem.ts';
import { cpuSeconds, memoryUse, processTree } from '../process-usage.ts';
import type { StallResult, StartResult, SwapResult } from '../results.ts';
import { watchStolenTime } from '../stolen-time.ts';
import { cleanCps, onStage, type Stage, type SuiteContext } from './suite.ts';

/** Starts a node of each size three times, then leaves it idle. */
export async function measureStart(context: SuiteContext): Promise<StartResult[]> {
  const results: StartResult[] = [];
  for (const prefixes of context.quick ? [10_000] : [10_000, 1_000_000]) {
    const folder = join(context.folder, 'start', `prefixes-${prefixes}`);
    mkdirSync(folder, { recursive: true });
    const options = await chooseTandemOptions(folder);
    const first = await startTandem(options);
    await applyDocument(first, largeDocument(prefixes), 'large');
    await stopTandem(first);
    const readyMs: number[] = [];
    let tandem: Tandem | undefined;
    for (let start = 0; start < 3; start++) {
      if (tandem !== undefined) await stopTandem(tandem);
      tandem = await startTandem(options);
      readyMs.push(Math.round(tandem.readyMs));
    }
    results.push({ prefixes, readyMs, ...(await idle(context, tandem!)) });
    await stopTandem(tandem!);
    context.say(`start with ${prefixes} prefixes: ${readyMs.join(', ')} ms`);
  }
  return results;
}

async function idle(
  context: SuiteContext,
  tandem: Tandem,
): Promise<Omit<StartResult, 'prefixes' | 'readyMs'>> {
  // V8 collects for half a minute what loading the modules left
  await delay(context.quick ? 2000 : 45_000);
  const pids = processTree(tandem.child.pid);
  const idleSeconds = context.quick ? 5 : 30;
  const before = cpuSeconds(pids);
  await delay(idleSeconds * 1000);
  const used = cpuSeconds(pids) - before;
  const memory = memoryUse(pids);
  return {
    idleRssBytes: memory.rssBytes,
    idlePssBytes: memory.pssBytes,
    idleCpuShare: round(used / idleSeconds, 4),
    idleSeconds,
    processes: pids.length,
  };
}

function largeDocument(prefixes: number): object {
  return {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [
      { name: 'caller', auth: 'ip', addresses: ['127.0.0.9'], lineLimit: 0, cpsLimit: 0 },
    ],
    routingGateways: carriers({
      prefixes,
      gateways: prefixes >= 1_000_000 ? 200 : 20,
      from: 3_000_000,
    }),
  };
}

/** After so long the gauge, which holds a minute, has forgotten what was before. */
const gaugeSeconds = 61;

/** The longest stall over minutes at half the highest clean rate, and apart from it that of the first minute, in which
 *  the code is compiled and the heap grows. */
export async function measureStall(context: SuiteContext): Promise<StallResult> {
  return onStage(context, 'tandem', 'stall', async (stage) => {
    const rate = Math.round(cleanCps(context, 'Tandem') / 2);
    const seconds = context.quick ? 10 : (context.options.minutes ?? 10) * 60;
    const settleSeconds = context.quick ? 0 : gaugeSeconds;
    // What the first configuration took
    await delay(settleSeconds * 1000);
    const load = await startLoad(stage, rate, 2 * settleSeconds + seconds);
    await delay(settleSeconds * 1000);
    const first = await readStalls(tandemOf(stage));
    // Until the gauge has forgotten it
    await delay(settleSeconds * 1000);
    const longest = await watchStalls(tandemOf(stage), seconds);
    const faults = await load();
    context.say(
      `longest stall at ${rate} CPS: ${JSON.stringify(longest)}, in the first minute ${JSON.stringify(first)}`,
    );
    const { workerStallMs: longestStallMs, stolenMs } = longest;
    const firstMinuteMs = first.workerStallMs;
    return {
      rate,
      minutes: round(seconds / 60, 1),
      longestStallMs,
      firstMinuteMs,
      stolenMs,
      ...faults,
    };
  });
}

/** Two different documents of 1,000,000 prefixes over 200 carriers with rates, quality windows and least cost applied,
 *  one after the other, while calls run; beside it the longest stall of the minute before, which the same calls had. */
export async function measureSwap(context: SuiteContext): Promise<SwapResult> {
  return onStage(context, 'tandem', 'swap', async (stage) => {
    const rate = context.options['swap-cps'] ?? (context.quick ? 500 : 2000);
    const prefixes = context.quick ? 100_000 : 1_000_000;
    const gateways = 200;
    const files = [3_000_000, 5_000_000].map((from) => {
      const file = join(stage.folder, `large-${from}.json`);
      const document = carrierDocument(stage.ports, { prefixes, gateways, from });
      writeFileSync(file, JSON.stringify(document));
      return file;
    });
    const minute = context.quick ? 15 : gaugeSeconds;
    const load = await startLoad(stage, rate, 3 * minute);
    await delay(2 * minute * 1000);
    const tandem = tandemOf(stage);
    const before = await readStalls(tandem);
    const stolen = watchStolenTime();
    const minuteOfSwap = delay((minute - 1) * 1000);
    const applySeconds: number[] = [];
    for (const file of files) {
      const startedMs = performance.now();
      await runTandemCommand(tandem.dataDir, 'apply', file, '--replace');
      applySeconds.push(round((performance.now() - startedMs) / 1000, 1));
      await delay(3000);
    }
    // The gauge holds what has happened since `before` was read
    await minuteOfSwap;
    const longest = await readStalls(tandem);
    stolen.stop();
    const faults = await load();
    const documentBytes = statSync(files[0]!).size;
    context.say(
      `swap of ${prefixes} prefixes: ${applySeconds.join(', ')} s, ${JSON.stringify(longest)}, before ${JSON.stringify(before)}`,
    );
    return {
      prefixes,
      gateways,
      rate,
      documentBytes,
      applySeconds,
      longestStallMs: longest.workerStallMs,
      beforeMs: before.workerStallMs,
      stolenMs: stolen.longestMs(),
      ...faults,
    };
  });
}

export function tandemOf({ system }: Stage): Tandem {
  return (system as unknown as { tandem: Tandem }).tandem;
}

/** Starts answered calls at a fixed rate; the returned function waits for their end and sums the faults. */
export async function startLoad(
  { system, ports, folder }: Stage,
  rate: number,
  seconds: number,
): Promise<() => Promise<Pick<SippResult, 'failed' | 'retransmissions'>>> {
  const name = `load-${rate}`;
  const gateways = await startGateways(callKinds.answer.gateways, ports, folder, name);
  const caller = await startSipp({
    name,
    scenarioFile: projectPath('bench/sipp/caller-answer.xml'),
    port: ports.caller,
    folder,
    caller: {
      target: `127.0.0.1:${system.port}`,
      service: callKinds.answer.service,
      rate,
      calls: rate * seconds,
    },
  });
  return async () => {
    const called = await finishCaller(caller, 40_000);
    const all = [called, ...(await Promise.all(gateways.map(stopGateway)))];
    return {
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      retransmissions: all.reduce((sum, { retransmissions }) => sum + retransmissions, 0),
    };
  };
}

interface Stalls {
  readonly workerStallMs: number;
  readonly mainStallMs: number;
}

/** The longest of the last minute. */
async function readStalls(tandem: Tandem): Promise<Stalls> {
  const metrics = await readMetrics(tandem);
  return {
    workerStallMs: metrics.get('tandem_loop_stall_ms max') ?? 0,
    mainStallMs: metrics.get('tandem_main_loop_stall_ms max') ?? 0,
  };
}

/** Read often enough to miss no minute. */
export async function watchStalls(
  tandem: Tandem,
  seconds: number,
): Promise<Stalls & { stolenMs: number }> {
  const stolen = watchStolenTime();
  const end = performance.now() + seconds * 1000;
  let longest: Stalls = { workerStallMs: 0, mainStallMs: 0 };
  while (performance.now() < end) {
    await delay(Math.min(5000, Math.max(0, end - performance.now())));
    const { workerStallMs, mainStallMs } = await readStalls(tandem);
    longest = {
      workerStallMs: Math.max(workerStallMs, longest.workerStallMs),
      mainStallMs: Math.max(mainStallMs, longest.mainStallMs),
    };
  }
  stolen.stop();
  return { ...longest, stolenMs: stolen.longestMs() };
}
