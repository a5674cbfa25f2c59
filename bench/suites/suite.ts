// What every suite is given, and how it starts the systems it compares.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { limitCpu } from '../cpu-limit.ts';
import { startBareDgram } from '../peers/bare-dgram-peer.ts';
import { startMeasuredKamailio } from '../peers/kamailio.ts';
import {
  choosePorts,
  direct,
  type PeerPorts,
  type SystemUnderTest,
} from '../peers/system-under-test.ts';
import { startMeasuredTandem } from '../peers/tandem.ts';
import type { SuiteResults } from '../results.ts';

export type SystemName = 'tandem' | 'kamailio' | 'bare' | 'direct';

export interface SuiteContext {
  /** Short steps: a smoke test of the suite, not a measurement. */
  readonly quick: boolean;
  /** `overload` measures what completes of rates from half to three times the clean one. */
  readonly curve: boolean;
  readonly systems: readonly SystemName[];
  /** Where this run's files go. */
  readonly folder: string;
  /** What suites before this one found, in this run or in the run that it adds to. */
  readonly found: SuiteResults;
  readonly options: Readonly<Record<string, number>>;
  /** What the systems may use of the processors; undefined: all. */
  readonly coresMax?: number;
  readonly say: (line: string) => void;
}

export interface Stage {
  readonly system: SystemUnderTest;
  readonly ports: PeerPorts;
  readonly folder: string;
}

/** Runs `work` against one freshly started system, and stops it whatever happens. */
export async function onStage<T>(
  context: SuiteContext,
  name: SystemName,
  suite: string,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { coresMax } = context;
  const folder = join(
    context.folder,
    coresMax === undefined ? suite : `${suite}-${coresMax}-cores`,
  );
  mkdirSync(folder, { recursive: true });
  const ports = await choosePorts();
  const system = await startSystem(name, ports, join(folder, `${name}-files`));
  let lift: (() => void) | undefined;
  try {
    if (coresMax !== undefined) lift = limitCpu(system.pids(), coresMax);
    return await work({ system, ports, folder });
  } finally {
    await system.stop();
    await delay(500);
    lift?.();
  }
}

async function startSystem(
  name: SystemName,
  ports: PeerPorts,
  folder: string,
): Promise<SystemUnderTest> {
  mkdirSync(folder, { recursive: true });
  switch (name) {
    case 'tandem':
      return startMeasuredTandem({ ports, folder });
    case 'kamailio':
      return startMeasuredKamailio({ ports, folder });
    case 'bare':
      return startBareDgram({ ports, folder });
    case 'direct':
      return direct(ports);
  }
}

/** The switches among the chosen systems. */
export function switches(context: SuiteContext): SystemName[] {
  return context.systems.filter((name) => name === 'tandem' || name === 'kamailio');
}

/** The highest clean rate found for a system, or a cautious rate when it was not searched for. */
export function cleanCps(context: SuiteContext, system: string): number {
  const found = context.found.ceiling?.find((one) => one.system === system)?.cleanCps;
  return context.options['clean-cps'] ?? found ?? 1000;
}
