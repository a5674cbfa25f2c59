// One step of load: a gateway of each kind the calls need, a caller at a fixed rate, and what the
// operating system and both SIPps counted between the end of the warm-up and the last new call.
import { setTimeout as delay } from 'node:timers/promises';
import {
  type DelayProbe,
  type DelayProbeResult,
  finishDelayProbe,
  startDelayProbe,
} from './peers/delay-probe-peer.ts';
import { projectPath } from './peers/project-path.ts';
import {
  finishCaller,
  type SippResult,
  type SippRun,
  startSipp,
  stopGateway,
} from './peers/sipp.ts';
import { successfulAt } from './peers/sipp-csv.ts';
import type { PeerPorts, SystemUnderTest } from './peers/system-under-test.ts';
import { cpuSeconds, kernelDrops } from './process-usage.ts';
import type { StepResult } from './results.ts';

type GatewayName = Exclude<keyof PeerPorts, 'caller' | 'probe'>;

export interface CallKind {
  readonly name: string;
  readonly scenario: string;
  /** Start of the called numbers, by which the system routes. */
  readonly service: string;
  readonly gateways: readonly GatewayName[];
  readonly holdMs?: number;
}

export type CallKindName = 'answer' | 'hunt' | 'cancel' | 'hold' | 'reinvite';

export const callKinds: Readonly<Record<CallKindName, CallKind>> = {
  answer: {
    name: 'answer and BYE',
    scenario: 'caller-answer',
    service: '44',
    gateways: ['answer'],
  },
  hunt: {
    name: 'reject, then hunt',
    scenario: 'caller-answer',
    service: '45',
    gateways: ['reject', 'answer'],
  },
  cancel: {
    name: 'cancel while ringing',
    scenario: 'caller-cancel',
    service: '46',
    gateways: ['ring'],
  },
  hold: {
    name: 'hold 20 s',
    scenario: 'caller-hold',
    service: '44',
    gateways: ['answer'],
    holdMs: 20_000,
  },
  reinvite: {
    name: 're-INVITE',
    scenario: 'caller-reinvite',
    service: '47',
    gateways: ['reinvite'],
  },
};

export interface Step {
  readonly system: SystemUnderTest;
  readonly ports: PeerPorts;
  readonly kind: CallKind;
  readonly rate: number;
  /** Not measured: compilers warm up, transactions of earlier calls begin to linger. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly folder: string;
  /** So many of the `rate` calls a second are placed, and timed, by the delay probe. */
  readonly probeRate?: number;
  /** How long the calls may take to end after the last one started; then the caller is killed. */
  readonly patienceMs?: number;
}

const usualPatienceMs = 20_000;

export async function runStep(step: Step): Promise<StepResult> {
  const { system, ports, kind, rate, folder } = step;
  // held calls must have begun to end before their cost can be counted
  const warmUpSeconds = Math.max(step.warmUpSeconds, ((kind.holdMs ?? 0) / 1000) * 1.1);
  const name = `${system.name.replaceAll(' ', '-').toLowerCase()}-${kind.scenario}-${kind.service}-${rate}`;
  const gateways = await startGateways(kind.gateways, ports, folder, name);
  const dropsBefore = kernelDrops(system.port);
  const probe = await startProbe(step, warmUpSeconds, name);
  const callerRate = rate - (step.probeRate ?? 0);
  const caller = await startSipp({
    name,
    scenarioFile: projectPath(`bench/sipp/${kind.scenario}.xml`),
    port: ports.caller,
    folder,
    caller: {
      target: `127.0.0.1:${system.port}`,
      service: kind.service,
      rate: callerRate,
      calls: Math.round(callerRate * (warmUpSeconds + step.seconds)),
      ...(kind.holdMs === undefined ? {} : { holdMs: kind.holdMs }),
    },
  });
  await delay(warmUpSeconds * 1000);
  const from = reading(system, caller, gateways);
  await delay(step.seconds * 1000);
  const to = reading(system, caller, gateways);
  const drops = {
    system: kernelDrops(system.port) - dropsBefore,
    generator:
      kernelDrops(ports.caller) +
      kind.gateways.reduce((sum, one) => sum + kernelDrops(ports[one]), 0),
  };
  const called = await finishCaller(
    caller,
    step.patienceMs ?? usualPatienceMs + (kind.holdMs ?? 0),
  );
  const probed = probe === undefined ? undefined : await finishDelayProbe(probe);
  const taken = await Promise.all(gateways.map(stopGateway));
  return judge(
    { ...step, warmUpSeconds },
    {
      from,
      to,
      drops,
      called,
      taken,
      probed,
    },
  );
}

