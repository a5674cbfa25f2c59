// kill -9 of the engine again and again under load: every call whose BYE was answered must have exactly
// one CDR afterwards (the caller keeps the Call-IDs; `tandem cdr` reads the log).
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callKinds, startGateways } from '../load.ts';
import { stopChild } from '../peers/child.ts';
import { projectPath } from '../peers/project-path.ts';
import { startSipp, stopGateway } from '../peers/sipp.ts';
import { choosePorts } from '../peers/system-under-test.ts';
import {
  applyDocument,
  benchDocument,
  chooseTandemOptions,
  runTandemCommand,
  startTandem,
  stopTandem,
} from '../peers/tandem.ts';
import type { CrashResult } from '../results.ts';
import type { SuiteContext } from './suite.ts';

/** Between a restart and the next kill. */
const upMs = 3000;
const rate = 1000;

export async function measureCrashes(context: SuiteContext): Promise<CrashResult> {
  const kills = context.options.kills ?? (context.quick ? 2 : 20);
  const folder = join(context.folder, 'crash');
  mkdirSync(folder, { recursive: true });
  const ports = await choosePorts();
  const options = await chooseTandemOptions(join(folder, 'tandem-files'));
  let tandem = await startTandem(options);
  try {
    await applyDocument(tandem, benchDocument(ports), 'configuration');
    const gateways = await startGateways(callKinds.answer.gateways, ports, folder, 'crash');
    const logFile = join(folder, 'byes.log');
    const caller = await startSipp({
      name: 'crash-caller',
      scenarioFile: projectPath('bench/sipp/caller-logged.xml'),
      port: ports.caller,
      folder,
      caller: {
        target: `127.0.0.1:${options.port}`,
        service: callKinds.answer.service,
        rate,
        calls: 1_000_000_000,
      },
      extra: ['-trace_logs', '-log_file', logFile, '-recv_timeout', '8000'],
    });
    for (let kill = 0; kill < kills; kill++) {
      await delay(upMs);
      await stopChild(tandem.child, 'SIGKILL');
      tandem = await startTandem(options);
    }
    await delay(upMs);
    // SIGUSR1: no new calls, the calls that are up end first
    await stopChild(caller.child, 'SIGUSR1', 20_000);
    await Promise.all(gateways.map(stopGateway));
    const result = await compare(logFile, tandem.dataDir);
    context.say(
      `${kills} kills: ${result.byesAnswered} BYEs, ${result.lost} lost, ${result.doubled} doubled`,
    );
    return { kills, rate, ...result };
  } finally {
    await stopTandem(tandem);
  }
}

async function compare(
  logFile: string,
  dataDir: string,
): Promise<Omit<CrashResult, 'kills' | 'rate'>> {
  const answered = readFileSync(logFile, 'latin1')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const cdrs = new Map<string, number>();
  for (const line of (await runTandemCommand(dataDir, 'cdr')).split('\n')) {
    if (line === '') continue;
    const { callId } = JSON.parse(line) as { callId: string };
    cdrs.set(callId, (cdrs.get(callId) ?? 0) + 1);
  }
  return {
    byesAnswered: answered.length,
    lost: answered.filter((callId) => !cdrs.has(callId)).length,
    doubled: answered.filter((callId) => (cdrs.get(callId) ?? 0) > 1).length,
  };
}
