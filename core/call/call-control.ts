// The call above its legs (RFC 7092 calls this a B2BUA's application): takes the legs' events, hunts from
// gateway to gateway, answers, ends, and sees to it that lines go back once and a CDR is written once.

import type { MappingGateway } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { mayTryNext } from '../routing/gateway-switching.ts';
import { noHunt } from '../routing/hunt.ts';
import type { SipMessage } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { abandonAttempt, finishLeg } from './attempt-end.ts';
import { watchBalance } from './balance-watch.ts';
import type { AttemptFailure, Call, CallDialog, Fork, OutboundLeg, Payload } from './call.ts';
import { CallPhase, OutboundState } from './call.ts';
import { armDuration } from './call-duration.ts';
import { type EndedBy, endAnswered, endUnanswered } from './call-ending.ts';
import { answerRecord, calledNumbers, newCdr } from './call-record.ts';
import { keepCall, ownLegOf } from './call-table.ts';
import type { CallControl, CallEnvironment, FailureKind, Progress } from './environment.ts';
import { wallTime } from './environment.ts';
import { armLengthWarning } from './fraud-watch.ts';
import { tryNextGateway } from './hunting.ts';
import {
  answerText,
  createInboundLeg,
  inviteFacts,
  sendAnswer,
  sendProgress,
  sendTrying,
} from './inbound-leg.ts';
import { hopAddress } from './local-identity.ts';
import { mustHoldAnswer } from './reliable-provisional.ts';
import { firstRefusal, type Refusal } from './setup-order.ts';
import { mayCarry, tooLongFailure } from './too-long.ts';

export function createCallControl(environment: () => CallEnvironment): CallControl {
  return {
    onProgress: (leg, fork, progress) => onProgress(environment(), leg, fork, progress),
    onAnswer: (leg, fork, payload) => onAnswer(environment(), leg, fork, payload),
    onAttemptFailed: (leg, failure, kind) => onAttemptFailed(environment(), leg, failure, kind),
    onUndeliverable: (leg) => onUndeliverable(environment(), leg),
    onCallerGaveUp: (call) => onCallerGaveUp(environment(), call),
    onAcknowledged: (call) => onAcknowledged(environment(), call),
    onCallerLost: (call) => onCallerLost(environment(), call),
    onReleased: (dialog, reason, by) => releaseCall(environment(), dialog, reason, by),
  };
}

/** A new call from an identified peer; the INVITE has passed the screen of request-screen.ts. */
export function setUpCall(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
  mapping: MappingGateway,
): void {
  const call = createCall(env, transaction, message, mapping);
  // Only now: a transaction without an owner ends with the handler that fails over its INVITE.
  transaction.owner = call.inbound;
  env.current = call;
  const refusal = firstRefusal(env, call);
  if (refusal !== undefined) {
    refuse(env, call, refusal);
    return;
  }
  env.effects.count(Counter.callsAdmitted);
  keepCall(env.table, call);
  env.callsUp++;
  sendTrying(env, transaction);
  tryNextGateway(env, call);
}

function createCall(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
  mapping: MappingGateway,
): Call {
  const inbound = createInboundLeg(transaction);
  inbound.invite = inviteFacts(env, message, transaction, mapping.trusted);
  const cdr = newCdr(env, {
    callId: inbound.invite.callId,
    mapping,
    ...calledNumbers(message),
    callerAddress: hopAddress(transaction.source),
  });
  const ownLeg = ownLegOf(env.table, cdr.callId);
  const call: Call = {
    index: -1,
    cdr,
    mapping,
    callerRouted: cdr.callerAccess,
    calleeRouted: cdr.calleeAccess,
    callerOut: '',
    calleeOut: '',
    emergency: false,
    parameters: env.snapshot.parameters,
    phase: CallPhase.routing,
    inbound,
    outbound: undefined,
    caller: undefined,
    callee: undefined,
    hunt: noHunt,
    lastFailure: undefined,
    startedMs: env.nowMs,
    answeredMs: 0,
    durationTimer: 0,
    protectTimer: 0,
    ownHops: ownLeg === undefined ? 0 : ownLeg.call.ownHops + 1,
    linesHeld: false,
    watchLine: -1,
    billing: null,
    releaseCause: 0,
    vendorShort: false,
    numbersRefused: undefined,
  };
  inbound.call = call;
  return call;
}

function refuse(env: CallEnvironment, call: Call, refusal: Refusal): void {
  env.effects.count(refusal.counter);
  const { reason } = refusal;
  // RFC 3261 21.5.4: a peer that is told to come back sends us nothing until then, calls to other numbers neither. So
  // only what refuses all of his calls says it.
  const headers = refusal.retryLater === true ? 'Retry-After: 1\r\n' : '';
  endUnanswered(env, call, { statusCode: reason.sipCode, reason, by: 'server', headers }, 'server');
}

