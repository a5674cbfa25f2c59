// The call above its legs (RFC 7092 calls this a B2BUA's application): takes the legs' events, hunts from
// gateway to gateway, answers, ends, and sees to it that lines go back once and a CDR is written once.

import type { MappingGateway } from '../configuration/snapshot.ts';
import { nodeSlot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import {
  candidateTried,
  type Hunt,
  nextCandidate,
  startHunt,
} from '../routing/candidate-gateways.ts';
import { mayTryNext } from '../routing/gateway-switching.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerText, requestUriText, type SipMessage } from '../sip/message.ts';
import { nameAddrUri } from '../sip/name-addr.ts';
import { uriUser } from '../sip/uri.ts';
import { TimerName } from '../time/timer-name.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import type { AttemptFailure, Call, CallDialog, Fork, OutboundLeg, Payload } from './call.ts';
import { CallPhase, noPayload } from './call.ts';
import { sendAck, sendBye } from './call-dialog.ts';
import { answerRecord, newCdr } from './call-record.ts';
import { forgetDialog } from './call-table.ts';
import type { CallControl, CallEnvironment, FailureKind, Progress } from './environment.ts';
import { wallTime } from './environment.ts';
import {
  createInboundLeg,
  inviteFacts,
  sendAnswer,
  sendFailure,
  sendProgress,
  sendTrying,
} from './inbound-leg.ts';
import { hopAddress } from './local-identity.ts';
import { abandonAttempt, giveLineBack, startAttempt } from './outbound-leg.ts';
import { refusePendingInvite } from './relay.ts';
import { firstRefusal, type Refusal } from './setup-order.ts';

type EndedBy = 'caller' | 'callee' | 'server';

export function createCallControl(environment: () => CallEnvironment): CallControl {
  return {
    onProgress: (leg, fork, progress) => onProgress(environment(), leg.call, fork, progress),
    onAnswer: (leg, fork, payload) => onAnswer(environment(), leg, fork, payload),
    onAttemptFailed: (leg, failure, kind) => onAttemptFailed(environment(), leg, failure, kind),
    onCallerGaveUp: (call) => onCallerGaveUp(environment(), call),
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
  env.current = call;
  const refusal = firstRefusal(env, call);
  if (refusal !== undefined) {
    refuse(env, call, refusal);
    return;
  }
  env.table.calls.add(call);
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
    caller: uriUser(nameAddrUri(headerText(message, HeaderId.from) ?? '')),
    callee: uriUser(requestUriText(message)),
    callerAddress: hopAddress(transaction.source),
  });
  const call: Call = {
    cdr,
    mapping,
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
    ownHops: env.table.ownLegs.get(cdr.callId) ?? 0,
    linesHeld: false,
  };
  inbound.call = call;
  return call;
}

function refuse(env: CallEnvironment, call: Call, refusal: Refusal): void {
  env.effects.count(refusal.counter);
  const { reason } = refusal;
  // RFC 3261 21.5.4: 503 may say when to come back.
  const headers = reason.sipCode === 503 ? 'Retry-After: 1\r\n' : '';
  endUnanswered(env, call, { statusCode: reason.sipCode, reason, by: 'server', headers }, 'server');
}

function tryNextGateway(env: CallEnvironment, call: Call): void {
  for (;;) {
    const candidate = nextCandidate(call.hunt);
    if (candidate === undefined) break;
    if (startAttempt(env, call, candidate)) {
      candidateTried(call.hunt, candidate);
      return;
    }
  }
  const failure = call.lastFailure ?? allBusy;
  endUnanswered(env, call, failure, failure.by);
}

const noHunt: Hunt = startHunt([]);

const allBusy: AttemptFailure = {
  statusCode: EndReasons.allGatewayBusy.sipCode,
  reason: EndReasons.allGatewayBusy,
  by: 'server',
  headers: '',
};

function onProgress(env: CallEnvironment, call: Call, fork: Fork, progress: Progress): void {
  if (call.phase !== CallPhase.routing) return;
  const { cdr } = call;
  cdr.pddMs ??= Math.round(env.nowMs - call.startedMs);
  if (progress.statusCode === 180) cdr.ringingAt ??= wallTime(call, env.nowMs);
  sendProgress(env, call, fork, progress);
}

function onAnswer(env: CallEnvironment, leg: OutboundLeg, fork: Fork, payload: Payload): void {
  const { call } = leg;
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
  env.effects.recordAnswer(answerRecord(call, call.caller, call.callee));
  sendAnswer(env, call, call.caller, payload);
  armDuration(env, call);
}

/** SS_MAX_CALL_DURATION, and SS_SIP_NO_TIMER_REINVITE_INTERVAL for legs without session timers. */
function armDuration(env: CallEnvironment, call: Call): void {
  const seconds = durationLimitSeconds(call);
  if (seconds > 0) {
    call.durationTimer = env.wheel.arm(call, TimerName.duration, seconds * 1000);
  }
}

function durationLimitSeconds(call: Call): number {
  const { SS_MAX_CALL_DURATION: most, SS_SIP_NO_TIMER_REINVITE_INTERVAL: untimed } =
    call.parameters;
  if (most === 0 || untimed === 0) return most + untimed;
  return Math.min(most, untimed);
}

