// The leg towards the caller, from the INVITE to the ACK of our 2xx: provisional responses with a tag
// for each of the carrier's forks, reliable where the caller wants it (RFC 3262), the final response.

import { takeInviteReply } from '../dialog/offer-answer.ts';
import { routeSetOf } from '../dialog/route-set.ts';
import { HeaderId } from '../sip/header-id.ts';
import { hasOptionTag, headerTag } from '../sip/header-values.ts';
import { headerText, type SipMessage } from '../sip/message.ts';
import { writeResponse, writeResponseWithBody } from '../sip/write-message.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { armAnswerResend } from './answer-resend.ts';
import type { Call, CallDialog, Fork, InboundLeg, InviteFacts, Payload } from './call.ts';
import { noPayload, OwnerKind } from './call.ts';
import { contactUri, sendPrack } from './call-dialog.ts';
import type { CallEnvironment, Progress } from './environment.ts';
import { displayPrefix, payloadOf, setupLines } from './header-policy.ts';
import { hopAddress, mintTag } from './local-identity.ts';
import { nextRseq, queueReliable, reliableMax, stopReliable } from './reliable-provisional.ts';
import { mayCarry } from './too-long.ts';

export function createInboundLeg(transaction: ServerTransaction | undefined): InboundLeg {
  return {
    kind: OwnerKind.inboundLeg,
    call: undefined,
    transaction,
    invite: undefined,
    reliable: [],
    resendIndex: 0,
    resendTimer: 0,
    giveUpAtMs: 0,
    held: undefined,
    heardTag: '',
  };
}

/** RFC 3261 8.2.6.2: one tag for all responses to a request, and (9.2) for that to its CANCEL. Where forks
 *  have early dialogs of their own it is the latest one's. */
function tagFor(env: CallEnvironment, leg: InboundLeg, { head }: ServerTransaction): string {
  if (head.toTagged) return '';
  leg.heardTag ||= mintTag(env.identity);
  return leg.heardTag;
}

/** 200 to the CANCEL of the leg's INVITE. */
export function acceptCancel(
  env: CallEnvironment,
  leg: InboundLeg,
  cancel: ServerTransaction,
): void {
  env.transactions.respond(
    cancel,
    200,
    writeResponse(cancel.head, 200, tagFor(env, leg, cancel), ''),
  );
}

/** Reads out of the INVITE what later messages need. `trusted`: identity headers may cross. */
export function inviteFacts(
  env: CallEnvironment,
  message: SipMessage,
  transaction: ServerTransaction,
  trusted: boolean,
): InviteFacts {
  const { source: hop } = transaction;
  const from = headerText(message, HeaderId.from) ?? '';
  const requires100rel = hasOptionTag(message, HeaderId.require, '100rel');
  return {
    from,
    fromTag: headerTag(message, HeaderId.from),
    to: headerText(message, HeaderId.to) ?? '',
    callId: transaction.mergeKey,
    // RFC 2543 callers may leave Contact out: later requests then go where the INVITE came from.
    contact: contactUri(message) || `sip:${hopAddress(hop)}`,
    routeSet: routeSetOf(message, HeaderId.recordRoute, false),
    hop,
    cseq: message.cseq,
    maxForwards: message.maxForwards,
    display: displayPrefix(from),
    payload: payloadOf(message),
    crossing: setupLines(message, trusted, env.identity.listeners[hop.listener]!.host),
    supports100rel: requires100rel || hasOptionTag(message, HeaderId.supported, '100rel'),
    requires100rel,
  };
}

export function sendTrying(env: CallEnvironment, transaction: ServerTransaction): void {
  const { head } = transaction;
  // RFC 3261 8.2.6.1: a 100 repeats the Timestamp and has no To tag of ours.
  env.transactions.respond(transaction, 100, writeResponse(head, 100, '', head.timestamp));
}

