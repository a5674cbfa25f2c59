// Puts a stored configuration version in force: compiled by the task pool into the arena that no worker
// reads, CPS windows placed, every call worker told, counter slots settled. One activation at a time;
// calls that are up keep what they started with.
import type { Piscina } from 'piscina';
import { linesUsed, poolLineSlot, poolSlotsMax } from '../core/admission/line-limits.ts';
import { billingRules } from '../core/billing/billing-rules.ts';
import type { Listener } from '../core/call/local-identity.ts';
import { versionsMax } from '../core/configuration/limits.ts';
import {
  allMappingGateways,
  allRoutingGateways,
  openSnapshot,
} from '../core/configuration/open-snapshot.ts';
import { nodeSlot, type Snapshot } from '../core/configuration/snapshot.ts';
import type { AccountBook } from './account-book.ts';
import type { AnalyzeRequest, QuoteRequest } from './admin-messages.ts';
import {
  createSlotRegistry,
  groupSlotName,
  isAccountSlotName,
  isFraudSlotName,
  isGatewaySlotName,
  isNumberSlotName,
  isPackageSlotName,
  mappingSlotName,
  routingSlotName,
  type SlotRegistry,
} from './configuration/slot-registry.ts';
import type { VersionReader } from './configuration/version-reader.ts';
import { GatewayPulse } from './gateway-pulse.ts';
import type { Log } from './log.ts';
import { type CpsLimit, CpsWindows } from './memory/cps-windows.ts';
import { lineLedger, type SharedMemory } from './memory/shared-memory.ts';
import { SnapshotStore, type SnapshotTicket } from './memory/snapshot-store.ts';
import { taskFile } from './task-pool.ts';
import type { AnalyzeStoredTask, AnalyzeTask } from './tasks/analyze-route.ts';
import type { CompileAnswer, CompileRequest } from './tasks/compile-configuration.ts';
import type { QuoteTask } from './tasks/quote-rate.ts';

/** How long a worker may stay on the version before the current one. */
const arenaWaitMs = 30_000;
/** Analyses under way at once; each holds the arena that it reads. */
const analysesMax = 16;

export interface ActivationResult {
  version: number;
  compileMs: number;
  /** Longest time that a worker took to change over. */
  swapPauseMs: number;
}

interface AssignedSlots {
  readonly gateways: ReadonlyMap<string, number>;
  readonly accounts: ReadonlyMap<string, number>;
  readonly fraudLimits: ReadonlyMap<string, number>;
  readonly packages: ReadonlyMap<string, number>;
  readonly numbers: ReadonlyMap<string, number>;
}

type Compiled = Pick<CompileAnswer, 'accountCells' | 'fraudLimits' | 'packages'> & {
  readonly filled: Snapshot;
};

/** Compiled into the idle arena. */
interface Prepared {
  readonly version: number;
  readonly slots: AssignedSlots;
  readonly compiled: Compiled;
  readonly compileMs: number;
}

export interface ConfigurationActivationOptions {
  dataDir: string;
  /** Its name. */
  node: string;
  memory: SharedMemory;
  pool: Piscina;
  versions: VersionReader;
  accounts: AccountBook;
  /** What gateways can be reached from. */
  listeners: readonly Listener[];
  clock: () => number;
  log: Log;
  /** Tells every call worker; resolves with the longest pause when all run on it. */
  swap: (ticket: SnapshotTicket) => Promise<number>;
}

export class ConfigurationActivation {
  readonly snapshots: SnapshotStore;
  /** To be looked at once a second. */
  readonly gateways: GatewayPulse;
  readonly #options: ConfigurationActivationOptions;
  readonly #cpsWindows: CpsWindows;
  readonly #slots: SlotRegistry;
  readonly #numberSlots: SlotRegistry;
  readonly #analyses = new Set<Promise<unknown>>();
  #queue: Promise<unknown> = Promise.resolve();
  #current: Snapshot | undefined;
  #prepared: Prepared | undefined;
  #isAnalyzingStored = false;

