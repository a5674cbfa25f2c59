// How a call ends: its CDR, its lines, and what each side is told. Exactly once a call, on every path.
import { nodeSlot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { reasonLine } from '../sip/reason.ts';
import { abandonAttempt, giveLineBack } from './attempt-end.ts';
import type { AttemptFailure, Call, CallDialog } from './call.ts';
import { CallPhase } from './call.ts';
import { acknowledgeRest, hangUpDialog } from './call-dialog.ts';
import { settleCall } from './call-settlement.ts';
import { forgetCall, forgetDialog } from './call-table.ts';
import { noteAnswered, noteUnanswered } from './dynamic-lists.ts';
import { type CallEnvironment, wallTime } from './environment.ts';
import { failureStatus } from './failure-status.ts';
import { giveGroupLinesBack } from './group-lines.ts';
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
  call.protectTimer = env.wheel.cancel(call.protectTimer);
  const { outbound } = call;
  const { statusCode } = failure;
  // RFC 3261 9.2: a cancelled INVITE is answered 487.
  const sent = by === 'caller' ? statusCode : failureStatus(call, failure);
  const carrierCause = failure.by === 'callee' ? (outbound?.cause ?? 0) : 0;
  call.releaseCause = carrierCause || failure.reason.q850;
  if (outbound?.record.endReason === '') outbound.record.endReason = failure.reason.key;
  env.effects.count(Counter.callsFailed);
  call.cdr.sipCode = sent;
  closeCall(env, call, failure.reason, by);
  // By what became of the call, not by what the caller is told of it.
  noteUnanswered(env, call, statusCode);
  if (outbound !== undefined) abandonAttempt(env, outbound);
  // RFC 6432: a final response may say the cause.
  const headers = sent === statusCode ? failure.headers : '';
  sendFailure(env, call.inbound, sent, headers + reasonLine(call.releaseCause));
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
  call.releaseCause ||= end.reason.q850;
  env.callsAnsweredUp--;
  env.effects.count(Counter.callsEnded);
  call.durationTimer = env.wheel.cancel(call.durationTimer);
  call.cdr.sipCode = 200;
  closeCall(env, call, end.reason, end.by);
  noteAnswered(env, call);
  hangUp(env, call.caller!, gone);
  hangUp(env, call.callee!, gone);
}

/** First of all: whatever fails afterwards, the CDR is written, the lines are back, the table is clean. */
function closeCall(env: CallEnvironment, call: Call, reason: EndReason, by: EndedBy): void {
  const { cdr, outbound } = call;
  cdr.endedAt = wallTime(call, env.nowMs);
  cdr.endReason = reason.key;
  cdr.endedBy = by;
  if (cdr.answeredAt !== null) {
    cdr.holdTimeMs = Math.round(env.nowMs - call.answeredMs);
    env.effects.noteTalk(outbound!.gateway.slot, Math.round(cdr.holdTimeMs / 1000));
  }
  if (call.billing !== null) settleCall(env, call, call.billing, by);
  env.effects.recordEnd(cdr);
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
  giveGroupLinesBack(env.effects, call.mapping.groups);
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
