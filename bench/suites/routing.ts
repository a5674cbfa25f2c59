// What a routing decision of a large plan costs: alone, in shared memory as call workers have it, and end to end, as
// the CPU of a call beside that of a configuration with one gateway, and of one with the suites' gateways, priced.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { carrierDocument, pricedDocument, singleDocument } from '../carrier-plan.ts';
import { projectPath } from '../peers/project-path.ts';
import { choosePorts, type PeerPorts } from '../peers/system-under-test.ts';
import { startMeasuredTandem } from '../peers/tandem.ts';
import type { RoutingResult, StepResult } from '../results.ts';
import { step } from './steps.ts';
import type { Stage, SuiteContext } from './suite.ts';

const execute = promisify(execFile);
const gateways = 200;
const plans = ['single', 'small', 'large'] as const;
type PlanName = (typeof plans)[number];
const planLabels: Record<PlanName, string> = {
  single: 'one gateway',
  small: 'own gateways, priced',
  large: `${gateways} carriers`,
};
/** In each the plans change places, so that every one is measured first, second and third as often. */
const turns = 3;

interface Decision {
  readonly medianUs: number;
  readonly p99Us: number;
  readonly meanCpuUs: number;
}

/** Of bench/micro/route-decision.ts. */
interface Decisions {
  readonly byRate: Decision;
  readonly byAsr: Decision;
  readonly lookupNs: number;
  readonly prefixBytesEach: number;
}

export async function measureRouting(context: SuiteContext): Promise<RoutingResult> {
  const prefixes = context.quick ? 20_000 : 1_000_000;
  const { byRate, byAsr, lookupNs, prefixBytesEach } = await decide(prefixes);
  context.say(
    `a decision among ${prefixes} prefixes: ${byRate.medianUs} µs by rate, ${byAsr.medianUs} µs by ASR; a lookup ${lookupNs} ns`,
  );
  const steps = await compare(context, prefixes);
  return {
    prefixes,
    gateways,
    decisionMedianUs: byRate.medianUs,
    decisionP99Us: byRate.p99Us,
    decisionMeanCpuUs: byRate.meanCpuUs,
    asrDecisionMedianUs: byAsr.medianUs,
    asrDecisionMeanCpuUs: byAsr.meanCpuUs,
    lookupNs,
    bytesPerPrefix: prefixBytesEach,
    ...steps,
  };
}

async function decide(prefixes: number): Promise<Decisions> {
  const program = projectPath('dist/bench/micro/route-decision.js');
  const { stdout } = await execute(process.execPath, [
    '--max-old-space-size=3000',
    program,
    String(prefixes),
    String(gateways),
  ]);
  return JSON.parse(stdout) as Decisions;
}

function documentOf(name: PlanName, ports: PeerPorts, prefixes: number): object {
  switch (name) {
    case 'single':
      return singleDocument(ports);
    case 'small':
      return pricedDocument(ports);
    case 'large':
      return carrierDocument(ports, { prefixes, gateways, from: 3_000_000 });
  }
}

/** All nodes are up at once and take calls in turn: what is compared is measured within two minutes. */
async function compare(
  context: SuiteContext,
  prefixes: number,
): Promise<Record<PlanName, StepResult[]>> {
  const rate = context.quick ? 200 : 1500;
  const open = new Map<PlanName, Stage>();
  try {
    for (const name of plans) {
      const folder = join(context.folder, 'routing', name);
      mkdirSync(folder, { recursive: true });
      const ports = await choosePorts();
      const document = documentOf(name, ports, prefixes);
      const system = await startMeasuredTandem({ ports, folder }, { document });
      const label = `Tandem, ${planLabels[name]}`;
      open.set(name, { system: { ...system, name: label }, ports, folder });
    }
    // V8 collects for half a minute what loading the plans left
    if (!context.quick) await delay(45_000);
    const results: Record<PlanName, StepResult[]> = { single: [], small: [], large: [] };
    for (let turn = 0; turn < (context.quick ? 1 : turns); turn++) {
      // Each goes first in turn, so that a machine that gets slower is nobody's fault.
      for (const name of [...plans.slice(turn), ...plans.slice(0, turn)]) {
        results[name].push(await step(context, open.get(name)!, { kind: 'answer', rate }));
      }
    }
    return results;
  } finally {
    for (const { system } of open.values()) await system.stop();
  }
}