  constructor(options: ConfigurationActivationOptions) {
    this.#options = options;
    this.snapshots = new SnapshotStore(options.memory);
    this.#cpsWindows = new CpsWindows(options.memory);
    const { memory, log, clock } = options;
    const snapshot = (): Snapshot | undefined => this.#current;
    this.gateways = new GatewayPulse({ memory, snapshot, log, clock, wallClock: Date.now });
    const ledger = lineLedger(options.memory);
    this.#slots = createSlotRegistry((slot) => linesUsed(ledger, slot) === 0);
    this.#numberSlots = createSlotRegistry(
      (slot) => linesUsed(ledger, poolLineSlot(slot)) === 0,
      poolSlotsMax,
    );
  }

  /** The version in force as the main thread reads it, for figures. */
  get current(): Snapshot | undefined {
    return this.#current;
  }

  /** Calls admitted in the last second at the slot's CPS limit; null without one. */
  admittedLastSecond(slot: number): number | null {
    return this.#cpsWindows.admittedOf(slot, this.#options.clock());
  }

  activate(version: number): Promise<ActivationResult> {
    return this.#inTurn(() => this.#activate(version));
  }

  /** Compiles the version into the arena that no worker reads, and sees whether all of it finds its place.
   *  Nothing in force changes; an `activate` of it that comes next takes what lies there. */
  prepare(version: number): Promise<Pick<ActivationResult, 'version'>> {
    return this.#inTurn(async () => {
      this.#prepared = await this.#prepare(version);
      return { version };
    });
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Routing analysis on the version in force, or on an older one that is kept. */
  analyze(request: AnalyzeRequest): Promise<unknown> {
    const { node, listeners, memory } = this.#options;
    const { workers, lines, gateways, balances, fraudUsage } = memory;
    const read = { workers, lines, gateways, balances, fraudUsage };
    const asked = { request, node, listeners, memory: read };
    if (request.version !== undefined && request.version !== this.#current?.version) {
      return this.#analyzeStored(request.version, asked);
    }
    return this.#askTask(
      'analyze-route',
      'analyzeRoute',
      (arena): AnalyzeTask => ({ arena, ...asked }),
    );
  }

  /** One at a time: each needs the memory of a whole compiled configuration. */
  async #analyzeStored(
    version: number,
    asked: Omit<AnalyzeStoredTask, 'stored' | 'slots'>,
  ): Promise<unknown> {
    const { dataDir, versions, pool } = this.#options;
    if (versions.slotNames(version) === undefined) {
      throw new Error(
        `configuration version ${version} is not kept any more; the newest ${versionsMax} are`,
      );
    }
    if (this.#isAnalyzingStored) {
      throw new Error('an older configuration version is being analysed already; try again');
    }
    this.#isAnalyzingStored = true;
    const slots = slotsInForce(this.#current);
    const task: AnalyzeStoredTask = { stored: { dataDir, version }, slots, ...asked };
    try {
      return await pool.run(task, {
        filename: taskFile('analyze-route'),
        name: 'analyzeStoredRoute',
      });
    } finally {
      this.#isAnalyzingStored = false;
    }
  }

  /** The price of a call by the version in force. */
  quote(request: QuoteRequest): Promise<unknown> {
    return this.#askTask('quote-rate', 'quoteRate', (arena): QuoteTask => ({ arena, request }));
  }

  async #askTask(
    file: string,
    name: string,
    taskOn: (arena: SharedArrayBuffer) => AnalyzeTask | QuoteTask,
  ): Promise<unknown> {
    if (this.snapshots.current === null) throw new Error('no configuration is in force yet');
    if (this.#analyses.size >= analysesMax) {
      throw new Error(`${analysesMax} analyses are under way already; try again`);
    }
    const task = taskOn(this.snapshots.current.arena);
    const running = this.#options.pool.run(task, { filename: taskFile(file), name });
    this.#analyses.add(running);
    try {
      return await running;
    } finally {
      this.#analyses.delete(running);
    }
  }

  async #prepare(version: number): Promise<Prepared> {
    const { accounts, clock } = this.#options;
    this.#prepared = undefined;
    const slots = this.#assignSlots(version);
    await accounts.refuseLost(slots.accounts);
    const startedMs = clock();
    const compiled = await this.#compile(version, allOf(slots));
    return { version, slots, compiled, compileMs: clock() - startedMs };
  }

  async #activate(version: number): Promise<ActivationResult> {
    const { accounts, swap, clock } = this.#options;
    const earlier = this.#prepared?.version === version ? this.#prepared : undefined;
    // An account that goes may have been paid into since.
    if (earlier !== undefined) await accounts.refuseLost(earlier.slots.accounts);
    const { slots, compiled, compileMs: compiledMs } = earlier ?? (await this.#prepare(version));
    this.#prepared = undefined;
    const { accountCells, filled, ...counted } = compiled;
    const startedMs = clock();
    // Before any worker asks with the new limits.
    this.#cpsWindows.place(cpsLimits(filled), startedMs);
    await accounts.open(slots.accounts, accountCells);
    await accounts.openUsage(counted, billingRules(filled.parameters));
    const compileMs = compiledMs + clock() - startedMs;
    const ticket = this.snapshots.publish(version);
    this.#current = openSnapshot(ticket.arena);
    this.gateways.adopt(this.#current);
    const swapPauseMs = await swap(ticket);
    this.#slots.settle(slots.gateways);
    this.#numberSlots.settle(slots.numbers);
    await accounts.settle(slots.accounts);
    accounts.fraud.settle(slots.fraudLimits, counted.fraudLimits);
    accounts.settlePackages(slots.packages, counted.packages);
    return { version, compileMs, swapPauseMs };
  }

  #assignSlots(version: number): AssignedSlots {
    const { versions, accounts } = this.#options;
    const names = versions.slotNames(version);
    if (names === undefined) throw new Error(`version: ${version}: expected a stored version`);
    const gateways = this.#slots.assign(names.filter(isGatewaySlotName));
    const accountSlots = accounts.assign(names.filter(isAccountSlotName));
    const fraudLimits = accounts.fraud.assign(names.filter(isFraudSlotName));
    const packages = accounts.packages.assign(names.filter(isPackageSlotName));
    const numbers = this.#numberSlots.assign(names.filter(isNumberSlotName));
    const short = (kind: string): Error =>
      new Error(
        `version ${version}: its ${kind} need more slots than are free; removed ${kind} still have calls up`,
      );
    if (gateways === undefined) throw short('gateways');
    if (accountSlots === undefined) throw short('accounts');
    if (fraudLimits === undefined) throw short('fraud limits');
    if (packages === undefined) throw short('packages');
    if (numbers === undefined) throw short('pool numbers');
    return { gateways, accounts: accountSlots, fraudLimits, packages, numbers };
  }

  /** Fills the idle arena. */
  async #compile(version: number, slots: ReadonlyMap<string, number>): Promise<Compiled> {
    const { pool, dataDir } = this.#options;
    // An analysis may still read the arena that is next.
    await Promise.allSettled(this.#analyses);
    const arena = await this.snapshots.begin(0, arenaWaitMs);
    this.#cpsWindows.reclaimRetired();
    const behindCalls = this.snapshots.current !== null;
    const request: CompileRequest = { dataDir, version, slots, arena, behindCalls };
    const answer: CompileAnswer = await pool.run(request, {
      filename: taskFile('compile-configuration'),
      name: 'compileConfiguration',
    });
    // Handed back through a message, the buffer is another object over the same memory.
    const isLarger = answer.arena.byteLength > arena.byteLength;
    // Taken as it is: copying a million prefixes would hold the ingress.
    if (isLarger) this.snapshots.replaceIdle(answer.arena);
    const filled = isLarger ? answer.arena : arena;
    const snapshot = openSnapshot(filled);
    this.#cpsWindows.refuseWithoutRoom(cpsLimits(snapshot));
    const { accountCells, fraudLimits, packages } = answer;
    return { accountCells, fraudLimits, packages, filled: snapshot };
  }
}

function allOf(slots: AssignedSlots): Map<string, number> {
  const { gateways, accounts, fraudLimits, packages, numbers } = slots;
  return new Map([...gateways, ...accounts, ...fraudLimits, ...packages, ...numbers]);
}

function slotsInForce(snapshot: Snapshot | undefined): Map<string, number> {
  const slots = new Map<string, number>();
  if (snapshot === undefined) return slots;
  const mapping = allMappingGateways(snapshot);
  const routing = allRoutingGateways(snapshot);
  for (const { name, slot } of mapping) slots.set(mappingSlotName(name), slot);
  for (const { name, slot } of routing) slots.set(routingSlotName(name), slot);
  for (const { groups } of [...mapping, ...routing]) {
    for (const { name, slot } of groups) slots.set(groupSlotName(name), slot);
  }
  return slots;
}

function cpsLimits(snapshot: Snapshot): CpsLimit[] {
  const gateways = [...allMappingGateways(snapshot), ...allRoutingGateways(snapshot)];
  return [
    { slot: nodeSlot, limit: snapshot.parameters.SS_MAXCPS },
    ...gateways.map(({ slot, cpsLimit }) => ({ slot, limit: cpsLimit })),
  ];
}
