// What the engine and the admin process say to each other over their one IPC channel: figures once a
// second, and a closed set of requests, each answered once under its `id`.
import type { Listener } from '../core/call/local-identity.ts';
import type { CounterName, GaugeName } from '../core/metrics/counter-layout.ts';
import type { FraudKind } from '../core/metrics/fraud-alarm.ts';
import type { RecordedCall } from '../core/routing/route-explanation.ts';

export interface WorkerFigures {
  index: number;
  state: 'starting' | 'running' | 'dead';
  restarts: number;
  gauges: Record<GaugeName, number>;
}

export interface GatewayFigures {
  name: string;
  kind: 'mapping' | 'routing';
  linesUsed: number;
  /** 0: no limit. */
  lineLimit: number;
  cpsLimit: number;
  /** Calls admitted in the last second; null without a cpsLimit, for nothing is counted then. */
  cps: number | null;
  /** Of a routing gateway. */
  routing?: RoutingGatewayFigures;
}

export interface RoutingGatewayFigures {
  /** INVITEs sent to it since the node's midnight. */
  callsToday: number;
  /** Over their windows; null: no call in them. */
  asrPercent: number | null;
  acdSeconds: number | null;
  connectedPercent: number | null;
  respondedPercent: number | null;
  /** It does not answer OPTIONS. */
  offline: boolean;
  /** For so long it wants no calls (Retry-After); 0: it takes them. */
  closedSeconds: number;
}

export interface SocketFigures {
  /** "udp://127.0.0.1:5060". */
  listen: string;
  receiveBufferBytes: number;
  kernelDrops: number;
}

export interface CdrLogFigures {
  /** Directory of the log set. */
  directory: string;
  accepting: boolean;
  frames: number;
  bytes: number;
  /** Frames given up because the disk did not write for too long. */
  lostFrames: number;
  queue: CdrQueueFigures;
}

/** What the log has taken and not seen onto the disk: in memory while the file cannot be written, and in
 *  the file since its last sync. */
export interface CdrQueueFigures {
  waitingFrames: number;
  waitingBytes: number;
  unsyncedFrames: number;
  unsyncedBytes: number;
  /** Age of the oldest of all these, ms; at most so much. */
  oldestMs: number;
}

/** What ships the CDR log into the ledger. */
export interface CdrStoreFigures {
  /** "lmdb", "file" or "mysql". */
  kind: string;
  state: 'up' | 'away';
  /** Why it is away; '' while it is up. */
  reason: string;
  /** Settings of the database that can lose a commit; '' for none. */
  warning: string;
  /** Since the start. */
  storedRows: number;
  rejectedRecords: number;
  /** What is in the log and not stored. */
  queue: { records: number; bytes: number; oldestMs: number };
}

/** One hand-off of CDRs to another system (docs/hand-off.md). */
export interface HandOffFigures {
  /** Directory, or address without secrets. */
  to: string;
  state: 'up' | 'away';
  /** Why it is away; '' while it is up. */
  reason: string;
  /** CDRs handed off since the start. */
  records: number;
  /** CDRs that have no form, or that the receiver has refused. */
  setAside: number;
  /** CDRs removed from the log before they were handed off. */
  lost: number;
  /** What is in the log and not handed off. */
  queue: { records: number; bytes: number; oldestMs: number };
}

/** Null: turned off. */
export interface HandOffsFigures {
  files: HandOffFigures | null;
  push: HandOffFigures | null;
}

/** The main thread, which receives for all workers. */
export interface IngressFigures {
  /** Longest time in the last minute that its event loop stood still. */
  loopStallMs: number;
  streamConnections: number;
  /** Bytes that stream peers have not taken yet. */
  streamQueueBytes: number;
}

/** All accounts together; one of them is `GET /api/v1/accounts/{name}`. */
export interface AccountsFigures {
  count: number;
  /** What calls that are up have set aside, decimal string; null, as below, where there are too many accounts
   *  to look at every second. */
  reserved: string | null;
  /** Accounts that no call can be charged to now. */
  exhausted: number | null;
  fraud: FraudFigures;
}

/** Fraud limits whose thresholds were reached today, by the day of their account. */
export interface FraudFigures {
  limits: number;
  /** Limits that warned and do not block. */
  warning: number;
  blocking: number;
  /** The first hundred. */
  alarms: FraudAlarmFigures[];
}

export interface FraudAlarmFigures {
  account: string;
  prefix: string;
  warned: FraudKind[];
  blocked: FraudKind[];
}

/** Null: no threshold, or a value that is not counted without one. */
export interface FraudValue<Value> {
  value: Value | null;
  warn: Value | null;
  block: Value | null;
}

/** Free seconds of a package as they stand; those that calls hold are not left. */
export interface GiftState {
  package: string;
  /** Place among the gifts of the package. */
  gift: number;
  /** First day of the period. */
  since: string;
  seconds: number;
  secondsLeft: number;
}

/** A package that has an order in force, in its period under way; amounts are decimal strings. */
export interface PackageState {
  package: string;
  /** First day of the period. */
  since: string;
  /** ISO 8601: end of the period, or of the order; null: never. */
  until: string | null;
  rentFee: string;
  /** `none`: it costs none. */
  rent: 'none' | 'unpaid' | 'paid' | 'skipped' | 'dropped';
  rentPaidUntil: string | null;
  /** What ended calls of the period have cost the balance; null: nothing depends on it. */
  spent: string | null;
  lowerConsumption: string;
  minConsumption: string;
  giftMoney: string;
  /** What calls hold is not left. */
  giftMoneyLeft: string;
  /** New calls use its gifts. */
  inUse: boolean;
}