/** A provisional of the carrier's, towards the caller. False where it is too long and must reach him: one
 *  that nobody waits for is left out. */
export function sendProgress(
  env: CallEnvironment,
  call: Call,
  fork: Fork,
  progress: Progress,
): boolean {
  const { inbound } = call;
  const { transaction, invite } = inbound;
  if (transaction === undefined || invite === undefined) return true;
  const { contactLines } = env.identity.listeners[transaction.hop.listener]!;
  const { statusCode, payload, hasSdp } = progress;
  const headers = transaction.head.recordRoutes + contactLines + payload.lines;
  const { localTag } = fork.caller;
  inbound.heardTag = localTag;
  const { body } = payload;
  if (progress.rseq > 0 && invite.supports100rel && inbound.reliable.length < reliableMax) {
    const rseq = nextRseq(env, fork);
    const lines = `Require: 100rel\r\nRSeq: ${rseq}\r\n${headers}`;
    const text = writeResponseWithBody(transaction.head, statusCode, localTag, { lines, body });
    if (!mayCarry(env, transaction.hop, text)) return false;
    const { cseq } = invite;
    const carrierRseq = progress.rseq;
    queueReliable(env, inbound, { rseq, cseq, statusCode, text, hasSdp, fork, carrierRseq });
    return true;
  }
  // The caller will not acknowledge it: the carrier gets its PRACK from us (RFC 3262 4).
  if (progress.rseq > 0) sendPrack(env, fork, progress.rseq, { payload: noPayload });
  const content = { lines: headers, body };
  const text = writeResponseWithBody(transaction.head, statusCode, localTag, content);
  if (mayCarry(env, transaction.hop, text)) {
    env.transactions.respond(transaction, statusCode, text);
  }
  return true;
}

/** Our 2xx in `caller`, a fork's dialog. */
export function answerText(
  env: CallEnvironment,
  call: Call,
  caller: CallDialog,
  payload: Payload,
): string {
  const { head, hop } = call.inbound.transaction!;
  const { contactLines } = env.identity.listeners[hop.listener]!;
  return writeResponseWithBody(head, 200, caller.localTag, {
    lines: head.recordRoutes + contactLines + payload.lines,
    body: payload.body,
  });
}

/** Our 2xx: from here on the fork's dialog is the call's, and the 2xx repeats until the ACK. */
export function sendAnswer(
  env: CallEnvironment,
  call: Call,
  caller: CallDialog,
  answer: { text: string; hasSdp: boolean },
): void {
  const { inbound } = call;
  const transaction = inbound.transaction!;
  const { text, hasSdp } = answer;
  env.transactions.respond(transaction, 200, text);
  takeInviteReply(caller, { byUs: true, hasSdp, last: true });
  armAnswerResend(env, caller, {
    text,
    hop: transaction.hop,
    cseq: inbound.invite!.cseq,
    brings: call.outbound!.offered ? undefined : call.outbound!.ack,
  });
  closeInboundLeg(env, inbound);
}

/** The final failure the caller gets; `headers` are complete lines. */
export function sendFailure(
  env: CallEnvironment,
  leg: InboundLeg,
  statusCode: number,
  headers: string,
): void {
  const { transaction } = leg;
  if (transaction === undefined) return;
  const tag = tagFor(env, leg, transaction);
  const whole = writeResponse(transaction.head, statusCode, tag, headers);
  // The code is what matters.
  const text = mayCarry(env, transaction.hop, whole)
    ? whole
    : writeResponse(transaction.head, statusCode, tag, '');
  env.transactions.respond(transaction, statusCode, text);
  closeInboundLeg(env, leg);
}

/** The INVITE has its final response: nothing of it is needed any more. */
function closeInboundLeg(env: CallEnvironment, leg: InboundLeg): void {
  stopReliable(env, leg);
  if (leg.transaction !== undefined) leg.transaction.owner = undefined;
  leg.transaction = undefined;
  leg.invite = undefined;
}
