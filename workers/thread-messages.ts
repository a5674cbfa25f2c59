// What the main thread and the call workers say to each other. SIP travels through the rings of
// workers/memory (RecordKind); all else, rare and never on a call's path, by postMessage.
import type { Listener } from '../core/call/local-identity.ts';
import type { SharedSockets } from './datagram/shared-sockets.ts';
import type { SharedMemory } from './memory/shared-memory.ts';
import type { SnapshotTicket } from './memory/snapshot-store.ts';
import type { LogLevel } from './settings.ts';

/** `kind` of a ring record. */
export const RecordKind = {
  /** Main to worker: one SIP message that came from the hop. */
  message: 0,
  /** Main to worker: the stream to the hop could not be opened, or broke with messages unsent. */
  transportFailure: 1,
  /** Worker to main: a datagram that reached a worker's socket; the main thread routes it. */
  stray: 2,
  /** Worker to main: write this message to the hop's stream. */
  streamSend: 3,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** What a call worker runs on. */
export interface CallWorkerStart {
  readonly index: number;
  readonly memory: SharedMemory;
  readonly listeners: readonly Listener[];
  /** Undefined: node:dgram, a socket of its own on every UDP listener. */
  readonly sockets: SharedSockets | undefined;
  readonly node: string;
  /** Makes ids of this run of this worker unique over restarts. */
  readonly runId: string;
  readonly shardKey: Uint32Array;
  readonly snapshot: SnapshotTicket;
  readonly dataDir: string;
  readonly cdrSyncMs: number;
  readonly logLevel: LogLevel;
  /** Started while the node drains: takes no calls. */
  readonly draining: boolean;
}

export type ToCallWorker =
  /** The first, once, unless it is `stop`: its modules load before it is known what it runs on. */
  | { kind: 'start'; start: CallWorkerStart }
  | { kind: 'activate'; snapshot: SnapshotTicket }
  /** No new calls; answered with `drained` when none is up any more. */
  | { kind: 'drain' }
  /** End every call with "Server forced release"; answered with `callsEnded`. */
  | { kind: 'endAllCalls' }
  /** Answered calls of a crash, closed in the log already; `answers`: workers/cdr/packed-answers.ts. */
  | { kind: 'hangUpOrphans'; answers: Uint8Array }
  /** Write what is pending, close the log, end the thread; answered with `stopped`. */
  | { kind: 'stop' }
  /** For fault tests: fail as a bug or a crash would. */
  | { kind: 'fail'; how: 'throwInHandler' | 'die' | 'hang' };

export type FromCallWorker =
  /** Its sockets are bound: the main thread may bind its own. */
  | { kind: 'bound' }
  | { kind: 'activated'; version: number; pauseMs: number }
  | { kind: 'drained' }
  | { kind: 'callsEnded' }
  | { kind: 'stopped' };
