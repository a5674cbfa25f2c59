// How a call ends: its CDR, its lines, and what each side is told. Exactly once a call, on every path.
import { nodeSlot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { abandonAttempt, giveLineBack } from './attempt-end.ts';
import type { AttemptFailure, Call, CallDialog } from './call.ts';
import { CallPhase } from './call.ts';
import { acknowledgeRest, hangUpDialog } from './call-dialog.ts';
import { settleCall } from './call-settlement.ts';
import { forgetCall, forgetDialog } from './call-table.ts';
import { noteDynamicEnd } from './dynamic-lists.ts';
import { type CallEnvironment, wallTime } from './environment.ts';
import { sendFailure } from './inbound-leg.ts';
import { closeReinvites } from './reinvite.ts';

export type EndedBy = 'caller' | 'callee' | 'server';

/** No answer reached the caller: he gets the failure. */
export function endUnanswered(
  env: CallEnvironment,
  call: Call,
  failure: AttemptFailure,
  by: EndedBy,
): void {
  if (call.phase !== CallPhase.routing) return;
  call.phase = CallPhase.ended;
  call.inbound.held = undefined;
  const statusCode = callerStatus(failure.statusCode);
  const { outbound } = call;
  if (outbound?.record.endReason === '') outbound.record.endReason = failure.reason.key;
  env.effects.count(Counter.callsFailed);
  call.cdr.sipCode = statusCode;
  closeCall(env, call, failure.reason, by);
  if (outbound !== undefined) abandonAttempt(env, outbound);
  sendFailure(env, call.inbound, statusCode, failure.headers);
}

/** A carrier's redirection or challenge says nothing to the caller: to him this gateway just failed. */
function callerStatus(statusCode: number): number {
  if (statusCode < 400 || statusCode === 401 || statusCode === 407) return 503;
  return statusCode;
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
  call.cdr.sipCode = 200;
  closeCall(env, call, end.reason, end.by);
  hangUp(env, call.caller!, gone);
  hangUp(env, call.callee!, gone);
}

/** First of all: whatever fails afterwards, the CDR is written, the lines are back, the table is clean. */
function closeCall(env: CallEnvironment, call: Call, reason: EndReason, by: EndedBy): void {
  const { cdr, outbound } = call;
  cdr.endedAt = wallTime(call, env.nowMs);
  cdr.endReason = reason.key;
  cdr.endedBy = by;
  if (cdr.answeredAt !== null) cdr.holdTimeMs = Math.round(env.nowMs - call.answeredMs);
  if (call.billing !== null) settleCall(env, call, call.billing, by);
  env.effects.recordEnd(cdr);
  noteDynamicEnd(env, call);
  if (outbound !== undefined) giveLineBack(env, outbound);
  leaveTable(env, call);
}

function leaveTable(env: CallEnvironment, call: Call): void {
  if (forgetCall(env.table, call)) env.callsUp--;
  if (call.watchLine >= 0) env.effects.releaseLine(call.watchLine);
  call.watchLine = -1;
  if (!call.linesHeld) return;
  call.linesHeld = false;
  env.effects.releaseLine(call.mapping.slot);
  env.effects.releaseLine(nodeSlot);
}

function hangUp(env: CallEnvironment, dialog: CallDialog, gone: CallDialog | undefined): void {
  closeReinvites(env, dialog);
  if (dialog === gone) {
    acknowledgeRest(env, dialog);
    forgetDialog(env.table, dialog);
    if (dialog.side === 'callee') env.transactions.terminateRequest(dialog.call.outbound!.parts);
    return;
  }
  // RFC 3261 15: no BYE towards the caller before the ACK of our 2xx, or before it is given up.
  if (dialog.resend !== undefined) dialog.resend.thenBye = true;
  else hangUpDialog(env, dialog);
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
