// Added post-dial delay: INVITE to 180 through each switch, beside the same calls straight to the gateway.
// SIPp places the load and answers it; the delay probe places a few of the calls and times them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { round } from '../load.ts';
import { startChild, stopChild, waitForLine } from '../peers/child.ts';
import {
  type DelayProbeResult,
  finishDelayProbe,
  startDelayProbe,
} from '../peers/delay-probe-peer.ts';
import { freePorts } from '../peers/free-port.ts';
import type { StepResult } from '../results.ts';
import { type Lengths, lengths, step } from './steps.ts';
import { cleanCps, onStage, type SuiteContext, switches } from './suite.ts';

/** Enough for a p99 within a minute, too few to load anything. */
const probeCps = 100;

/** INVITE to 180 at half the highest clean rate of the slower switch, and with no switch between. */
export async function measureDelay(context: SuiteContext): Promise<StepResult[]> {
  const results: StepResult[] = [await measureFloor(context)];
  for (const own of switches(context)) {
    const half = Math.round(cleanCps(context, own === 'tandem' ? 'Tandem' : 'Kamailio') / 2);
    for (const name of ['direct', own] as const) {
      await onStage(context, name, 'delay', async (stage) => {
        const result = await step(context, stage, {
          kind: 'answer',
          rate: half,
          probeRate: Math.min(probeCps, Math.round(half / 2)),
        });
        results.push(result);
        sayDelay(context, result);
      });
    }
  }
  return results;
}

/** The probe against a process that only turns datagrams round, with no load: what it adds by itself. */
async function measureFloor(context: SuiteContext): Promise<StepResult> {
  const folder = join(context.folder, 'delay');
  mkdirSync(folder, { recursive: true });
  const [port, targetPort] = (await freePorts(2)) as [number, number];
  const echo = await startChild({
    name: 'bare echo',
    command: process.execPath,
    args: [fileURLToPath(new URL('../peers/bare-echo.js', import.meta.url)), String(targetPort)],
    cwd: folder,
    outputFile: join(folder, 'bare-echo.log'),
  });
  try {
    await waitForLine(echo, 'ready', 5000);
    const { seconds, warmUpSeconds: usual } = lengths(context);
    const warmUpSeconds = Math.min(usual, 10); // no transaction lingers here
    const probe = await startDelayProbe({
      name: 'probe-to-echo',
      port,
      targetPort,
      rate: probeCps,
      warmUpSeconds,
      seconds,
      folder,
    });
    await delay((warmUpSeconds + seconds) * 1000);
    const result = floorStep(await finishDelayProbe(probe), { warmUpSeconds, seconds });
    sayDelay(context, result);
    return result;
  } finally {
    await stopChild(echo);
  }
}

/** In the shape of a step, so that it stands in the same table; there is no system whose CPU to count. */
function floorStep(
  { delay: postDialDelay, completed, failed }: DelayProbeResult,
  lengths: Lengths,
): StepResult {
  return {
    system: 'probe to bare echo',
    kind: 'answer and BYE',
    rate: probeCps,
    ...lengths,
    calls: completed + failed,
    completedCps: round(completed / lengths.seconds, 1),
    failed,
    callerFailed: failed,
    retransmissions: 0,
    systemDrops: 0,
    generatorDrops: 0,
    clean: failed === 0,
    systemCpuPerCallUs: 0,
    systemCpuShare: 0,
    callerCpuShare: 0,
    gatewaysCpuShare: 0,
    postDialDelay,
  };
}

function sayDelay({ say }: SuiteContext, { system, rate, postDialDelay }: StepResult): void {
  if (postDialDelay === undefined) return;
  const { samples, unanswered, p50Ms, p99Ms, greatestMs } = postDialDelay;
  say(
    `${system}, ${rate} CPS: INVITE to 180 p50 ${p50Ms}, p99 ${p99Ms}, greatest ${greatestMs} ms ` +
      `of ${samples} calls, ${unanswered} unanswered`,
  );
}
