// The leg towards the caller, from the INVITE to the ACK of our 2xx: provisional responses with a tag
// for each of the carrier's forks, reliable where the caller wants it (RFC 3262), the final response.

import { routeSetOf } from '../dialog/route-set.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import { hasOptionTag, headerTag } from '../sip/header-values.ts';
import type { SipMessage } from '../sip/message.ts';
import { writeResponse, writeResponseWithBody } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { armAnswerResend } from './answer-resend.ts';
import type {
  Call,
  CallDialog,
  Fork,
  InboundLeg,
  InviteFacts,
  Payload,
  ReliableProvisional,
} from './call.ts';
import { OwnerKind } from './call.ts';
import { contactUri } from './call-dialog.ts';
import type { CallEnvironment, Progress } from './environment.ts';
import { displayPrefix, payloadOf, setupLines } from './header-policy.ts';
import { hopAddress, mintTag } from './local-identity.ts';
import { allowLine } from './outbound-leg.ts';

/** Reliable provisionals that may wait for the caller's PRACK; more are sent unreliably. */
const reliableMax = 16;

export function createInboundLeg(transaction: ServerTransaction): InboundLeg {
  const leg: InboundLeg = {
    kind: OwnerKind.inboundLeg,
    call: undefined,
    transaction,
    invite: undefined,
    reliable: [],
    nextRseq: 1,
    resendIndex: 0,
    resendTimer: 0,
  };
  transaction.owner = leg;
  return leg;
}

/** Reads out of the INVITE what later messages need. `trusted`: identity headers may cross. */
export function inviteFacts(
  env: CallEnvironment,
  message: SipMessage,
  transaction: ServerTransaction,
  trusted: boolean,
): InviteFacts {
  const { source: hop, head } = transaction;
  const requires100rel = hasOptionTag(message, HeaderId.require, '100rel');
  return {
    from: head.from,
    fromTag: headerTag(message, HeaderId.from),
    to: head.to,
    callId: transaction.mergeKey,
    // RFC 2543 callers may leave Contact out: later requests then go where the INVITE came from.
    contact: contactUri(message) || `sip:${hopAddress(hop)}`,
    routeSet: routeSetOf(message, HeaderId.recordRoute, false),
    hop,
    cseq: message.cseq,
    maxForwards: message.maxForwards < 0 ? 70 : message.maxForwards,
    display: displayPrefix(head.from),
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

/** A provisional of the carrier's, towards the caller. */
export function sendProgress(
  env: CallEnvironment,
  call: Call,
  fork: Fork,
  progress: Progress,
): void {
  const { transaction } = call.inbound;
  if (transaction === undefined) return;
  const { inbound } = call;
  const contact = env.identity.listeners[transaction.hop.listener]!.contact;
  const { statusCode, payload } = progress;
  const headers = transaction.head.recordRoutes + contact + allowLine + payload.lines;
  if (progress.rseq === 0 || inbound.reliable.length >= reliableMax) {
    const text = writeResponseWithBody(transaction.head, statusCode, fork.caller.localTag, {
      lines: headers,
      body: payload.body,
    });
    env.transactions.respond(transaction, statusCode, text);
    return;
  }
  const rseq = inbound.nextRseq++;
  const reliable: ReliableProvisional = {
    rseq,
    statusCode,
    text: writeResponseWithBody(transaction.head, statusCode, fork.caller.localTag, {
      lines: `Require: 100rel\r\nRSeq: ${rseq}\r\n${headers}`,
      body: payload.body,
    }),
    fork,
    carrierRseq: progress.rseq,
  };
  inbound.reliable.push(reliable);
  if (inbound.reliable.length === 1) sendReliable(env, inbound);
}

/** RFC 3262 3: the next reliable provisional waits until the one before has been acknowledged. */
function sendReliable(env: CallEnvironment, leg: InboundLeg): void {
  const first = leg.reliable[0];
  if (first === undefined || leg.transaction === undefined) return;
  env.transactions.respond(leg.transaction, first.statusCode, first.text);
  leg.resendIndex = 0;
  armReliable(env, leg);
}

function armReliable(env: CallEnvironment, leg: InboundLeg): void {
  const { resendMs } = env.transactions.timers;
  const delay = resendMs[Math.min(leg.resendIndex, resendMs.length - 1)]!;
  leg.resendTimer = env.wheel.arm(leg, TimerName.resendProvisional, delay);
}

/** The caller has not acknowledged yet: again, or give the call up after the last one (RFC 3262 3). */
export function onReliableTimer(env: CallEnvironment, leg: InboundLeg): void {
  leg.resendTimer = 0;
  const first = leg.reliable[0];
  const { call, transaction } = leg;
  if (first === undefined || transaction === undefined || call === undefined) return;
  leg.resendIndex++;
  if (leg.resendIndex >= env.transactions.timers.resendMs.length) {
    env.control.onCallerLost(call);
    return;
  }
  env.effects.count(Counter.retransmissionsOut);
  env.effects.send(transaction.hop, first.text);
  armReliable(env, leg);
}

/** A PRACK of the caller's: which reliable provisional it acknowledges (RFC 3262 3); stops its resending. */
export function takePrack(
  env: CallEnvironment,
  leg: InboundLeg,
  rack: { rseq: number; cseq: number },
): ReliableProvisional | undefined {
  const first = leg.reliable[0];
  if (first === undefined || first.rseq !== rack.rseq) return undefined;
  if (leg.invite === undefined || leg.invite.cseq !== rack.cseq) return undefined;
  leg.reliable.shift();
  leg.resendTimer = env.wheel.cancel(leg.resendTimer);
  sendReliable(env, leg);
  return first;
}

/** Our 2xx: from here on the fork's dialog is the call's, and the 2xx repeats until the ACK. */
export function sendAnswer(
  env: CallEnvironment,
  call: Call,
  caller: CallDialog,
  payload: Payload,
): void {
  const { inbound } = call;
  const transaction = inbound.transaction!;
  const contact = env.identity.listeners[transaction.hop.listener]!.contact;
  const text = writeResponseWithBody(transaction.head, 200, caller.localTag, {
    lines: transaction.head.recordRoutes + contact + allowLine + payload.lines,
    body: payload.body,
  });
  env.transactions.respond(transaction, 200, text);
  armAnswerResend(env, caller, {
    text,
    hop: transaction.hop,
    cseq: inbound.invite!.cseq,
    ackPeerCseq: call.outbound!.offered ? -1 : call.outbound!.parts.cseq,
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
  const tag = transaction.head.toTagged ? '' : mintTag(env.identity);
  env.transactions.respond(
    transaction,
    statusCode,
    writeResponse(transaction.head, statusCode, tag, headers),
  );
  closeInboundLeg(env, leg);
}

/** The INVITE has its final response: nothing of it is needed any more. */
function closeInboundLeg(env: CallEnvironment, leg: InboundLeg): void {
  leg.resendTimer = env.wheel.cancel(leg.resendTimer);
  leg.reliable.length = 0;
  if (leg.transaction !== undefined) leg.transaction.owner = undefined;
  leg.transaction = undefined;
  leg.invite = undefined;
}