export function onDurationTimer(env: CallEnvironment, call: Call): void {
  call.durationTimer = 0;
  const { SS_MAX_CALL_DURATION: most } = call.parameters;
  const reason =
    most > 0 && durationLimitSeconds(call) === most
      ? EndReasons.maximumCallDuration
      : EndReasons.sessionTimeout;
  endAnswered(env, call, undefined, { reason, by: 'server' });
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
    ringing: leg.ringing,
    sdpSeen: leg.sdpSeen,
    attemptsMade: call.cdr.attempts.length,
  };
  if (mayTryNext(outcome, leg.gateway, call.parameters)) tryNextGateway(env, call);
  else endUnanswered(env, call, failure, failure.by);
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

function endUnanswered(
  env: CallEnvironment,
  call: Call,
  failure: AttemptFailure,
  by: EndedBy,
): void {
  if (call.phase !== CallPhase.routing) return;
  call.phase = CallPhase.ended;
  const statusCode = callerStatus(failure.statusCode);
  const { outbound } = call;
  if (outbound !== undefined) {
    if (outbound.record.endReason === '') outbound.record.endReason = failure.reason.key;
    abandonAttempt(env, outbound);
  }
  env.effects.count(Counter.callsFailed);
  closeCdr(env, call, failure.reason, by);
  call.cdr.sipCode = statusCode;
  env.effects.recordEnd(call.cdr);
  sendFailure(env, call.inbound, statusCode, failure.headers);
  leaveTable(env, call);
}

/** A carrier's redirection or challenge says nothing to the caller: to him this gateway just failed. */
function callerStatus(statusCode: number): number {
  if (statusCode < 400 || statusCode === 401 || statusCode === 407) return 503;
  return statusCode;
}

/** A leg is gone (BYE, 481, unanswered ACK): end the call, hanging up the leg that is left. */
function releaseCall(
  env: CallEnvironment,
  dialog: CallDialog,
  reason: EndReason,
  by: EndedBy,
): void {
  const { call } = dialog;
  if (call.phase === CallPhase.routing) {
    onCallerGaveUp(env, call);
    return;
  }
  endAnswered(env, call, by === 'server' ? undefined : dialog, { reason, by });
}

/** `gone`: the dialog whose own side ended it and needs no BYE. */
export function endAnswered(
  env: CallEnvironment,
  call: Call,
  gone: CallDialog | undefined,
  end: { reason: EndReason; by: EndedBy },
): void {
  if (call.phase !== CallPhase.answered) return;
  call.phase = CallPhase.ended;
  env.callsAnsweredUp--;
  env.effects.count(Counter.callsEnded);
  call.durationTimer = env.wheel.cancel(call.durationTimer);
  closeCdr(env, call, end.reason, end.by);
  call.cdr.sipCode = 200;
  env.effects.recordEnd(call.cdr);
  hangUp(env, call.caller!, gone);
  hangUp(env, call.callee!, gone);
  giveLineBack(env, call.outbound!);
  leaveTable(env, call);
}

function hangUp(env: CallEnvironment, dialog: CallDialog, gone: CallDialog | undefined): void {
  refusePendingInvite(env, dialog);
  if (dialog === gone) {
    forgetDialog(env.table, dialog);
    if (dialog.side === 'callee') env.transactions.terminateRequest(dialog.call.outbound!.parts);
    return;
  }
  // RFC 3261 15: no BYE towards the caller before the ACK of our 2xx, or before it is given up.
  if (dialog.resend !== undefined) {
    dialog.resend.thenBye = true;
    return;
  }
  // A carrier whose 2xx still waits for an ACK (the offer was in it) gets one before the BYE.
  if (dialog.side === 'callee' && dialog.ackCseq < 0) {
    sendAck(env, dialog, dialog.call.outbound!.parts.cseq, noPayload);
  }
  sendBye(env, dialog);
}

function closeCdr(env: CallEnvironment, call: Call, reason: EndReason, by: EndedBy): void {
  const { cdr } = call;
  cdr.endedAt = wallTime(call, env.nowMs);
  cdr.endReason = reason.key;
  cdr.endedBy = by;
  if (cdr.answeredAt !== null) cdr.holdTimeMs = Math.round(env.nowMs - call.answeredMs);
}

function leaveTable(env: CallEnvironment, call: Call): void {
  if (env.table.calls.delete(call)) env.callsUp--;
  if (!call.linesHeld) return;
  call.linesHeld = false;
  env.effects.releaseLine(call.mapping.slot);
  env.effects.releaseLine(nodeSlot);
}

/** Ends a call whatever state it is in, from our side. */
export function endCall(env: CallEnvironment, call: Call, reason: EndReason): void {
  if (call.phase === CallPhase.answered) {
    endAnswered(env, call, undefined, { reason, by: 'server' });
    return;
  }
  endUnanswered(
    env,
    call,
    { statusCode: reason.sipCode || 503, reason, by: 'server', headers: '' },
    'server',
  );
}
