// The engine, put together: opens everything in the order in which each part needs the ones before, and
// closes it in the reverse order. What belongs to the process (signals, exit codes) is main.ts.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Piscina } from 'piscina';
import type { Listener } from '../core/call/local-identity.ts';
import { Counter, Gauge } from '../core/metrics/counter-layout.ts';
import { AccountBook } from './account-book.ts';
import { type AnswerTo, createAnswers } from './admin-answers.ts';
import { AdminLink } from './admin-link.ts';
import type { EngineFigures } from './admin-messages.ts';
import type { AdminProcess } from './admin-process.ts';
import { latestIncarnation, openLogSet } from './cdr/log-set.ts';
import { type CdrWriterHost, startCdrWriter } from './cdr-writer-host.ts';
import { monotonicMs } from './clock.ts';
import { createClockWatch } from './clock-watch.ts';
import { openConfigurationStore } from './configuration/open-store.ts';
import { VersionReader } from './configuration/version-reader.ts';
import { ConfigurationActivation } from './configuration-activation.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import {
  closeSharedSockets,
  openSharedSockets,
  type SharedSockets,
} from './datagram/shared-sockets.ts';
import { createFigures } from './figures.ts';
import { Ingress } from './ingress/ingress.ts';
import { probeAdminListener, probeListeners } from './ingress/listen-probe.ts';
import { ListedNumbersBook } from './listed-numbers.ts';
import { expandWildcards } from './listen-setting.ts';
import type { Log } from './log.ts';
import { createLogRecovery, type LogRecovery } from './log-recovery.ts';
import { createLoopDelay } from './loop-delay.ts';
import {
  counterBlock,
  counterBlocks,
  mainWriter,
  sumCounters,
  sumGauge,
} from './memory/counter-block.ts';
import { allocateSharedMemory, type SharedMemory } from './memory/shared-memory.ts';
import { recordNodeFile } from './node-file-record.ts';
import { shareOrphans } from './orphan-calls.ts';
import { packageVersion } from './package-version.ts';
import type { Settings } from './settings.ts';
import { openShardKey } from './shard-key.ts';
import { type ClosedCalls, Supervisor } from './supervisor.ts';
import { openTaskPool } from './task-pool.ts';

const pulseMs = 1000;
/** The ready line names the admin's own address; calls do not wait for it longer than this. */
const adminWaitMs = 3_000;
/** For BYEs and CANCELs that got lost on their way: the first retransmissions. */
const lingerMs = 1_500;
const lingerPollMs = 50;
/** For the CDRs of calls that were ended by force. */
const endCallsMs = 10_000;

export interface EngineOptions {
  settings: Settings;
  log: Log;
  /** Started already, and stopped by `close`; by who started it where the engine does not open. Undefined: none. */
  admin?: AdminProcess | undefined;
  /** Datagrams by node:dgram, as where koffi has no binary. */
  standIns?: boolean | undefined;
}

export class Engine {
  readonly settings: Settings;
  /** Concrete addresses and ports. */
  readonly listeners: readonly Listener[];
  readonly log: Log;
  readonly memory: SharedMemory;
  readonly supervisor: Supervisor;
  readonly activation: ConfigurationActivation;
  readonly accounts: AccountBook;

  readonly #directory: DataDirectory;
  readonly #shardKey: Uint32Array;
  readonly #recoverLog: LogRecovery;
  readonly #sockets: SharedSockets | undefined;
  readonly #answerTo: AnswerTo;
  readonly #version: string = packageVersion();
  readonly #startedAt: number = Date.now();
  readonly #readFigures: (nowWallMs: number) => EngineFigures;
  readonly #clockWatch = createClockWatch(Date.now(), monotonicMs());
  readonly #loopDelay = createLoopDelay(monotonicMs);
  #messagesBefore = 0;
  readonly #closers: (() => Promise<void>)[] = [];
  #ingress: Ingress | undefined;
  #admin: AdminLink | undefined;
  #cdrWriter: CdrWriterHost | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #draining = false;
  #hurry: () => void = () => {};
  #closed: Promise<void> | undefined;