export async function startGateways(
  names: readonly GatewayName[],
  ports: PeerPorts,
  folder: string,
  prefix: string,
): Promise<SippRun[]> {
  const runs: SippRun[] = [];
  for (const name of names) {
    runs.push(
      await startSipp({
        name: `${prefix}-gateway-${name}`,
        scenarioFile: projectPath(`bench/sipp/gateway-${name}.xml`),
        port: ports[name],
        folder,
      }),
    );
  }
  await delay(500); // SIPp says nothing when it has bound
  return runs;
}

/** It calls the system beside the caller, at its own port; undefined when the step has none. */
async function startProbe(
  { system, ports, folder, seconds, probeRate }: Step,
  warmUpSeconds: number,
  name: string,
): Promise<DelayProbe | undefined> {
  if (probeRate === undefined) return undefined;
  return startDelayProbe({
    name,
    port: ports.probe,
    targetPort: system.port,
    rate: probeRate,
    warmUpSeconds,
    seconds,
    folder,
  });
}

interface Reading {
  atSeconds: number;
  systemCpu: number;
  databaseCpu: number;
  callerCpu: number;
  gatewaysCpu: number;
}

function reading(system: SystemUnderTest, caller: SippRun, gateways: readonly SippRun[]): Reading {
  const cpuOf = (runs: readonly SippRun[]): number =>
    cpuSeconds(runs.filter(({ child }) => child.running()).map(({ child }) => child.pid));
  return {
    atSeconds: Date.now() / 1000,
    systemCpu: cpuSeconds(system.pids()),
    databaseCpu: cpuSeconds(system.databasePids?.() ?? []),
    callerCpu: cpuOf([caller]),
    gatewaysCpu: cpuOf(gateways),
  };
}

interface Seen {
  from: Reading;
  to: Reading;
  drops: { system: number; generator: number };
  called: SippResult;
  taken: SippResult[];
  probed: DelayProbeResult | undefined;
}

function judge(step: Step, seen: Seen): StepResult {
  const { from, to, called, taken, probed } = seen;
  const seconds = to.atSeconds - from.atSeconds;
  const measured =
    successfulAt(called.rows, to.atSeconds) -
    successfulAt(called.rows, from.atSeconds) +
    (probed?.completed ?? 0);
  const callerFailed = called.failed + (probed?.failed ?? 0);
  const failed = callerFailed + taken.reduce((sum, { failed }) => sum + failed, 0);
  const retransmissions =
    called.retransmissions + taken.reduce((sum, { retransmissions }) => sum + retransmissions, 0);
  const completedCps = measured / seconds;
  return {
    system: step.system.name,
    kind: step.kind.name,
    rate: step.rate,
    warmUpSeconds: step.warmUpSeconds,
    seconds: round(seconds, 1),
    calls: called.successful + called.failed + (probed?.completed ?? 0) + (probed?.failed ?? 0),
    completedCps: round(completedCps, 1),
    failed,
    callerFailed,
    retransmissions,
    systemDrops: seen.drops.system,
    generatorDrops: seen.drops.generator,
    clean: failed === 0 && retransmissions === 0 && completedCps >= step.rate * 0.97,
    systemCpuPerCallUs: round(((to.systemCpu - from.systemCpu) / measured) * 1e6, 1),
    ...(step.system.databasePids === undefined
      ? {}
      : {
          databaseCpuPerCallUs: round(((to.databaseCpu - from.databaseCpu) / measured) * 1e6, 1),
        }),
    systemCpuShare: round((to.systemCpu - from.systemCpu) / seconds, 3),
    callerCpuShare: round((to.callerCpu - from.callerCpu) / seconds, 3),
    gatewaysCpuShare: round((to.gatewaysCpu - from.gatewaysCpu) / seconds, 3),
    ...(probed === undefined ? {} : { postDialDelay: probed.delay }),
  };
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
