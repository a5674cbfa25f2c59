// What the engine and the admin process say to each other over their one IPC channel: figures once a
// second, and a closed set of requests, each answered once under its `id`.
import type { CounterName, GaugeName } from '../core/metrics/counter-layout.ts';

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
  configurationVersion: number;
  /** Sums over the main thread and all workers. */
  counters: Record<CounterName, number>;
  workers: WorkerFigures[];
  gateways: GatewayFigures[];
  sockets: SocketFigures[];
  cdrLog: CdrLogFigures;
  memoryRssBytes: number;
}

/** Engine to admin. */
export type EngineMessage =
  | { kind: 'figures'; figures: EngineFigures }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; error: string }
  | { kind: 'stop' };

/** What `tandem route` asks. */
export interface AnalyzeRequest {
  gateway: string;
  callee: string;
  caller?: string | undefined;
  /** ISO 8601. */
  at?: string | undefined;
}

/** Admin to engine. `activate`: compile the stored version and run on it; answered with
 *  `{ version, compileMs, swapPauseMs }` once every call worker runs on it. */
export type AdminMessage =
  | { kind: 'listening'; url: string }
  | { kind: 'activate'; id: number; version: number }
  | { kind: 'analyze'; id: number; request: AnalyzeRequest };

/** How the engine starts the admin process: JSON in its first argument. */
export interface AdminStart {
  dataDir: string;
  /** "http://127.0.0.1:8080". */
  listen: string;
  node: string;
  version: string;
  logLevel: string;
}