  private constructor(options: EngineOptions, parts: EngineParts) {
    this.settings = options.settings;
    this.log = options.log;
    this.listeners = parts.listeners;
    this.#directory = parts.directory;
    this.#recoverLog = createLogRecovery(parts, options);
    this.#shardKey = openShardKey(parts.directory.path);
    this.#sockets = parts.sockets;
    this.memory = allocateSharedMemory({ workers: options.settings.callWorkers });
    this.accounts = new AccountBook(this.memory, () => this.#cdrWriter!, {
      log: this.log,
      wallClock: Date.now,
      clock: monotonicMs,
    });
    this.activation = new ConfigurationActivation({
      dataDir: parts.directory.path,
      node: options.settings.node,
      memory: this.memory,
      pool: parts.pool,
      versions: parts.versions,
      accounts: this.accounts,
      listeners: parts.listeners,
      clock: monotonicMs,
      log: this.log,
      swap: (ticket) => this.supervisor.swap(ticket),
    });
    const { memory, log } = this;
    this.#answerTo = createAnswers({
      activate: (version) => this.#activate(version),
      activation: this.activation,
      accounts: this.accounts,
      listed: new ListedNumbersBook({ memory, hashKey: this.#shardKey, pool: parts.pool, log }),
      lookForPayments: () => this.#cdrWriter!.lookForPayments(),
    });
    this.supervisor = this.#createSupervisor();
    this.#readFigures = createFigures({
      version: this.#version,
      node: this.settings.node,
      cdrDirectory: join(parts.directory.path, 'cdr'),
      memory: this.memory,
      listeners: this.listeners,
      startedAt: this.#startedAt,
      draining: () => this.#draining,
      snapshot: () => this.activation.current,
      accounts: () => this.accounts.figures(),
      workers: () => this.supervisor.figures(),
      sockets: () => this.#ingress?.sockets ?? [],
      streams: () => this.#ingress?.streams ?? { streamConnections: 0, streamQueueBytes: 0 },
      loopStallMs: () => this.#loopDelay.longestMs(),
      admittedLastSecond: (slot) => this.activation.admittedLastSecond(slot),
      cdrStore: () => this.#cdrWriter?.figures() ?? null,
      cdrHandOff: () => this.#cdrWriter?.handOffs() ?? { files: null, push: null },
    });
  }

  /** @throws StartRefused where somebody must change something first */
  static async open(options: EngineOptions): Promise<Engine> {
    const { settings, log } = options;
    for (const notice of settings.notices) log.warn(notice);
    const closers: (() => Promise<void>)[] = [];
    const { admin } = options;
    try {
      const directory = await openDataDirectory(settings.dataDir);
      closers.push(() => directory.close());
      const listeners = await probeListeners(expandWildcards(settings.listen));
      if (admin !== undefined) await probeAdminListener(settings.adminListen);
      const sockets = await openSockets(options, listeners);
      if (sockets !== undefined) closers.push(() => closeSharedSockets(sockets));
      const pool = openTaskPool();
      closers.push(() => pool.destroy());
      const store = await openConfigurationStore(settings.dataDir, {
        onStandIn: (reason) => log.warn(reason),
      });
      closers.push(() => store.close());
      const versions = new VersionReader(store);
      recordNodeFile(settings.dataDir, settings.nodeFile);
      const engine = new Engine(options, { directory, listeners, sockets, pool, versions });
      engine.#closers.push(...closers.splice(0));
      await engine.#start(versions.current(), admin);
      return engine;
    } catch (error) {
      for (const close of closers.reverse()) await close();
      throw error;
    }
  }

  get adminUrl(): string {
    return this.#admin?.url ?? this.settings.adminListen;
  }

  figures(): EngineFigures {
    return this.#readFigures(Date.now());
  }

  /** Refuses new calls, waits for those that are up, at most `drainSeconds`, ends the rest, writes their
   *  CDRs and closes everything. Called again: waits no longer. */
  async drainAndClose(): Promise<void> {
    if (this.#draining) {
      this.#hurry();
      return;
    }
    this.#draining = true;
    this.log.info({ drainSeconds: this.settings.drainSeconds }, 'draining');
    const hurried = new Promise<void>((resolve) => {
      this.#hurry = resolve;
    });
    const drained = this.supervisor.drain().then(() => true);
    const isDrained = await within(
      this.settings.drainSeconds * 1000,
      Promise.race([drained, hurried.then(() => false)]),
    );
    if (isDrained !== true) await this.#endCallsByForce();
    await this.#linger();
    await this.close();
  }

  /** Closes everything at once: calls that are up get their CDRs at the next start. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#pulse);
    this.#loopDelay.close();
    await this.#ingress?.close();
    await this.supervisor.stop();
    // After the workers have closed their logs: what is in them is shipped.
    await this.#cdrWriter?.stop();
    await this.#admin?.stop();
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #endCallsByForce(): Promise<void> {
    const { callsUp } = this.figures();
    this.log.warn({ callsUp }, 'calls that are still up are ended');
    await within(endCallsMs, this.supervisor.endAllCalls());
  }

  /** The last call has ended, but its BYE may not have arrived. */
  async #linger(): Promise<void> {
    const endMs = monotonicMs() + lingerMs;
    const blocks = counterBlocks(this.memory);
    while (sumGauge(blocks, Gauge.transactions) > 0 && monotonicMs() < endMs) {
      await pause(lingerPollMs);
    }
  }

  async #start(version: number, admin: AdminProcess | undefined): Promise<void> {
    try {
      this.supervisor.load();
      if (admin !== undefined) this.#startAdmin(admin);
      const recovered = await this.#recoverLog({});
      this.#cdrWriter = startCdrWriter(this.settings, this.log, this.accounts);
      await this.#activate(version);
      await this.supervisor.start();
      this.#ingress = await Ingress.open({
        listeners: this.listeners,
        memory: this.memory,
        shardKey: this.#shardKey,
        log: this.log,
        clock: monotonicMs,
        sockets: this.#sockets,
        snapshot: () => this.activation.current,
      });
      this.#hangUpOrphans(recovered.answers);
      this.#admin?.callsAreTaken();
      await within(adminWaitMs, Promise.resolve(this.#admin?.listens));
      this.#pulse = setInterval(() => this.#onPulse(), pulseMs);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #activate(version: number): Promise<unknown> {
    this.#loopDelay.expectStall();
    const result = await this.activation.activate(version);
    this.#cdrWriter!.setParameters(this.activation.current!.parameters);
    return result;
  }

  #createSupervisor(): Supervisor {
    const { settings, memory, listeners } = this;
    return new Supervisor({
      memory,
      snapshots: this.activation.snapshots,
      startOf: (index, snapshot) => ({
        index,
        memory,
        listeners,
        sockets: this.#sockets,
        node: settings.node,
        runId: Date.now().toString(36),
        shardKey: this.#shardKey,
        snapshot,
        dataDir: this.#directory.path,
        cdrSyncMs: settings.cdrSyncMs,
        logLevel: settings.logLevel,
        draining: this.#draining,
      }),
      onRebound: async () => this.#ingress?.rebind(),
      closeCalls: (worker) => this.#closeCallsOf(worker),
      balances: this.accounts,
      log: this.log,
      clock: monotonicMs,
    });
  }

  /** Reads how far the dead worker's log goes before its successor opens the next incarnation. */
  async #closeCallsOf(worker: number): Promise<ClosedCalls> {
    const { directory } = openLogSet(this.#directory.path);
    const through = latestIncarnation(directory, worker);
    const { rules: usage } = this.accounts.fraud;
    const { charges, ...closed } = await this.#recoverLog({ worker, through, usage });
    return { ...closed, charges: this.accounts.bySlot(charges) };
  }

  #hangUpOrphans(packed: Uint8Array): void {
    if (packed.length === 0) return;
    const shares = shareOrphans(packed, this.#shardKey, this.memory.workers);
    for (const [worker, answers] of shares.entries()) {
      if (answers !== undefined) this.supervisor.post(worker, { kind: 'hangUpOrphans', answers });
    }
  }

  #startAdmin(process: AdminProcess): void {
    const { settings, listeners, log } = this;
    this.#admin = new AdminLink({
      process,
      log,
      start: {
        dataDir: this.#directory.path,
        listen: settings.adminListen,
        node: settings.node,
        version: this.#version,
        logLevel: settings.logLevel,
        mysqlUrl: settings.mysqlUrl,
        listeners,
      },
      answerTo: this.#answerTo,
      figures: () => this.figures(),
    });
  }

  /** Calls are up, or messages have come since it was last asked. */
  #hasTraffic(): boolean {
    const blocks = counterBlocks(this.memory);
    const sums = sumCounters(blocks);
    const messages = sums[Counter.datagramsIn]! + sums[Counter.streamMessagesIn]!;
    const hasCome = messages !== this.#messagesBefore;
    this.#messagesBefore = messages;
    return hasCome || sumGauge(blocks, Gauge.callsUp) > 0;
  }

  #onPulse(): void {
    this.supervisor.look();
    this.accounts.look();
    this.activation.gateways.look();
    this.#loopDelay.onSecond(this.#hasTraffic());
    void this.#ingress?.readKernelDrops();
    const stepMs = this.#clockWatch.look(Date.now(), monotonicMs());
    if (stepMs !== 0) {
      counterBlock(this.memory, mainWriter)[Counter.clockSteps]!++;
      this.log.warn({ stepMs: Math.round(stepMs) }, 'the wall clock was set');
    }
    this.#admin?.tellFigures();
  }
}

/** Shared by all threads; undefined where node:dgram has to serve. @throws Error */
async function openSockets(
  { settings, log, standIns }: EngineOptions,
  listeners: readonly Listener[],
): Promise<SharedSockets | undefined> {
  if (standIns === true) return undefined;
  const opened = await openSharedSockets(listeners, settings.callWorkers);
  if (typeof opened !== 'string') return opened;
  log.info({ datagrams: 'node:dgram', because: opened }, 'datagrams: native-free stand-in');
  return undefined;
}

/** What `promise` resolves with, undefined when that takes longer. */
async function within<Value>(limitMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  const waited = new AbortController();
  const timeout = pause(limitMs, undefined, { signal: waited.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    waited.abort();
  }
}

interface EngineParts {
  directory: DataDirectory;
  listeners: Listener[];
  sockets: SharedSockets | undefined;
  pool: Piscina;
  versions: VersionReader;
}
