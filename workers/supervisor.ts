// Keeps the call workers running: starts them, notices when one dies or stands still, gives back what it
// held, has its calls closed in the CDR log and hung up, and starts it again. The other workers notice
// nothing of it.
import { Worker } from 'node:worker_threads';
import { reconcileLines, returnWorkerLines } from '../core/admission/line-limits.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import { Counter, Gauge, type GaugeName, gaugeTable } from '../core/metrics/counter-layout.ts';
import { moneyText } from '../core/money.ts';
import type { AccountBook } from './account-book.ts';
import type { WorkerFigures } from './admin-messages.ts';
import { heartbeatSlot } from './call/loop-gauges.ts';
import { callWorkerLimits, setCollectorFlags } from './garbage-collection.ts';
import type { Log } from './log.ts';
import { holdForDead, reconcileBalances, releaseHeld } from './memory/balance-block.ts';
import { clearGauges, counterBlock, mainWriter, workerWriter } from './memory/counter-block.ts';
import { lineLedger, type SharedMemory } from './memory/shared-memory.ts';
import type { SnapshotStore, SnapshotTicket } from './memory/snapshot-store.ts';
import type { CallWorkerStart, FromCallWorker, ToCallWorker } from './thread-messages.ts';

/** The first restart is at once; a worker that dies again soon waits longer each time. */
const restartMsMax = 5_000;
const restartMsStep = 200;
const settledMs = 10_000;
/** A loop that has not moved: said in the log, and after the second time the thread is ended. */
const stallWarnMs = 10_000;
const stallEndMs = 30_000;
const stopMs = 5_000;

export interface SupervisorOptions {
  memory: SharedMemory;
  snapshots: SnapshotStore;
  /** What a thread about to start runs on. */
  startOf: (worker: number, snapshot: SnapshotTicket) => CallWorkerStart;
  /** A restarted worker has bound its sockets, and receives until ours are bound again. */
  onRebound: () => Promise<void>;
  /** Closes the calls of a dead worker in the CDR log. Called before its successor starts. */
  closeCalls: (worker: number) => Promise<ClosedCalls>;
  balances: Pick<AccountBook, 'ledger' | 'slotsEnd' | 'takeOverUsage' | 'releaseUsage'>;
  log: Log;
  clock: () => number;
}

export interface ClosedCalls {
  /** Answer records (workers/cdr/packed-answers.ts). */
  readonly answers: Uint8Array;
  /** What the calls cost, by slot of the account. */
  readonly charges: ReadonlyMap<number, bigint>;
  /** What they used of fraud limits and packages. */
  readonly usages: readonly Usage[];
}

interface CallThread {
  readonly index: number;
  thread: Worker | undefined;
  /** It has been told what it runs on; before that it only loads its modules, and holds nothing. */
  isStarted: boolean;
  state: WorkerFigures['state'];
  restarts: number;
  startedAtMs: number;
  endedAtMs: number;
  restartMs: number;
  stallWarned: boolean;
  /** What is waited for, by the kind of the message; also settled by the thread's end. */
  readonly waiting: Map<FromCallWorker['kind'], (message: FromCallWorker | undefined) => void>;
  /** Answers of closed calls that no successor has been given to hang up yet. */
  readonly orphans: Uint8Array[];
  /** Money that its dead threads had set aside, by slot of the account, until their calls are closed. */
  readonly held: ReadonlyMap<number, bigint>[];
  /** Likewise of fraud limits and packages, by usage cell. */
  readonly heldUsage: ReadonlyMap<number, bigint>[];
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #threads: CallThread[];
  readonly #counters: Float64Array;
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  #stopping = false;
  #torn = false;

