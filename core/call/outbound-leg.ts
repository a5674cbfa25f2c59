// The leg towards a carrier: what its responses and its timer mean for one INVITE attempt (RFC 3261 13.2.2).
// It tells the call what happened as events.
import { confirmRoute, refreshTarget } from '../dialog/dialog.ts';
import { takeInviteReply } from '../dialog/offer-answer.ts';
import { routeSetOf } from '../dialog/route-set.ts';
import { EndReasons, sipEndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import { hasOptionTag, headerInteger, headerTag } from '../sip/header-values.ts';
import type { SipMessage } from '../sip/message.ts';
import { q850Cause } from '../sip/reason.ts';
import {
  abandonAttempt,
  armAttempt,
  finishLeg,
  isGivenUp,
  sendCancel,
  timeoutsOf,
} from './attempt-end.ts';
import type { Fork, OutboundLeg } from './call.ts';
import { noPayload, OutboundState } from './call.ts';
import {
  answeringFork,
  contactUri,
  forgetForks,
  forkOf,
  repeatAck,
  sendAck,
  sendBye,
  strayDialog,
} from './call-dialog.ts';
import { forgetOwnLeg } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { isSdp, payloadOf } from './header-policy.ts';

/** The attempt's timer of its state ran out: nothing, or nothing better, came in time. */
export function onAttemptTimer(env: CallEnvironment, leg: OutboundLeg): void {
  leg.timer = 0;
  if (isGivenUp(leg)) {
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
  if (message.statusCode === 100) {
    const { SS_SIP_TIMEOUT_TRYING: seconds } = timeoutsOf(leg);
    if (!leg.ringing && !leg.sdpSeen) armAttempt(env, leg, seconds);
    return;
  }
  onProgress(env, leg, message);
}

function onProgress(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  const { statusCode } = message;
  const fork = forkOf(env, leg, message, headerTag(message, HeaderId.to));
  const rseq = hasOptionTag(message, HeaderId.require, '100rel')
    ? Math.max(headerInteger(message, HeaderId.rseq), 0)
    : 0;
  if (!takeRseq(fork, rseq)) {
    env.effects.count(Counter.retransmissionsIn);
    return;
  }
  const hasSdp = isSdp(message);
  if (hasSdp) leg.sdpSeen = true;
  if (rseq > 0) takeInviteReply(fork.callee, { byUs: false, hasSdp, last: false });
  if (isRinging(statusCode)) leg.ringing = true;
  armAttempt(env, leg, progressSeconds(leg));
  refreshTarget(fork.callee, contactUri(message, fork.callee.remoteTarget));
  env.control.onProgress(leg, fork, { statusCode, payload: payloadOf(message), hasSdp, rseq });
}

/** RFC 3262 4: a reliable provisional again, or one after a gap, is discarded; a lost one is repeated. */
function takeRseq(fork: Fork, rseq: number): boolean {
  if (rseq === 0) return true;
  if (fork.lastRseq > 0 && rseq !== fork.lastRseq + 1) return false;
  fork.lastRseq = rseq;
  return true;
}

/** RFC 3261 21.1: the called party's side has the call when it rings, is forwarded (181) or is queued (182). A 183
 *  may come from anywhere on the way, and has timers of its own. */
function isRinging(statusCode: number): boolean {
  return statusCode >= 180 && statusCode < 190 && statusCode !== 183;
}

/** Each response restarts the timer of its state (reference 7). */
function progressSeconds(leg: OutboundLeg): number {
  const timeouts = timeoutsOf(leg);
  if (leg.ringing) return timeouts.SS_SIP_TIMEOUT_RINGING;
  if (leg.sdpSeen) return timeouts.SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP;
  return timeouts.SS_SIP_TIMEOUT_SESSION_PROGRESS;
}

function onSuccess(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  const tag = headerTag(message, HeaderId.to);
  if (leg.state > OutboundState.proceeding) {
    onFurtherSuccess(env, leg, message, tag);
    return;
  }
  const fork = answeringFork(env, leg, message, tag);
  const { callee } = fork;
  leg.state = OutboundState.answered;
  // The transaction still absorbs repeats and reaches the leg; a call of hours need not hold it.
  leg.transaction = undefined;
  leg.timer = env.wheel.cancel(leg.timer);
  leg.record.sipCode = message.statusCode;
  leg.record.tookMs = Math.round(env.nowMs - leg.startedMs);
  env.effects.noteOutcome(leg.gateway.slot, true, true);
  forgetOwnLeg(env.table, leg);
  forgetForks(env, leg, fork);
  const routeSet = routeSetOf(message, HeaderId.recordRoute, true);
  confirmRoute(callee, routeSet, contactUri(message, callee.remoteTarget), leg.hop);
  callee.confirmed = true;
  callee.unacked = leg.ack;
  takeInviteReply(callee, { byUs: false, hasSdp: isSdp(message), last: true });
  if (leg.offered) sendAck(env, callee, leg.ack, noPayload);
  env.control.onAnswer(leg, fork, payloadOf(message));
}

/** After the answer: its repeat, or another fork's. After the CANCEL: one that crossed it. */
function onFurtherSuccess(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): void {
  const answered = leg.state === OutboundState.answered ? leg.forks[0] : undefined;
  if (answered?.remoteTag === tag) {
    repeatAck(env, answered.callee, leg.ack);
    return;
  }
  hangUpStray(env, leg, message, tag);
  if (isGivenUp(leg)) finishLeg(env, leg);
}

/** To tags of strays an attempt hangs up; further ones are only acknowledged. */
const straysMax = 16;

/** A 2xx nobody waits for is accepted and hung up (RFC 3261 9.1, 13.2.2.4); its repeats only need the ACK
 *  again, since the BYE has its own transaction. */
function hangUpStray(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): void {
  const dialog = strayDialog(leg, message, tag);
  sendAck(env, dialog, { cseq: leg.parts.cseq, payload: undefined }, noPayload);
  if (leg.strays.includes(tag) || leg.strays.length >= straysMax) return;
  leg.strays = [...leg.strays, tag];
  sendBye(env, dialog);
}

function onFailure(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  const wanted = leg.state <= OutboundState.proceeding;
  if (leg.state === OutboundState.answered) return;
  leg.record.sipCode = message.statusCode;
  leg.cause = q850Cause(message);
  heedRetryAfter(env, leg, message);
  finishLeg(env, leg);
  if (!wanted) return;
  env.control.onAttemptFailed(
    leg,
    {
      statusCode: message.statusCode,
      reason: sipEndReason(message.statusCode),
      by: 'callee',
      // Its Retry-After was meant for us (heedRetryAfter): the caller would stay away from all our gateways.
      headers: '',
    },
    'response',
  );
}

/** Codes by which a gateway speaks of itself; by 404, 486, 600 and 603 it speaks of the called party. */
const gatewayCodes: readonly number[] = [480, 500, 503];
/** A gateway that asks for more is asked again after an hour. */
const pauseSecondsMax = 3600;

/** RFC 3261 20.33: it wants no calls for so long. */
function heedRetryAfter(env: CallEnvironment, leg: OutboundLeg, message: SipMessage): void {
  if (!gatewayCodes.includes(message.statusCode)) return;
  const seconds = headerInteger(message, HeaderId.retryAfter);
  if (seconds <= 0) return;
  env.effects.count(Counter.gatewayPauses);
  env.effects.closeGateway(leg.gateway.slot, Math.min(seconds, pauseSecondsMax));
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
  // RFC 3261 8.1.3.1 has us treat a failed transport as a 503 of the gateway's; the caller hears the reason's own code.
  const statusCode = reason.sipCode;
  env.control.onAttemptFailed(leg, { statusCode, reason, by: 'server', headers: '' }, why);
}
