// What every part of the call logic works with: the shard's own tables, clocks and ports. One object a
// worker.
import type { BillingState } from '../billing/call-billing.ts';
import type { Snapshot } from '../configuration/snapshot.ts';
import type { Effects } from '../effects.ts';
import type { EndReason } from '../end-reason.ts';
import type { NumberTrace } from '../number/dial-plans.ts';
import type { RouteTrace } from '../routing/candidate-gateways.ts';
import type { TimerWheel } from '../time/timer-wheel.ts';
import type { TransactionPort } from '../transaction/transaction.ts';
import type { AttemptFailure, Call, CallDialog, Fork, OutboundLeg, Payload } from './call.ts';
import type { CallTable } from './call-table.ts';
import type { DynamicLists } from './dynamic-lists.ts';
import type { LocalIdentity } from './local-identity.ts';
import type { OptionsChecks } from './options-check.ts';
import type { MinutePrice } from './route-prices.ts';

/** The events of the legs; call-control.ts decides what follows. */
export interface CallControl {
  /** A provisional of the carrier's (not 100). */
  onProgress(leg: OutboundLeg, fork: Fork, progress: Progress): void;
  onAnswer(leg: OutboundLeg, fork: Fork, payload: Payload): void;
  /** The attempt is over without an answer. */
  onAttemptFailed(leg: OutboundLeg, failure: AttemptFailure, kind: FailureKind): void;
  /** What passes between this attempt and the caller is too long for one of them. */
  onUndeliverable(leg: OutboundLeg): void;
  /** The caller cancelled, or hung up before the answer. */
  onCallerGaveUp(call: Call): void;
  /** The caller has acknowledged a reliable provisional. */
  onAcknowledged(call: Call): void;
  /** The caller acknowledges nothing any more, before the answer. */
  onCallerLost(call: Call): void;
  /** A BYE, or an in-dialog failure that ends the dialog (RFC 3261 12.2.1.2). */
  onReleased(dialog: CallDialog, reason: EndReason, by: 'caller' | 'callee' | 'server'): void;
}

export type FailureKind = 'response' | 'timeout' | 'transport';

export interface Progress {
  readonly statusCode: number;
  readonly payload: Payload;
  readonly hasSdp: boolean;
  /** RSeq of a reliable one; else 0. */
  readonly rseq: number;
}

/** Who wants to know what setup saw, beside what it decided: routing analysis. */
export interface SetupTrace {
  readonly number: NumberTrace;
  readonly route: RouteTrace;
}

export interface CallEnvironment {
  readonly effects: Effects;
  readonly transactions: TransactionPort;
  readonly wheel: TimerWheel;
  readonly table: CallTable;
  readonly identity: LocalIdentity;
  readonly control: CallControl;
  readonly node: string;
  readonly runId: string;
  snapshot: Snapshot;
  /** Rates of that snapshot, and its billing parameters. */
  billing: BillingState;
  /** Null: no number is watched. */
  dynamicLists: DynamicLists | null;
  readonly minutePrice: MinutePrice;
  readonly optionsChecks: OptionsChecks;
  /** Monotonic and wall clock of the batch, milliseconds. */
  nowMs: number;
  wallMs: number;
  /** How long the message in hand lay in the ring, milliseconds. */
  waitedMs: number;
  draining: boolean;
  callsUp: number;
  callsAnsweredUp: number;
  nextCallNumber: number;
  /** The call whose message or timer is being handled: the one a caught bug ends. */
  current: Call | undefined;
  /** Of calls none. */
  readonly trace?: SetupTrace;
}

/** Wall time of a moment of this call: its start by the wall clock plus monotonic time since. */
export function wallTime(call: Call, nowMs: number): number {
  return call.cdr.startedAt + Math.round(nowMs - call.startedMs);
}
