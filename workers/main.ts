// Process entry of the engine. `tandem start` calls startEngine; `node dist/workers/main.js` does the same.
//
//   admin process and our own modules (load beside each other) -> settings -> data directory (lock, format) ->
//   listening addresses (exclusive probe) -> task pool, configuration store -> shared memory -> threads of the
//   call workers (load beside what follows) -> CDR recovery -> configuration -> call workers -> main thread's
//   sockets -> calls of a crash hung up -> "ready"
//
// Exit codes: 0 drained, 1 a fault of ours, 2 somebody must change something (node file, data directory
// in use, address taken).
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AdminProcess } from './admin-process.ts';
import type { Engine } from './engine.ts';
import { listenText } from './listen-setting.ts';
import type { LogOutput } from './log.ts';
import type { SettingsSource } from './settings.ts';
import { StartRefused } from './start-refused.ts';

export interface RunningEngine {
  readonly engine: Engine;
  /** What was printed: "ready node=edge-1 sip=udp://127.0.0.1:5060 admin=http://127.0.0.1:8080". */
  readonly readyLine: string;
}

/** Resolves once calls are taken; the process ends by itself after draining.
 *  @throws StartRefused (exit code 2) where somebody must change something first */
export async function startEngine(source: SettingsSource): Promise<RunningEngine> {
  const admin = new AdminProcess();
  try {
    return await startBeside(admin, source);
  } catch (error) {
    await admin.stop();
    throw error;
  }
}

/** Its imports stand here, not at the top: a third of the time to "ready" goes into modules, and the admin process,
 *  which has as many of its own, is started ahead of them. */
async function startBeside(admin: AdminProcess, source: SettingsSource): Promise<RunningEngine> {
  const { loadSettings } = await import('./settings.ts');
  const settings = loadSettings(source);
  const { openLog } = await import('./log.ts');
  const output = openLog(settings.logLevel, { thread: 'main', node: settings.node });
  exitOnFault(output);
  const { Engine } = await import('./engine.ts');
  const engine = await Engine.open({ settings, log: output.log, admin });
  drainOnSignals(engine, output);
  const readyLine =
    `ready node=${settings.node} sip=${engine.listeners.map(listenText).join(',')} ` +
    `admin=${engine.adminUrl}`;
  process.stdout.write(`${readyLine}\n`);
  return { engine, readyLine };
}

function exitOnFault(output: LogOutput): void {
  const onFault = (error: unknown): void => {
    output.log.fatal({ err: error }, 'engine: a fault of ours');
    output.flush();
    process.exit(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  // Nobody reads the ready line any more: not a reason to end calls.
  process.stdout.on('error', () => {});
}

/** The first signal drains; a second one waits for no call. */
function drainOnSignals(engine: Engine, output: LogOutput): void {
  let draining = false;
  const onSignal = (): void => {
    const done = engine.drainAndClose();
    if (draining) return;
    draining = true;
    void done.then(() => {
      output.flush();
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

async function runFromCommandLine(): Promise<void> {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, data: { type: 'string' } },
    });
    await startEngine({ configFile: values.config, dataDir: values.data });
  } catch (error) {
    const known = error instanceof StartRefused;
    process.stderr.write(`${known ? error.message : (error as Error).stack}\n`);
    process.exit(known ? error.exitCode : 1);
  }
}

const entry = process.argv[1];
if (entry !== undefined && realpathSync(entry) === fileURLToPath(import.meta.url)) {
  await runFromCommandLine();
}