/** A fraud limit as it stands. What calls that are up have set aside counts as used. */
export interface FraudState {
  prefix: string;
  /** The account's day, "2026-12-25". */
  day: string;
  callsAtOnce: FraudValue<number>;
  callsPerMinute: FraudValue<number>;
  minutesPerDay: FraudValue<number>;
  moneyPerDay: FraudValue<string>;
  callSeconds: FraudValue<number>;
  /** Thresholds reached today. */
  warned: FraudKind[];
  blocked: FraudKind[];
}

/** The engine as it stands; `GET /api/v1/status` and the live page are made of this. */
export interface EngineFigures {
  version: string;
  node: string;
  state: 'running' | 'draining';
  startedAt: number;
  uptimeSeconds: number;
  callsUp: number;
  callsAnsweredUp: number;
  /** New calls admitted over the last second. */
  cps: number;
  /** SS_MAXCPS in force; 0: no limit. */
  maxCps: number;
  configurationVersion: number;
  /** Sums over the main thread and all workers. */
  counters: Record<CounterName, number>;
  workers: WorkerFigures[];
  gateways: GatewayFigures[];
  accounts: AccountsFigures;
  sockets: SocketFigures[];
  cdrLog: CdrLogFigures;
  /** Null until the CDR writer has told any. */
  cdrStore: CdrStoreFigures | null;
  cdrHandOff: HandOffsFigures;
  ingress: IngressFigures;
  memoryRssBytes: number;
}

/** Engine to admin. */
export type EngineMessage =
  /** The first, once. */
  | { kind: 'start'; start: AdminStart }
  | { kind: 'figures'; figures: EngineFigures }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; error: string }
  | { kind: 'stop' };

/** What `tandem route` asks. */
export interface AnalyzeRequest {
  gateway?: string | undefined;
  /** In place of `gateway`: where the INVITE comes from, "192.0.2.1:5060". */
  source?: string | undefined;
  callee: string;
  caller?: string | undefined;
  /** ISO 8601. */
  at?: string | undefined;
  /** Routing gateways taken for gone. */
  without?: readonly string[] | undefined;
  /** Routing gateways that answer with these final codes; 0: with none in time. */
  fail?: Readonly<Record<string, number>> | undefined;
  /** What a CDR proves (core/routing/route-explanation.ts). */
  recorded?: RecordedCall | undefined;
  /** Configuration version to answer by; default: the one in force. */
  version?: number | undefined;
}

/** What `tandem rate` asks; core/billing/explain-rate.ts says what the fields are. */
export interface QuoteRequest {
  account: string;
  callee: string;
  holdMs: number;
  at: number;
  clearingAccount?: string | undefined;
  calleeOut?: string | undefined;
}

/** A number on a dynamic black list. */
export interface ListedNumber {
  /** Of a number of more than 32 bytes these, and three dots. */
  number: string;
  side: 'caller' | 'callee';
  kind: 'malicious' | 'concurrent' | 'noAnswer';
  /** ISO 8601, to the second. */
  since: string;
  until: string;
}

export interface ListedNumbers {
  /** All that are listed; `listed` may be fewer. */
  total: number;
  listed: ListedNumber[];
}

/** What is to be taken off; without a side the number of both. */
export type UnlistRequest =
  | { number: string; side?: 'caller' | 'callee' | undefined }
  | { all: true };

/** An account as it stands; amounts are decimal strings. */
export interface AccountBalance {
  account: string;
  /** Payments less what calls were charged. */
  balance: string;
  /** What calls that are up have set aside of it. */
  reserved: string;
  /** What new calls may still set aside: balance + creditLimit - reserved. Gift money comes on top. */
  available: string;
  creditLimit: string;
  linesUsed: number;
  fraud: FraudState[];
  gifts: GiftState[];
  packagePeriods: PackageState[];
}

/** Admin to engine. `prepare`: compile the stored version, and see whether it can be run on; answered with
 *  `{ version }`. `activate`: run on it, compiled first where it was not the last to be prepared; answered with
 *  `{ version, compileMs, swapPauseMs }` once every call worker runs on it. */
export type AdminMessage =
  | { kind: 'listening'; url: string }
  | { kind: 'prepare'; id: number; version: number }
  | { kind: 'activate'; id: number; version: number }
  | { kind: 'analyze'; id: number; request: AnalyzeRequest }
  | { kind: 'quote'; id: number; request: QuoteRequest }
  | { kind: 'listed'; id: number; limit: number }
  /** Answered with `{ cleared }`, how many were listed. */
  | { kind: 'unlist'; id: number; request: UnlistRequest }
  | { kind: 'balance'; id: number; account: string }
  /** A payment of the account was stored: answered with its AccountBalance once it counts. */
  | { kind: 'payment'; id: number; account: string };

/** What the admin process serves. */
export interface AdminStart {
  dataDir: string;
  /** "http://127.0.0.1:8080". */
  listen: string;
  node: string;
  version: string;
  logLevel: string;
  /** '' for the embedded ledger. */
  mysqlUrl: string;
  /** The node's listening sockets: what gateways can be reached from. */
  listeners: readonly Listener[];
}
