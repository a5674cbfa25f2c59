// Ends an attempt: at its final response, by CANCEL when nobody waits for it any more (RFC 3261 9.1), or by
// BYE when its 2xx never reached the caller.
import type { AttemptTimeouts } from '../configuration/attempt-timeouts.ts';
import { Method } from '../sip/method.ts';
import { reasonLine } from '../sip/reason.ts';
import { type RequestParts, writeRequest } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { OutboundLeg } from './call.ts';
import { OutboundState } from './call.ts';
import { forgetForks, hangUpDialog } from './call-dialog.ts';
import { forgetOwnLeg } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { giveGroupLinesBack } from './group-lines.ts';
import { giveVendorBack } from './vendor-billing.ts';

/** Nobody waits for this attempt any more. CANCEL goes out now, or at the first 1xx (RFC 3261 9.1). */
export function abandonAttempt(env: CallEnvironment, leg: OutboundLeg): void {
  if (leg.state === OutboundState.answered) {
    dropAnswer(env, leg);
    return;
  }
  if (leg.state > OutboundState.proceeding) return;
  const heard = leg.state === OutboundState.proceeding;
  closeRecord(env, leg);
  leg.state = OutboundState.cancelling;
  giveLineBack(env, leg);
  forgetForks(env, leg, undefined);
  if (heard) sendCancel(env, leg);
  else armAttempt(env, leg, env.transactions.timers.giveUpMs / 1000);
}

/** Once an attempt: a second one would be the same transaction again. */
export function sendCancel(env: CallEnvironment, leg: OutboundLeg): void {
  leg.state = OutboundState.cancelled;
  const parts: RequestParts = { ...leg.parts, method: Method.CANCEL };
  // RFC 3261 9.1: the CANCEL carries the INVITE's branch, CSeq number, Route and nothing of its body.
  const reason = reasonLine(leg.call.releaseCause);
  env.transactions.request(leg.hop, parts, writeRequest(parts, reason, ''));
  armAttempt(env, leg, env.transactions.timers.giveUpMs / 1000);
}

/** Answered, but the caller was still kept waiting for it and is gone. */
function dropAnswer(env: CallEnvironment, leg: OutboundLeg): void {
  const { callee, remoteTag } = leg.forks[0]!;
  finishLeg(env, leg);
  leg.strays = [remoteTag];
  hangUpDialog(env, callee);
}

/** No more messages matter to this leg, but for 2xx of strays. */
export function finishLeg(env: CallEnvironment, leg: OutboundLeg): void {
  if (leg.state === OutboundState.done) return;
  if (!isGivenUp(leg)) closeRecord(env, leg);
  leg.state = OutboundState.done;
  leg.timer = env.wheel.cancel(leg.timer);
  giveLineBack(env, leg);
  forgetForks(env, leg, undefined);
  forgetOwnLeg(env.table, leg);
  leg.transaction = undefined;
}

/** The CANCEL is out or due at the first 1xx. */
export function isGivenUp(leg: OutboundLeg): boolean {
  return leg.state === OutboundState.cancelling || leg.state === OutboundState.cancelled;
}

export function armAttempt(env: CallEnvironment, leg: OutboundLeg, seconds: number): void {
  leg.timer = env.wheel.cancel(leg.timer);
  if (seconds > 0) leg.timer = env.wheel.arm(leg, TimerName.attempt, seconds * 1000);
}

/** Those of the gateway, or of the parameters: both as they were when the call began. */
export function timeoutsOf({ call, gateway }: OutboundLeg): AttemptTimeouts {
  return gateway.timeouts ?? call.parameters;
}

/** Of an attempt that is over without an answer, or whose answer was dropped. */
function closeRecord(env: CallEnvironment, leg: OutboundLeg): void {
  leg.record.tookMs = Math.round(env.nowMs - leg.startedMs);
  if (leg.state === OutboundState.answered) return;
  const responded = leg.state === OutboundState.proceeding || leg.record.sipCode > 0;
  env.effects.noteOutcome(leg.gateway.slot, false, responded);
}

/** Exactly once a leg, on every path. */
export function giveLineBack(env: CallEnvironment, leg: OutboundLeg): void {
  if (!leg.lineHeld) return;
  leg.lineHeld = false;
  env.effects.releaseLine(leg.gateway.slot);
  if (leg.callerLine >= 0) env.effects.releaseLine(leg.callerLine);
  if (leg.forwardingLine >= 0) env.effects.releaseLine(leg.forwardingLine);
  giveGroupLinesBack(env.effects, leg.gateway.groups);
  giveVendorBack(env, leg, 0n);
}
