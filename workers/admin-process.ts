// Starts the admin process, restarts it with growing pauses when it dies, and carries messages. Calls do
// not depend on it: while it is away, only the API and the page are. It is started ahead of the engine, so
// that its modules load beside the engine's, and waits to be told what it serves.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AdminMessage, AdminStart, EngineMessage } from './admin-messages.ts';
import { lowerProcessPriority } from './background-priority.ts';
import type { Log } from './log.ts';

const restartMsMin = 200;
const restartMsMax = 30_000;
/** A process that lived this long was well; the next pause is short again. */
const settledMs = 60_000;
/** After `stop`: how long it may take to close its connections. */
const stopMs = 3_000;

/** What it serves, and who hears of it. */
export interface AdminTask {
  readonly start: AdminStart;
  readonly log: Log;
  readonly onMessage: (message: AdminMessage) => void;
}

export class AdminProcess {
  readonly #program: string;
  #child: ChildProcess | undefined;
  /** Undefined while the engine comes up. */
  #task: AdminTask | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #pauseMs = restartMsMin;
  #startedAt = 0;
  #stopping = false;

  /** `program`: tests bring their own. */
  constructor(program: string = fileURLToPath(new URL('../admin/main.js', import.meta.url))) {
    this.#program = program;
    this.#start();
  }

  /** To this process, and to each that follows it. In a message, never on the command line, which every
   *  user of the machine can read: the database's password is part of it. */
  begin(task: AdminTask): void {
    this.#task = task;
    this.send({ kind: 'start', start: task.start });
  }

  send(message: EngineMessage): void {
    const child = this.#child;
    if (child === undefined || !child.connected) return;
    // A full pipe drops nothing here: figures are small, and one a second.
    child.send(message, () => {});
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // Without a task there is nothing to close.
    if (this.#task === undefined) child.kill('SIGKILL');
    this.send({ kind: 'stop' });
    const killTimer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await gone;
    clearTimeout(killTimer);
  }

  #start(): void {
    const child = fork(this.#program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    // Now, while it has one thread: those that it starts inherit the priority.
    if (child.pid !== undefined) lowerProcessPriority(child.pid);
    this.#child = child;
    this.#startedAt = Date.now();
    child.on('message', (message) => this.#task?.onMessage(message as AdminMessage));
    child.on('error', (error) => this.#task?.log.error({ err: error }, 'admin process'));
    child.once('exit', (code, signal) => this.#onExit(code, signal));
    if (this.#task !== undefined) this.begin(this.#task);
  }

  #onExit(code: number | null, signal: string | null): void {
    this.#child = undefined;
    if (this.#stopping) return;
    if (Date.now() - this.#startedAt >= settledMs) this.#pauseMs = restartMsMin;
    const restartMs = this.#pauseMs;
    this.#pauseMs = Math.min(restartMsMax, this.#pauseMs * 2);
    this.#task?.log.error({ code, signal, restartMs }, 'admin process ended; it is restarted');
    this.#restartTimer = setTimeout(() => this.#start(), restartMs);
  }
}
