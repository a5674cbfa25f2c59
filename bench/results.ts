// The shape of bench/results/<run>/results.json: what the suites write and the report reads.

export interface Environment {
  cpuModel: string;
  cores: number;
  memoryBytes: number;
  kernel: string;
  node: string;
  kamailio: string;
  sipp: string;
  receiveBufferMaxBytes: number;
}

export interface StepResult {
  system: string;
  kind: string;
  rate: number;
  warmUpSeconds: number;
  seconds: number;
  calls: number;
  completedCps: number;
  failed: number;
  /** Of the caller's own calls; gateways may fail some that are left of a step before. */
  callerFailed: number;
  retransmissions: number;
  /** Datagrams the kernel dropped at the system's socket, and at SIPp's. */
  systemDrops: number;
  generatorDrops: number;
  /** No failed call, no retransmission on any side, and the rate was reached. */
  clean: boolean;
  systemCpuPerCallUs: number;
  /** Of the database server; the suite `billed` only. */
  databaseCpuPerCallUs?: number;
  /** Shares of one core. */
  systemCpuShare: number;
  callerCpuShare: number;
  gatewaysCpuShare: number;
  /** The suite `delay` only. */
  postDialDelay?: PostDialDelay;
}

/** INVITE to 180 as the delay probe timed it. */
export interface PostDialDelay {
  samples: number;
  p50Ms: number;
  p99Ms: number;
  greatestMs: number;
  /** These three are absent in results of before the probe, when SIPp's clock gave the times. */
  unanswered?: number;
  p90Ms?: number;
  p999Ms?: number;
}

export interface MemoryResult {
  system: string;
  held: number;
  /** PSS of all processes. */
  beforeBytes: number;
  heldBytes: number;
  afterBytes: number;
  heapBeforeBytes: number | null;
  heapHeldBytes: number | null;
  heapAfterBytes: number | null;
  failed: number;
  retransmissions: number;
}

export interface StartResult {
  prefixes: number;
  readyMs: number[];
  idleRssBytes: number;
  idlePssBytes: number;
  idleCpuShare: number;
  idleSeconds: number;
  processes: number;
}

/** With a stall stands what the machine itself did meanwhile (stolen-time.ts); absent in older results. */
interface StolenTimeResult {
  stolenMs?: number;
}

export interface StallResult extends StolenTimeResult {
  rate: number;
  minutes: number;
  /** Behind the first minute. */
  longestStallMs: number;
  /** Of a node that has just begun; absent in older results, whose longest stall counts that minute too. */
  firstMinuteMs?: number;
  failed: number;
  retransmissions: number;
}

export interface OverloadResult {
  system: string;
  /** What the system might use of the processors; absent: all. */
  coresMax?: number;
  cleanCps: number;
  offeredCps: number;
  completedCps: number;
  /** Completed over the highest clean rate. */
  share: number;
  /** Datagrams that the kernel dropped at SIPp, and what SIPp used of a core; absent in older results. */
  generatorDrops?: number;
  generatorShare?: number;
  /** Calls placed from 10 s after the overload ended, at half the clean rate. */
  failedAfterRecovery: number;
  retransmissionsAfterRecovery: number;
  /** With --curve, of the system that may use a part of the processors. */
  curve?: CurvePoint[];
}

/** What completes of a rate in steady state. */
export interface CurvePoint {
  /** Of the highest clean rate. */
  factor: number;
  offeredCps: number;
  completedCps: number;
  /** Completed over the highest clean rate. */
  share: number;
  generatorDrops: number;
  generatorShare: number;
}

export interface SwapResult extends StolenTimeResult {
  prefixes: number;
  gateways: number;
  rate: number;
  documentBytes: number;
  applySeconds: number[];
  /** In the minute that begins with the first plan. */
  longestStallMs: number;
  /** In the minute before; absent in older results. */
  beforeMs?: number;
  failed: number;
  retransmissions: number;
}

