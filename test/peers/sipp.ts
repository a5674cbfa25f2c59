// Real SIPp in a test: a gateway that answers by a scenario, and a caller that plays one to its end.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../bench/peers/free-port.ts';
import { projectPath } from '../../bench/peers/project-path.ts';
import {
  type CallerOptions,
  finishCaller,
  type SippResult,
  type SippRun,
  startSipp,
  stopGateway,
} from '../../bench/peers/sipp.ts';
import './leftover-children.ts';

export interface SippOutcome extends SippResult {
  /** What SIPp wrote about unexpected messages; '' when nothing. */
  errors: string;
}

export interface SippGateway {
  readonly port: number;
  readonly stop: () => Promise<SippOutcome>;
}

export interface PlaceCalls extends Omit<CallerOptions, 'target'> {
  readonly scenario: string;
  readonly targetPort: number;
  /** Where the caller binds: the address of a mapping gateway. */
  readonly port: number;
  readonly transport?: 'u1' | 't1';
  /** Until the last call must have ended, ms. */
  readonly patienceMs?: number;
  readonly extra?: readonly string[];
}

/** Fails with SIPp's own words where not every call was played to its end. A message that came again
 *  after its call is over is no failure. */
export function assertPlayed(outcome: SippOutcome, calls: number): void {
  const { successful, failed } = outcome;
  const errors = successful === calls && failed === 0 ? '' : outcome.errors;
  assert.deepEqual({ successful, failed, errors }, { successful: calls, failed: 0, errors: '' });
}

let runs = 0;

/** A scenario by its name in bench/sipp or test/scenario/sipp, or by its absolute path. */
function scenarioFile(scenario: string): string {
  if (isAbsolute(scenario)) return scenario;
  const places = ['test/scenario/sipp', 'bench/sipp'].map((folder) =>
    projectPath(`${folder}/${scenario}.xml`),
  );
  const file = places.find((place) => existsSync(place));
  if (file === undefined) throw new Error(`no scenario "${scenario}" in ${places.join(' or ')}`);
  return file;
}

let copies = 0;

/** The path of a copy of the scenario in which these words are replaced; the scenario where none is. */
export function scenarioWith(
  folder: string,
  scenario: string,
  words: Readonly<Record<string, string | number | undefined>>,
): string {
  const replaced = Object.entries(words).filter(([, by]) => by !== undefined);
  if (replaced.length === 0) return scenario;
  const file = scenarioFile(scenario);
  const copy = join(folder, `${basename(file, '.xml')}-copy-${copies++}.xml`);
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    copy,
    replaced.reduce((filled, [word, by]) => filled.replaceAll(word, String(by)), text),
  );
  return copy;
}

export async function startSippGateway(
  folder: string,
  scenario: string,
  options: { port?: number; transport?: 'u1' | 't1'; extra?: readonly string[] } = {},
): Promise<SippGateway> {
  const port = options.port ?? (await freePort());
  const file = scenarioFile(scenario);
  const run = await startSipp({
    name: `${basename(file, '.xml')}-${runs++}`,
    scenarioFile: file,
    port,
    folder,
    transport: options.transport ?? 'u1',
    extra: options.extra ?? [],
  });
  await bound(run, port, options.transport === 't1' ? 'tcp' : 'udp');
  return { port, stop: async () => withErrors(run, await stopGateway(run)) };
}

export async function placeSippCalls(folder: string, calls: PlaceCalls): Promise<SippOutcome> {
  const file = scenarioFile(calls.scenario);
  const run = await startSipp({
    name: `${basename(file, '.xml')}-${runs++}`,
    scenarioFile: file,
    port: calls.port,
    folder,
    caller: { ...calls, target: `127.0.0.1:${calls.targetPort}` },
    transport: calls.transport ?? 'u1',
    extra: calls.extra ?? [],
  });
  return withErrors(run, await finishCaller(run, calls.patienceMs ?? 30_000));
}

function withErrors(run: SippRun, result: SippResult): SippOutcome {
  const file = join(run.options.folder, `${run.options.name}-errors.log`);
  return { ...result, errors: existsSync(file) ? readFileSync(file, 'latin1').slice(0, 4000) : '' };
}

const bindMs = 15_000;

/** SIPp does not say when it has bound; the kernel does. */
async function bound(run: SippRun, port: number, transport: 'udp' | 'tcp'): Promise<void> {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const end = performance.now() + bindMs;
  while (run.child.running() && performance.now() < end) {
    if (readFileSync(`/proc/net/${transport}`, 'latin1').includes(hex)) return;
    await delay(10);
  }
  const how = run.child.running() ? `has not bound port ${port}` : 'ended before it had bound';
  throw new Error(`${run.child.name} ${how}; see ${run.child.outputFile}`);
}
