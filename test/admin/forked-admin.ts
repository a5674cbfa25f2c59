// The admin process as the engine starts it: forked by path, over real IPC, on a data directory whose
// lock this process holds, as a running node would.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Transport } from '../../core/sip/hop.ts';
import type { AdminMessage, EngineMessage } from '../../workers/admin-messages.ts';
import { openDataDirectory } from '../../workers/data-directory.ts';
import { answerAsEngine, figuresOf } from './fake-engine.ts';

export interface ForkedAdmin {
  readonly dataDir: string;
  readonly url: string;
  readonly child: ChildProcess;
  say(message: EngineMessage): void;
  close(): Promise<void>;
}

export async function forkAdmin(): Promise<ForkedAdmin> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tandem-node-'));
  const lock = await openDataDirectory(dataDir);
  const start = {
    dataDir,
    listen: 'http://127.0.0.1:0',
    node: 'edge-1',
    version: '0.1.0',
    logLevel: 'warn',
    mysqlUrl: '',
    listeners: [{ transport: Transport.udp, address: '127.0.0.1', port: 5060 }],
  };
  const program = fileURLToPath(new URL('../../admin/main.js', import.meta.url));
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const say = (message: EngineMessage): void => void child.send(message, () => {});
  say({ kind: 'start', start });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the admin process ended with ${code}`)));
    child.on('message', (received) => {
      const message = received as AdminMessage;
      if (message.kind === 'listening') resolve(message.url);
      else say(answerAsEngine(message));
    });
  });
  say({ kind: 'figures', figures: figuresOf() });
  // Answers come in order: once it is ready, it has the figures.
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setImmediate(resolve));
  return {
    dataDir,
    url,
    child,
    say,
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        say({ kind: 'stop' });
        await ended;
      }
      await lock.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}