  constructor(options: SupervisorOptions) {
    setCollectorFlags();
    this.#options = options;
    this.#counters = counterBlock(options.memory, mainWriter);
    this.#threads = Array.from({ length: options.memory.workers }, (_, index) => ({
      index,
      thread: undefined,
      isStarted: false,
      state: 'starting' as const,
      restarts: 0,
      startedAtMs: 0,
      endedAtMs: 0,
      restartMs: 0,
      stallWarned: false,
      waiting: new Map(),
      orphans: [],
      held: [],
      heldUsage: [],
    }));
  }

  /** Has the threads load their modules, ahead of `start`. */
  load(): void {
    for (const each of this.#threads) this.#loadThread(each);
  }

  /** Starts every worker; resolves when all have bound their sockets. */
  async start(): Promise<void> {
    const bound = await Promise.all(this.#threads.map((each) => this.#startThread(each)));
    const failed = bound.indexOf(false);
    if (failed >= 0) throw new Error(`call worker ${failed} did not start; the log says why`);
  }

  post(worker: number, message: ToCallWorker): void {
    this.#threads[worker]!.thread?.postMessage(message);
  }

  /** Tells all workers of a new version; the longest pause in milliseconds, when all run on it. A worker
   *  that dies meanwhile comes back on the new version. */
  async swap(ticket: SnapshotTicket): Promise<number> {
    const pauses = this.#threads.map(async (each) => {
      const answer = await this.#ask(each, { kind: 'activate', snapshot: ticket }, 'activated');
      return answer?.kind === 'activated' ? answer.pauseMs : 0;
    });
    return Math.max(0, ...(await Promise.all(pauses)));
  }

  /** Refuses new calls; resolves when none is up any more. */
  async drain(): Promise<void> {
    await Promise.all(this.#threads.map((each) => this.#ask(each, { kind: 'drain' }, 'drained')));
  }

  /** Ends every call; resolves when their CDRs are written and their BYEs sent. */
  async endAllCalls(): Promise<void> {
    await Promise.all(
      this.#threads.map((each) => this.#ask(each, { kind: 'endAllCalls' }, 'callsEnded')),
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#restartTimers) clearTimeout(timer);
    await Promise.all(this.#threads.map((each) => this.#stopThread(each)));
  }

  /** Once a second: workers that stand still, lines that a death has leaked. */
  look(): void {
    for (const each of this.#threads) this.#lookAt(each);
    if (!this.#torn) return;
    const { memory, balances, log } = this.#options;
    const lines = reconcileLines(lineLedger(memory));
    const money = reconcileBalances(balances.ledger, balances.slotsEnd);
    this.#torn = lines.unsettled > 0 || money.unsettled > 0;
    if (lines.freed > 0) log.info({ lines: lines.freed }, 'lines of a dead worker freed');
    if (money.freed !== 0n) {
      log.info({ money: moneyText(money.freed) }, 'money of a dead worker freed');
    }
  }

  figures(): WorkerFigures[] {
    return this.#threads.map(({ index, state, restarts }) => {
      const block = counterBlock(this.#options.memory, workerWriter(index));
      const gauges = Object.fromEntries(
        gaugeTable.map(({ name }) => [name, block[Gauge[name]]!]),
      ) as Record<GaugeName, number>;
      return { index, state, restarts, gauges };
    });
  }

  #loadThread(each: CallThread): Worker {
    const { log } = this.#options;
    const thread = new Worker(new URL('./call/call-thread.js', import.meta.url), {
      resourceLimits: callWorkerLimits,
    });
    each.thread = thread;
    each.isStarted = false;
    each.state = 'starting';
    thread.on('message', (message: FromCallWorker) => settle(each, message.kind, message));
    thread.on('error', (error) => log.error({ err: error, worker: each.index }, 'call worker'));
    thread.once('exit', (code) => this.#onExit(each, thread, code));
    return thread;
  }

  /** False when the thread ended before it had bound. */
  async #startThread(each: CallThread): Promise<boolean> {
    const { snapshots, startOf, clock } = this.#options;
    const start = startOf(each.index, snapshots.assign(each.index));
    const thread = each.thread ?? this.#loadThread(each);
    each.isStarted = true;
    each.startedAtMs = clock();
    each.stallWarned = false;
    thread.postMessage({ kind: 'start', start } satisfies ToCallWorker);
    const bound = await waitFor(each, 'bound');
    if (bound === undefined) return false;
    each.state = 'running';
    return true;
  }

  #onExit(each: CallThread, thread: Worker, code: number): void {
    if (each.thread !== thread) return;
    each.thread = undefined;
    // `start` brings another one.
    if (!each.isStarted) return;
    each.state = 'dead';
    const { memory, snapshots, balances, log, clock } = this.#options;
    each.endedAtMs = clock();
    const { returned, torn } = returnWorkerLines(lineLedger(memory), each.index);
    const money = holdForDead(balances.ledger, each.index);
    each.held.push(money.held);
    each.heldUsage.push(balances.takeOverUsage(each.index));
    clearGauges(counterBlock(memory, workerWriter(each.index)));
    snapshots.release(each.index);
    for (const kind of [...each.waiting.keys()]) settle(each, kind, undefined);
    if (this.#stopping) return;
    this.#torn ||= torn || money.torn;
    if (each.endedAtMs - each.startedAtMs >= settledMs) each.restartMs = 0;
    log.error(
      {
        worker: each.index,
        code,
        lines: returned,
        moneyHeld: moneyText(sumOf(money.held)),
        restartMs: each.restartMs,
      },
      'call worker ended; it is restarted and its calls are closed',
    );
    this.#scheduleRestart(each);
  }

  #scheduleRestart(each: CallThread): void {
    const { log } = this.#options;
    const { restartMs } = each;
    each.restartMs = Math.min(restartMsMax, restartMs * 2 + restartMsStep);
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      this.#restart(each).catch((error: unknown) => {
        log.error({ err: error, worker: each.index }, 'restart of a call worker failed');
        // Where there is a thread, its end starts the next one.
        if (each.thread === undefined && !this.#stopping) this.#scheduleRestart(each);
      });
    }, restartMs);
    this.#restartTimers.add(timer);
  }

  async #restart(each: CallThread): Promise<void> {
    const { onRebound, log, clock } = this.#options;
    this.#counters[Counter.workerRestarts]!++;
    each.restarts++;
    const closing = this.#closeCalls(each);
    if (!(await this.#startThread(each)) || this.#stopping) return;
    const awayMs = Math.round(clock() - each.endedAtMs);
    log.info({ worker: each.index, awayMs }, 'call worker runs again');
    await onRebound();
    await closing;
    this.#hangUpOrphans(each);
  }

  /** What the dead thread had set aside goes back only now, less what its calls cost: nobody could spend
   *  in the meantime what they are charged. */
  async #closeCalls(each: CallThread): Promise<void> {
    const { closeCalls, balances, log } = this.#options;
    const held = each.held.splice(0);
    const heldUsage = each.heldUsage.splice(0);
    try {
      const { answers, charges, usages } = await closeCalls(each.index);
      if (answers.length > 0) each.orphans.push(answers);
      releaseHeld(balances.ledger, addedUp(held), charges);
      balances.releaseUsage(heldUsage, usages);
    } catch (error) {
      // The next start of the node closes them; until then nobody spends their money.
      each.held.push(...held);
      each.heldUsage.push(...heldUsage);
      log.error({ err: error, worker: each.index }, 'calls of a dead worker could not be closed');
    }
  }

  /** A start that failed leaves the orphans to the next one. */
  #hangUpOrphans(each: CallThread): void {
    const { thread } = each;
    if (thread === undefined || each.state !== 'running') return;
    for (const answers of each.orphans.splice(0)) {
      thread.postMessage({ kind: 'hangUpOrphans', answers });
    }
  }

  #ask(
    each: CallThread,
    question: ToCallWorker,
    answer: FromCallWorker['kind'],
  ): Promise<FromCallWorker | undefined> {
    if (each.thread === undefined || !each.isStarted) return Promise.resolve(undefined);
    const answered = waitFor(each, answer);
    each.thread.postMessage(question);
    return answered;
  }

  async #stopThread(each: CallThread): Promise<void> {
    const { thread } = each;
    if (thread === undefined) return;
    const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const timer = setTimeout(() => {
      this.#options.log.error({ worker: each.index }, 'call worker does not stop; ended');
      void thread.terminate();
    }, stopMs);
    thread.postMessage({ kind: 'stop' });
    await gone;
    clearTimeout(timer);
  }

  #lookAt(each: CallThread): void {
    if (each.state !== 'running' || each.thread === undefined) return;
    const { memory, clock, log } = this.#options;
    const beatMs = counterBlock(memory, workerWriter(each.index))[heartbeatSlot]!;
    const stillMs = clock() - Math.max(beatMs, each.startedAtMs);
    if (stillMs < stallWarnMs) {
      each.stallWarned = false;
      return;
    }
    if (!each.stallWarned) {
      each.stallWarned = true;
      this.#counters[Counter.workerStalls]!++;
      log.error({ worker: each.index, stillMs }, 'call worker stands still');
    }
    if (stillMs < stallEndMs) return;
    log.error({ worker: each.index, stillMs }, 'call worker is dead; its thread is ended');
    void each.thread.terminate();
  }
}

function addedUp(held: readonly ReadonlyMap<number, bigint>[]): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const each of held) {
    for (const [slot, units] of each) sums.set(slot, (sums.get(slot) ?? 0n) + units);
  }
  return sums;
}

function sumOf(held: ReadonlyMap<number, bigint>): bigint {
  return [...held.values()].reduce((sum, units) => sum + units, 0n);
}

function waitFor(
  each: CallThread,
  kind: FromCallWorker['kind'],
): Promise<FromCallWorker | undefined> {
  return new Promise((resolve) => each.waiting.set(kind, resolve));
}

function settle(
  each: CallThread,
  kind: FromCallWorker['kind'],
  message: FromCallWorker | undefined,
): void {
  const waiter = each.waiting.get(kind);
  each.waiting.delete(kind);
  waiter?.(message);
}