function onProgress(env: CallEnvironment, leg: OutboundLeg, fork: Fork, progress: Progress): void {
  const { call } = leg;
  if (call.phase !== CallPhase.routing) return;
  const { cdr } = call;
  cdr.pddMs ??= Math.round(env.nowMs - call.startedMs);
  if (progress.statusCode === 180) cdr.ringingAt ??= wallTime(call, env.nowMs);
  if (!sendProgress(env, call, fork, progress)) onUndeliverable(env, leg);
}

/** The carrier has answered. */
function onAnswer(env: CallEnvironment, leg: OutboundLeg, fork: Fork, payload: Payload): void {
  const { inbound } = leg.call;
  if (mustHoldAnswer(inbound)) inbound.held = { leg, fork, payload };
  else answerCall(env, leg, fork, payload);
}

/** The last provisional that held an answer back may just have got its PRACK (RFC 3262 3). */
function onAcknowledged(env: CallEnvironment, call: Call): void {
  const { held } = call.inbound;
  if (held === undefined || mustHoldAnswer(call.inbound)) return;
  call.inbound.held = undefined;
  answerCall(env, held.leg, held.fork, held.payload);
}

function answerCall(env: CallEnvironment, leg: OutboundLeg, fork: Fork, payload: Payload): void {
  const { call } = leg;
  const text = answerText(env, call, fork.caller, payload);
  if (!mayCarry(env, call.inbound.transaction!.hop, text)) {
    onUndeliverable(env, leg);
    return;
  }
  call.phase = CallPhase.answered;
  call.caller = fork.caller;
  call.callee = fork.callee;
  call.caller.confirmed = true;
  call.hunt = noHunt;
  call.answeredMs = env.nowMs;
  call.cdr.pddMs ??= Math.round(env.nowMs - call.startedMs);
  call.cdr.answeredAt = wallTime(call, env.nowMs);
  leg.record.endReason = EndReasons.normalRelease.key;
  env.callsAnsweredUp++;
  env.effects.count(Counter.callsAnswered);
  if (call.billing !== null) watchBalance(env, call, call.billing, leg);
  env.effects.recordAnswer(answerRecord(call, call.caller, call.callee));
  sendAnswer(env, call, call.caller, { text, hasSdp: payload.body !== '' });
  armDuration(env, call);
  if (call.billing !== null && call.billing.fraud !== null) {
    armLengthWarning(env, call, call.billing.fraud);
  }
}

function onAttemptFailed(
  env: CallEnvironment,
  leg: OutboundLeg,
  failure: AttemptFailure,
  kind: FailureKind,
): void {
  const { call } = leg;
  leg.record.endReason = failure.reason.key;
  env.effects.count(Counter.attemptsFailed);
  if (call.phase !== CallPhase.routing) return;
  call.lastFailure = failure;
  const outcome = {
    kind,
    sipCode: leg.record.sipCode,
    cause: leg.cause,
    ringing: leg.ringing,
    sdpSeen: leg.sdpSeen,
    attemptsMade: call.cdr.attempts.length,
  };
  if (mayTryNext(outcome, leg.gateway, call.parameters)) tryNextGateway(env, call);
  else endUnanswered(env, call, failure, failure.by);
}

/** Before the answer another gateway may say less; after it a second one would ring another party. */
function onUndeliverable(env: CallEnvironment, leg: OutboundLeg): void {
  const { call } = leg;
  if (call.phase !== CallPhase.routing) return;
  call.inbound.held = undefined;
  const answered = leg.state === OutboundState.answered;
  abandonAttempt(env, leg);
  if (answered) endUnanswered(env, call, tooLongFailure, tooLongFailure.by);
  else onAttemptFailed(env, leg, tooLongFailure, 'transport');
}

function onCallerGaveUp(env: CallEnvironment, call: Call): void {
  const reason = EndReasons.callerHangUpBeforeAnswer;
  endUnanswered(env, call, { statusCode: 487, reason, by: 'server', headers: '' }, 'caller');
}

/** RFC 3262 3: a reliable provisional that is never acknowledged rejects the INVITE with a 5xx. */
function onCallerLost(env: CallEnvironment, call: Call): void {
  const reason = EndReasons.connectionTimeout;
  endUnanswered(env, call, { statusCode: 504, reason, by: 'server', headers: '' }, 'server');
}

/** The carrier hung up while its answer was still held back. */
function onCalleeGaveUp(env: CallEnvironment, call: Call, reason: EndReason): void {
  if (call.outbound !== undefined) finishLeg(env, call.outbound);
  endUnanswered(env, call, { statusCode: 480, reason, by: 'callee', headers: '' }, 'callee');
}

/** A leg is gone (BYE, 481, unanswered ACK): end the call, hanging up the leg that is left. */
function releaseCall(
  env: CallEnvironment,
  dialog: CallDialog,
  reason: EndReason,
  by: EndedBy,
): void {
  const { call } = dialog;
  if (call.phase !== CallPhase.routing) {
    endAnswered(env, call, by === 'server' ? undefined : dialog, { reason, by });
  } else if (dialog.side === 'callee') {
    onCalleeGaveUp(env, call, reason);
  } else {
    onCallerGaveUp(env, call);
  }
}
