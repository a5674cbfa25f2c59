// The suites that are made of plain steps: CPU per call, the other kinds of call, the highest clean
// rate, overload.
import { setTimeout as delay } from 'node:timers/promises';
import { type CeilingSearch, noteStep, openSearch } from '../ceiling-search.ts';
import { limitCpu } from '../cpu-limit.ts';
import { type CallKindName, callKinds, round, runStep } from '../load.ts';
import type { CeilingResult, CurvePoint, OverloadResult, StepResult } from '../results.ts';
import {
  cleanCps,
  onStage,
  type Stage,
  type SuiteContext,
  type SystemName,
  switches,
} from './suite.ts';

export interface Lengths {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Transactions linger for 32 s after a call: a warm-up shorter than that has not seen steady state. */
export function lengths(context: SuiteContext): Lengths {
  if (context.quick) return { warmUpSeconds: 3, seconds: 7 };
  return { warmUpSeconds: 35, seconds: context.options.seconds ?? 60 };
}

interface Load extends Partial<Lengths> {
  readonly kind: CallKindName;
  readonly rate: number;
  readonly probeRate?: number;
  readonly patienceMs?: number;
}

export async function step(context: SuiteContext, stage: Stage, load: Load): Promise<StepResult> {
  const { rate } = load;
  const kind = callKinds[load.kind];
  const result = await runStep({ ...stage, ...lengths(context), ...load, kind });
  context.say(
    `${result.system}, ${result.kind}, ${rate} CPS: ${result.completedCps} completed a second, ` +
      `${result.failed} failed, ${result.retransmissions} retransmitted, ` +
      `${result.systemCpuPerCallUs} µs a call; SIPp ${result.callerCpuShare} + ${result.gatewaysCpuShare} cores`,
  );
  return result;
}

/** CPU of the system under test per answered call, at a fixed rate, beside the bare relay. */
export async function measureCpu(context: SuiteContext): Promise<StepResult[]> {
  const rates = context.quick ? [500] : [1000, 1500, 2000, 3000, 4000];
  const results: StepResult[] = [];
  const systems = context.systems.filter((name) => name !== 'direct');
  // One rate after the other, and the systems in turn at each: what is compared is measured within minutes, on a
  // machine whose speed changes over hours.
  for (const rate of rates) {
    for (const name of systems) {
      await onStage(context, name, 'cpu', async (stage) => {
        results.push(await step(context, stage, { kind: 'answer', rate }));
      });
    }
  }
  return results;
}

/** Every other kind of call at a moderate rate: each must pass without a failure on both switches. */
export async function measureKinds(context: SuiteContext): Promise<StepResult[]> {
  const rate = context.quick ? 100 : 500;
  const results: StepResult[] = [];
  for (const name of switches(context)) {
    await onStage(context, name, 'kinds', async (stage) => {
      for (const kind of ['hunt', 'cancel', 'hold', 'reinvite'] as const) {
        results.push(await step(context, stage, { kind, rate }));
      }
    });
  }
  return results;
}

const warmingSeconds = 20;
/** A step that searches; the one that confirms has the usual lengths. */
const searching: Lengths = { warmUpSeconds: 10, seconds: 30 };

interface SystemSearch {
  readonly name: SystemName;
  readonly search: CeilingSearch;
  readonly steps: StepResult[];
  /** As the results name it. */
  system: string;
}

/** Searches the highest rate without a failed call or a retransmission: the systems take turns, so that a slow
 *  spell of the machine meets all of them. */
export async function findCeilings(context: SuiteContext): Promise<CeilingResult[]> {
  const rateMax = context.options['max-cps'] ?? (context.quick ? 2000 : 30_000);
  const searches = switches(context).map(
    (name): SystemSearch => ({ name, search: openSearch(rateMax), steps: [], system: '' }),
  );
  const isOpen = ({ search }: SystemSearch): boolean => search.phase !== 'over';
  while (searches.some(isOpen)) {
    for (const one of searches.filter(isOpen)) await takeTurn(context, one);
  }
  return searches.map(({ system, search, steps }) => ({
    system,
    cleanCps: search.clean,
    confirmed: search.confirmed,
    steps,
  }));
}

/** Until the first unclean step. After it the system is started anew: what an overload leaves behind (calls
 *  repeated for 32 s, transactions that linger) must not fail the next, lower rate. What it had warmed up, code
 *  compiled while it ran or pages of memory, it gets again from calls at half of the last clean rate: the whole of it,
 *  on a system that has just started, failed either switch often enough to spoil the step behind it. */
function takeTurn(context: SuiteContext, one: SystemSearch): Promise<void> {
  const { name, search, steps } = one;
  return onStage(context, name, 'ceiling', async (stage) => {
    one.system = stage.system.name;
    if (search.clean > 0) await warm(context, stage, Math.round(search.clean / 2));
    let clean = true;
    while (clean && search.phase !== 'over') {
      const { rate, phase } = search;
      const short = phase === 'search' && !context.quick ? searching : {};
      const result = await step(context, stage, { kind: 'answer', rate, ...short });
      steps.push(result);
      clean = result.clean;
      noteStep(search, clean);
    }
  });
}

async function warm(context: SuiteContext, stage: Stage, rate: number): Promise<void> {
  if (context.quick) return;
  await step(context, stage, { kind: 'answer', rate, warmUpSeconds: warmingSeconds, seconds: 1 });
}

/** Little less than the ten seconds that a switch may take: stopping the gateways takes the rest. */
const recoveryMs = 8000;
/** What the system gets in the second form of the suite: SIPp needs more than a core to offer twice of what a system with
 *  the rest of two can do, and drops datagrams itself where it does not get that. */
export const overloadCores = 0.5;

/** Twice the highest clean rate, and whether half of it goes cleanly again ten seconds later: with the whole machine, and
 *  with half a core, whose highest clean rate is searched for first. */
export async function measureOverload(context: SuiteContext): Promise<OverloadResult[]> {
  const results: OverloadResult[] = [];
  for (const name of switches(context)) {
    results.push(await overload(context, name, (system) => cleanCps(context, system)));
  }
  if (!mayLimitCpu(context)) return results;
  const limited = { ...context, coresMax: overloadCores };
  const ceilings = await findCeilings(limited);
  for (const [index, name] of switches(context).entries()) {
    const { cleanCps: clean } = ceilings[index]!;
    const result = await overload(limited, name, () => clean);
    results.push(
      context.curve ? { ...result, curve: await curveOf(limited, name, clean) } : result,
    );
  }
  return results;
}

function mayLimitCpu(context: SuiteContext): boolean {
  try {
    limitCpu([], overloadCores)();
    return true;
  } catch (error) {
    context.say(`not with ${overloadCores} cores: ${String(error)}`);
    return false;
  }
}

function overload(
  context: SuiteContext,
  name: SystemName,
  cleanOf: (system: string) => number,
): Promise<OverloadResult> {
  return onStage(context, name, 'overload', async (stage) => {
    const clean = cleanOf(stage.system.name);
    const half = Math.round(clean / 2);
    await warm(context, stage, half);
    const over = await step(context, stage, {
      kind: 'answer',
      rate: clean * 2,
      seconds: context.quick ? 5 : 30,
      patienceMs: 0,
    });
    await delay(recoveryMs);
    const after = await step(context, stage, {
      kind: 'answer',
      rate: half,
      warmUpSeconds: 0,
      seconds: context.quick ? 5 : 20,
    });
    return {
      system: stage.system.name,
      ...(context.coresMax === undefined ? {} : { coresMax: context.coresMax }),
      cleanCps: clean,
      offeredCps: clean * 2,
      completedCps: over.completedCps,
      share: round(over.completedCps / clean, 3),
      generatorDrops: over.generatorDrops,
      generatorShare: round(over.callerCpuShare + over.gatewaysCpuShare, 3),
      failedAfterRecovery: after.callerFailed,
      retransmissionsAfterRecovery: after.retransmissions,
    };
  });
}

/** Of the highest clean rate. */
const curveFactors = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3];

/** What completes of each of these rates, each on a system of its own, in its steady state. */
async function curveOf(
  context: SuiteContext,
  name: SystemName,
  clean: number,
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const factor of context.quick ? [0.5, 3] : curveFactors) {
    const rate = Math.round(clean * factor);
    await onStage(context, name, 'curve', async (stage) => {
      await warm(context, stage, Math.round(clean / 2));
      const at = await step(context, stage, {
        kind: 'answer',
        rate,
        seconds: context.quick ? 5 : 30,
        ...(factor > 1 ? { patienceMs: 0 } : {}),
      });
      points.push({
        factor,
        offeredCps: rate,
        completedCps: at.completedCps,
        share: round(at.completedCps / clean, 3),
        generatorDrops: at.generatorDrops,
        generatorShare: round(at.callerCpuShare + at.gatewaysCpuShare, 3),
      });
    });
  }
  return points;
}