export interface RatesResult extends StolenTimeResult {
  rates: number;
  /** Calls a second while decks are imported. */
  rate: number;
  fileBytes: number;
  /** Of a first deck, and of one that changes a third of it. */
  importSeconds: number[];
  workerStallMs: number;
  mainStallMs: number;
  failed: number;
  retransmissions: number;
  /** Most memory of the engine and of the admin process. */
  engineHighBytes: number;
  adminHighBytes: number;
  /** Without calls. */
  workbookExportSeconds: number;
  workbookImportSeconds: number;
  bytesPerRate: number;
  lookupNs: number;
  /** From documents in memory. */
  compileMs: number;
}

export interface BilledResult extends StepResult {
  /** Rows in the database at the end, over the calls that were placed. */
  rowsPerCall: number;
  /** What the audit says against the books; null: nothing. Absent where there are no books. */
  auditDifference?: string | null;
}

/** A backlog of CDRs shipped by the writer alone, or by a node that takes calls meanwhile. */
export interface DrainResult {
  store: 'lmdb' | 'mysql';
  cdrs: number;
  /** Calls a second meanwhile; 0: the writer alone. */
  rate: number;
  cdrsPerSecond: number;
  /** Of a CDR; null where it cannot be told from that of the calls. */
  writerCpuUs: number | null;
  databaseCpuUs: number;
  auditDifference: string | null;
  failed: number;
  retransmissions: number;
}

export interface CrashResult {
  kills: number;
  rate: number;
  byesAnswered: number;
  /** Answered BYEs without a CDR, and with more than one. */
  lost: number;
  doubled: number;
}

/** CPU of a call in the core alone, microseconds. */
export interface MoneyResult {
  notBilledUs: number;
  billedUs: number;
}

/** A plan of many carriers with quality windows and least cost; the steps of all nodes in turn. */
export interface RoutingResult {
  prefixes: number;
  gateways: number;
  decisionMedianUs: number;
  decisionP99Us: number;
  /** Of the loop as a whole, so that a busy machine does not tell. */
  decisionMeanCpuUs: number;
  /** With the ASR as first key, the windows of all candidates read; absent, as the next, in older results. */
  asrDecisionMedianUs?: number;
  asrDecisionMeanCpuUs?: number;
  /** CPU of finding the longest prefix. */
  lookupNs?: number;
  bytesPerPrefix: number;
  /** With one mapping and one routing gateway, and nothing else; absent in older results. */
  single?: StepResult[];
  /** With the suites' gateways alone, priced as the large plan is. */
  small: StepResult[];
  /** With the carriers beside them. */
  large: StepResult[];
}

/** The highest clean rate of each system, and the steps that found it. */
export interface CeilingResult {
  system: string;
  cleanCps: number;
  /** A long step at this rate was clean; absent in older results, which had none. */
  confirmed?: boolean;
  steps: StepResult[];
}

export interface SuiteResults {
  cpu?: StepResult[];
  kinds?: StepResult[];
  ceiling?: CeilingResult[];
  delay?: StepResult[];
  memory?: MemoryResult[];
  start?: StartResult[];
  stall?: StallResult;
  overload?: OverloadResult[];
  swap?: SwapResult;
  rates?: RatesResult;
  routing?: RoutingResult;
  crash?: CrashResult;
  money?: MoneyResult;
  billed?: BilledResult[];
  drain?: DrainResult[];
}

/** What a suite's figures were measured with: a folder of results keeps the last run of each suite. */
export interface SuiteRun {
  /** ISO 8601. */
  startedAt: string;
  command: string;
  commit: string;
  /** Files that differed from the commit. */
  changedFiles: number;
}

export interface Results {
  quick: boolean;
  /** The machine and the peers, as the folder's first run found them. */
  environment: Environment;
  runs: Partial<Record<keyof SuiteResults, SuiteRun>>;
  suites: SuiteResults;
}
