// The leg towards a carrier: one INVITE attempt from its request to an answer, a failure or a CANCEL
// that has been taken (RFC 3261 9.1, 13.2). It tells the call what happened as events.

import type { RoutingGateway } from '../configuration/snapshot.ts';
import { refreshTarget } from '../dialog/dialog.ts';
import { routeSetOf } from '../dialog/route-set.ts';
import { EndReasons, sipEndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { Candidate } from '../routing/candidate-gateways.ts';
import { HeaderId } from '../sip/header-id.ts';
import { hasOptionTag, headerInteger, headerTag } from '../sip/header-values.ts';
import { type Hop, Transport } from '../sip/hop.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { type RequestParts, writeRequest } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { ClientTransaction } from '../transaction/transaction.ts';
import type { Call, Fork, InviteFacts, OutboundLeg } from './call.ts';
import { noPayload, OutboundState, OwnerKind } from './call.ts';
import {
  contactUri,
  forgetForks,
  forkOf,
  nextRequest,
  sendAck,
  sendBye,
  strayDialog,
} from './call-dialog.ts';
import { type CallEnvironment, wallTime } from './environment.ts';
import { escapeUser, failureLines, isSdp, payloadOf } from './header-policy.ts';
import {
  bracketed,
  listenerTowards,
  mintBranch,
  mintLegCallId,
  mintTag,
} from './local-identity.ts';

/** RFC 7332 3: a B2BUA passes Max-Forwards on, one less. Ours also lowers it to this, so that two
 *  switches that route a call to each other stop after a few hops, not after seventy. */
const maxForwardsOutMax = 10;

/** What we let peers send inside a call. */
export const allowLine =
  'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, NOTIFY\r\n';

/** Sends the INVITE. False when the gateway cannot take the call now; nothing is held then. */
export function startAttempt(env: CallEnvironment, call: Call, candidate: Candidate): boolean {
  const { gateway } = candidate;
  const invite = call.inbound.invite!;
  const listener = listenerTowards(
    env.identity,
    gateway.transport,
    gateway.address,
    invite.hop.listener,
  );
  if (listener < 0) return false;
  if (!env.effects.acquireLine(gateway.slot, gateway.lineLimit)) {
    env.effects.count(Counter.skippedLines);
    return false;
  }
  if (!env.effects.acquireCps(gateway.slot, gateway.cpsLimit)) {
    env.effects.releaseLine(gateway.slot);
    env.effects.count(Counter.skippedCps);
    return false;
  }
  const hop: Hop = {
    transport: gateway.transport,
    listener,
    connection: 0,
    address: gateway.address,
    port: gateway.port,
  };
  const leg = createLeg(env, call, candidate, hop);
  call.outbound = leg;
  sendInvite(env, leg, invite);
  env.effects.count(Counter.attempts);
  armAttempt(env, leg, inviteWaitSeconds(call));
  return true;
}

/** The smaller of SS_SIP_TIMER_B and SS_SIP_TIMEOUT_INVITE rules. */
function inviteWaitSeconds(call: Call): number {
  const { SS_SIP_TIMEOUT_INVITE: invite, SS_SIP_TIMER_B: timerB } = call.parameters;
  return invite === 0 ? timerB : Math.min(invite, timerB);
}

function createLeg(env: CallEnvironment, call: Call, candidate: Candidate, hop: Hop): OutboundLeg {
  const invite = call.inbound.invite!;
  const { gateway } = candidate;
  const localTag = mintTag(env.identity);
  const parts = inviteParts(env, call, gateway, { hop, localTag });
  const record = {
    gateway: gateway.name,
    callId: parts.callId,
    sipCode: 0,
    endReason: '',
    startedAt: wallTime(call, env.nowMs),
    tookMs: 0,
  };
  call.cdr.attempts.push(record);
  call.cdr.routingGateway = gateway.name;
  call.cdr.clearingAccount = gateway.account;
  call.cdr.calleeCallId = parts.callId;
  call.cdr.calleeAddress = `${bracketed(gateway.address)}:${gateway.port}`;
  call.cdr.calleeOut = gateway.calleePrefix + call.cdr.calleeAccess;
  call.cdr.callerOut = call.cdr.callerAccess;
  env.table.ownLegs.set(parts.callId, call.ownHops + 1);
  return {
    kind: OwnerKind.outboundLeg,
    call,
    gateway,
    record,
    parts,
    localTag,
    hop,
    startedMs: env.nowMs,
    transaction: undefined,
    state: OutboundState.calling,
    forks: [],
    ringing: false,
    sdpSeen: false,
    offered: invite.payload.body !== '',
    timer: 0,
    lineHeld: true,
  };
}

function inviteParts(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
  leg: { hop: Hop; localTag: string },
): RequestParts {
  const invite = call.inbound.invite!;
  const local = env.identity.listeners[leg.hop.listener]!;
  const callee = escapeUser(gateway.calleePrefix + call.cdr.calleeAccess);
  const host = bracketed(gateway.address);
  const tcp = gateway.transport === Transport.tcp ? ';transport=tcp' : '';
  const caller = escapeUser(call.cdr.callerAccess);
  // RFC 3323 4.1.1.3: an anonymous caller has no host that could be hidden.
  const callerHost = caller === 'anonymous' ? 'anonymous.invalid' : local.host;
  const callerUri = caller === '' ? callerHost : `${caller}@${callerHost}`;
  return {
    method: Method.INVITE,
    requestUri: `sip:${callee}@${host}:${gateway.port}${tcp}`,
    sentBy: local.sentBy,
    branch: mintBranch(env.identity),
    from: `${invite.display}<sip:${callerUri}>;tag=${leg.localTag}`,
    to: `<sip:${callee}@${host}>`,
    callId: mintLegCallId(env.identity),
    cseq: 1,
    routes: '',
    maxForwards: Math.min(invite.maxForwards - 1, maxForwardsOutMax),
  };
}

function sendInvite(env: CallEnvironment, leg: OutboundLeg, invite: InviteFacts): void {
  let headers = env.identity.listeners[leg.hop.listener]!.contact + allowLine;
  if (invite.supports100rel) headers += 'Supported: 100rel\r\n';
  if (invite.requires100rel) headers += 'Require: 100rel\r\n';
  headers += invite.crossing + invite.payload.lines;
  const text = writeRequest(leg.parts, headers, invite.payload.body);
  const transaction = env.transactions.request(leg.hop, leg.parts, text);
  transaction.owner = leg;
  leg.transaction = transaction;
}

function armAttempt(env: CallEnvironment, leg: OutboundLeg, seconds: number): void {
  leg.timer = env.wheel.cancel(leg.timer);
  if (seconds > 0) leg.timer = env.wheel.arm(leg, TimerName.attempt, seconds * 1000);
}

/** The attempt's timer of its state ran out: nothing, or nothing better, came in time. */
export function onAttemptTimer(env: CallEnvironment, leg: OutboundLeg): void {
  leg.timer = 0;
  if (leg.state === OutboundState.cancelling) {
    // RFC 3261 9.1: no final response within 64*T1 of the CANCEL; the transaction counts as cancelled.
    const { transaction } = leg;
    finishLeg(env, leg);
    if (transaction !== undefined) env.transactions.terminate(transaction);
    return;
  }
  const silent = leg.state === OutboundState.calling;
  abandonAttempt(env, leg);
  const reason = silent ? EndReasons.inviteTimeout : EndReasons.responseTimeout;
  env.control.onAttemptFailed(
    leg,
    { statusCode: 408, reason, by: 'server', headers: '' },
    'timeout',
  );
}

/** A response to the INVITE. */
export function onInviteResponse(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
): void {
  const { statusCode } = message;
  if (statusCode < 200) onProvisional(env, leg, message);
  else if (statusCode < 300) onSuccess(env, leg, message);
  else onFailure(env, leg, message);
}

function onProvisional(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  if (leg.state === OutboundState.cancelling) {
    sendCancel(env, leg);
    return;
  }
  if (leg.state > OutboundState.proceeding) return;
  leg.state = OutboundState.proceeding;
  const { statusCode } = message;
  const { parameters } = leg.call;
  if (statusCode === 100) {
    if (!leg.ringing && !leg.sdpSeen) armAttempt(env, leg, parameters.SS_SIP_TIMEOUT_TRYING);
    return;
  }
  if (isSdp(message)) leg.sdpSeen = true;
  if (statusCode === 180) leg.ringing = true;
  armAttempt(env, leg, progressSeconds(leg, statusCode));
  const fork = forkOf(env, leg, message, headerTag(message, HeaderId.to));
  refreshTarget(fork.callee, contactUri(message));
  const rseq = hasOptionTag(message, HeaderId.require, '100rel')
    ? headerInteger(message, HeaderId.rseq)
    : 0;
  env.control.onProgress(leg, fork, {
    statusCode,
    payload: payloadOf(message),
    rseq: Math.max(rseq, 0),
  });
}

/** Each response restarts the timer of its state (reference 7). */
function progressSeconds(leg: OutboundLeg, statusCode: number): number {
  const { parameters } = leg.call;
  if (statusCode === 180 || leg.ringing) return parameters.SS_SIP_TIMEOUT_RINGING;
  if (leg.sdpSeen) return parameters.SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP;
  return parameters.SS_SIP_TIMEOUT_SESSION_PROGRESS;
}

function onSuccess(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  const tag = headerTag(message, HeaderId.to);
  if (leg.state === OutboundState.answered) {
    onRepeatedSuccess(env, leg, message, tag);
    return;
  }
  if (leg.state > OutboundState.proceeding) {
    // A 200 that crossed our CANCEL, or one of a call that is over: take it and hang up (RFC 3261 9.1, 15).
    hangUpStray(env, leg, message, tag);
    finishLeg(env, leg);
    return;
  }
  const fork = forkOf(env, leg, message, tag);
  leg.state = OutboundState.answered;
  // The transaction still absorbs repeats and reaches the leg; a call of hours need not hold it.
  leg.transaction = undefined;
  leg.timer = env.wheel.cancel(leg.timer);
  leg.record.sipCode = message.statusCode;
  leg.record.tookMs = Math.round(env.nowMs - leg.startedMs);
  env.table.ownLegs.delete(leg.parts.callId);
  forgetForks(env, leg, fork);
  // RFC 3261 13.2.2.4: route set and remote target of the confirmed dialog are those of the 2xx.
  fork.callee.routeSet = routeSetOf(message, HeaderId.recordRoute, true);
  refreshTarget(fork.callee, contactUri(message));
  fork.callee.confirmed = true;
  if (leg.offered) sendAck(env, fork.callee, leg.parts.cseq, noPayload);
  env.control.onAnswer(leg, fork, payloadOf(message));
}

/** A 2xx again: repeat the ACK; from another fork: accept and hang up (RFC 3261 13.2.2.4). */
function onRepeatedSuccess(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): void {
  const callee = leg.call.callee;
  if (callee === undefined || callee.remoteTag !== tag) {
    hangUpStray(env, leg, message, tag);
    return;
  }
  // Without an offer in the INVITE the ACK waits for the caller's, which brings the answer.
  if (callee.ackCseq < leg.parts.cseq) return;
  sendAck(env, callee, leg.parts.cseq, callee.ackPayload ?? noPayload);
}

function hangUpStray(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): void {
  const dialog = strayDialog(leg, message, tag);
  sendAck(env, dialog, leg.parts.cseq, noPayload);
  // Its repeats only need the ACK again: the BYE has its own transaction.
  if (leg.state !== OutboundState.done) sendBye(env, dialog);
}

function onFailure(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  const wanted = leg.state <= OutboundState.proceeding;
  if (leg.state === OutboundState.answered) return;
  leg.record.sipCode = message.statusCode;
  finishLeg(env, leg);
  if (!wanted) return;
  env.control.onAttemptFailed(
    leg,
    {
      statusCode: message.statusCode,
      reason: sipEndReason(message.statusCode),
      by: 'callee',
      headers: failureLines(message),
    },
    'response',
  );
}

/** Timer B, or the transport refused: no response will come. */
export function onInviteLost(
  env: CallEnvironment,
  leg: OutboundLeg,
  why: 'timeout' | 'transport',
): void {
  const wanted = leg.state <= OutboundState.proceeding;
  finishLeg(env, leg);
  if (!wanted) return;
  const reason = why === 'timeout' ? EndReasons.inviteTimeout : EndReasons.connectionTimeout;
  const statusCode = why === 'timeout' ? 408 : 503;
  env.control.onAttemptFailed(leg, { statusCode, reason, by: 'server', headers: '' }, why);
}

/** Nobody waits for this attempt any more. CANCEL goes out now, or at the first 1xx (RFC 3261 9.1). */
export function abandonAttempt(env: CallEnvironment, leg: OutboundLeg): void {
  if (leg.state > OutboundState.proceeding) return;
  const answeredBefore = leg.state === OutboundState.proceeding;
  leg.state = OutboundState.cancelling;
  closeRecord(env, leg);
  giveLineBack(env, leg);
  forgetForks(env, leg, undefined);
  if (answeredBefore) sendCancel(env, leg);
  else armAttempt(env, leg, env.transactions.timers.giveUpMs / 1000);
}

function sendCancel(env: CallEnvironment, leg: OutboundLeg): void {
  const parts: RequestParts = { ...leg.parts, method: Method.CANCEL };
  // RFC 3261 9.1: the CANCEL carries the INVITE's branch, CSeq number, Route and nothing of its body.
  env.transactions.request(leg.hop, parts, writeRequest(parts, '', ''));
  armAttempt(env, leg, env.transactions.timers.giveUpMs / 1000);
}

/** No more messages matter to this leg. */
function finishLeg(env: CallEnvironment, leg: OutboundLeg): void {
  if (leg.state === OutboundState.done) return;
  const cancelled = leg.state === OutboundState.cancelling;
  leg.state = OutboundState.done;
  leg.timer = env.wheel.cancel(leg.timer);
  if (!cancelled) closeRecord(env, leg);
  giveLineBack(env, leg);
  forgetForks(env, leg, undefined);
  env.table.ownLegs.delete(leg.parts.callId);
  leg.transaction = undefined;
}

function closeRecord(env: CallEnvironment, leg: OutboundLeg): void {
  leg.record.tookMs = Math.round(env.nowMs - leg.startedMs);
}

/** Exactly once a leg, on every path. */
export function giveLineBack(env: CallEnvironment, leg: OutboundLeg): void {
  if (!leg.lineHeld) return;
  leg.lineHeld = false;
  env.effects.releaseLine(leg.gateway.slot);
}

/** PRACK to the carrier, naming its RSeq (RFC 3262 7.2). */
export function sendPrack(
  env: CallEnvironment,
  fork: Fork,
  rack: { rseq: number; cseq: number },
  payload: { lines: string; body: string },
): ClientTransaction {
  const parts = nextRequest(env, fork.callee, Method.PRACK);
  const headers = `RAck: ${rack.rseq} ${rack.cseq} INVITE\r\n${payload.lines}`;
  return env.transactions.request(
    fork.callee.hop,
    parts,
    writeRequest(parts, headers, payload.body),
  );
}
