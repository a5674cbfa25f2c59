// Requests inside a call: re-INVITE, UPDATE, PRACK, INFO and the like are made anew on the other leg and
// their final response comes back here (RFC 3261 12.2, 14; RFC 3311; RFC 6086). Offers and answers pass
// through unchanged, so whoever asked also backs off after a 491 (RFC 3261 14.1).
import { refreshTarget } from '../dialog/dialog.ts';
import { EndReasons, sipEndReason } from '../end-reason.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import {
  type RequestParts,
  writeRequest,
  writeResponse,
  writeResponseWithBody,
} from '../sip/write-message.ts';
import type { ClientTransaction, ServerTransaction } from '../transaction/transaction.ts';
import { armAnswerResend } from './answer-resend.ts';
import type { CallDialog, Fork, Payload, Relay } from './call.ts';
import { CallPhase, noPayload, OwnerKind } from './call.ts';
import { contactUri, nextRequest, sendAck } from './call-dialog.ts';
import type { CallEnvironment } from './environment.ts';
import { failureLines, inDialogLines, payloadOf } from './header-policy.ts';
import { allowLine, sendPrack } from './outbound-leg.ts';
import { respond } from './respond.ts';

/** Passes a request of `dialog` on to the other leg. The caller has checked CSeq, source and glare. */
export function relayRequest(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const { method } = message;
  const peer = dialog.peer!;
  const payload = payloadOf(message);
  const parts = nextRequest(env, peer, method);
  const text = writeRequest(parts, relayLines(env, peer, message, payload), payload.body);
  const client = env.transactions.request(peer.hop, parts, text);
  const relay = joinTransactions(dialog, transaction, client, payload);
  if (refreshesTarget(method)) refreshTarget(dialog, contactUri(message));
  if (method !== Method.INVITE) return;
  dialog.inviteServer = transaction;
  peer.inviteClient = relay.client;
  // RFC 3261 8.2.6.1: the final answer takes as long as the other side takes.
  env.transactions.respond(transaction, 100, writeResponse(transaction.head, 100, '', ''));
}

function joinTransactions(
  from: CallDialog,
  server: ServerTransaction,
  client: ClientTransaction,
  payload: Payload,
): Relay {
  const relay: Relay = {
    kind: OwnerKind.relay,
    method: server.method,
    from,
    to: from.peer!,
    offered: payload.body !== '',
    server,
    client,
  };
  server.owner = relay;
  client.owner = relay;
  return relay;
}

/** RFC 3261 12.2.1.2, RFC 3311 5: what moves the remote target. */
function refreshesTarget(method: Method): boolean {
  return method === Method.INVITE || method === Method.UPDATE;
}

function relayLines(
  env: CallEnvironment,
  to: CallDialog,
  message: SipMessage,
  payload: Payload,
): string {
  if (!refreshesTarget(message.method)) return inDialogLines(message) + payload.lines;
  return env.identity.listeners[to.hop.listener]!.contact + allowLine + payload.lines;
}

/** The caller's PRACK, towards the fork whose provisional it acknowledges (RFC 3262 7). */
export function relayPrack(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
  acknowledged: { fork: Fork; carrierRseq: number },
): void {
  const { fork, carrierRseq } = acknowledged;
  const payload = payloadOf(message);
  const cseq = fork.callee.call.outbound!.parts.cseq;
  const client = sendPrack(env, fork, { rseq: carrierRseq, cseq }, payload);
  joinTransactions(fork.caller, transaction, client, payload);
}

export function onRelayResponse(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const { statusCode } = message;
  if (statusCode < 200) return;
  if (relay.method === Method.INVITE) onInviteResponse(env, relay, message);
  else onOtherResponse(env, relay, message);
  if (statusCode === 481 || statusCode === 408) releaseAfterFailure(env, relay, statusCode);
}

function onInviteResponse(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const { to } = relay;
  const { statusCode } = message;
  const { request } = relay.client!;
  if (statusCode >= 300) {
    if (to.inviteClient === relay.client) to.inviteClient = undefined;
    answerRelay(env, relay, message);
    return;
  }
  if (to.inviteClient !== relay.client) {
    repeatAck(env, relay, request);
    return;
  }
  to.inviteClient = undefined;
  refreshTarget(to, contactUri(message));
  const over = relay.server === undefined;
  // Nobody will bring an answer any more: acknowledge what came all the same (RFC 3261 13.2.2.4).
  if (relay.offered || over) sendAck(env, to, request.cseq, noPayload);
  if (!over) answerReinvite(env, relay, payloadOf(message), request.cseq);
}

/** A 2xx again: our ACK was lost, or waits for the one that brings the answer. */
function repeatAck(env: CallEnvironment, relay: Relay, request: RequestParts): void {
  const { to } = relay;
  if (to.ackCseq === request.cseq) sendAck(env, to, request.cseq, to.ackPayload ?? noPayload);
}

function answerReinvite(
  env: CallEnvironment,
  relay: Relay,
  payload: Payload,
  peerCseq: number,
): void {
  const server = relay.server!;
  const { from } = relay;
  const contact = env.identity.listeners[server.hop.listener]!.contact;
  const cseq = Number.parseInt(server.head.cseq, 10);
  const text = writeResponseWithBody(server.head, 200, '', {
    lines: contact + allowLine + payload.lines,
    body: payload.body,
  });
  env.transactions.respond(server, 200, text);
  from.inviteServer = undefined;
  relay.server = undefined;
  armAnswerResend(env, from, {
    text,
    hop: server.hop,
    cseq,
    ackPeerCseq: relay.offered ? -1 : peerCseq,
  });
}

function onOtherResponse(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  if (message.statusCode < 300 && refreshesTarget(relay.method)) {
    refreshTarget(relay.to, contactUri(message));
  }
  answerRelay(env, relay, message);
}

/** The other leg's final response, as ours. A challenge or a redirection is no business of this side. */
function answerRelay(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const { server } = relay;
  if (server === undefined) return;
  relay.server = undefined;
  if (relay.from.inviteServer === server) relay.from.inviteServer = undefined;
  const { statusCode } = message;
  const strange =
    (statusCode >= 300 && statusCode < 400) || statusCode === 401 || statusCode === 407;
  const payload = payloadOf(message);
  let headers = payload.lines;
  if (statusCode >= 300) headers = failureLines(message) + headers;
  else if (relay.method === Method.UPDATE) {
    headers = env.identity.listeners[server.hop.listener]!.contact + allowLine + headers;
  }
  const status = strange ? 488 : statusCode;
  env.transactions.respond(
    server,
    status,
    writeResponseWithBody(server.head, status, '', { lines: headers, body: payload.body }),
  );
}

/** RFC 3261 12.2.1.2: a 481 or 408, or no answer at all, ends the dialog. */
function releaseAfterFailure(env: CallEnvironment, relay: Relay, statusCode: number): void {
  if (relay.method !== Method.INVITE && relay.method !== Method.UPDATE) return;
  if (relay.to.call.phase !== CallPhase.answered) return;
  const reason = statusCode === 481 ? sipEndReason(481) : EndReasons.connectionTimeout;
  env.control.onReleased(relay.to, reason, 'server');
}

/** The other leg never answered. */
export function onRelayLost(env: CallEnvironment, relay: Relay): void {
  const { server, to } = relay;
  if (to.inviteClient === relay.client) to.inviteClient = undefined;
  relay.server = undefined;
  if (server !== undefined) {
    if (relay.from.inviteServer === server) relay.from.inviteServer = undefined;
    // RFC 4320 4.2: nobody waits for a 408 to a non-INVITE after this time.
    if (relay.method === Method.INVITE) respond(env, server, 408, '');
    else env.transactions.terminate(server);
  }
  releaseAfterFailure(env, relay, 408);
}

/** CANCEL of a re-INVITE: passed on; the 487 comes back as its final response (RFC 3261 9.2). */
export function cancelRelay(env: CallEnvironment, relay: Relay): void {
  const { client, to } = relay;
  if (client === undefined || to.inviteClient !== client) return;
  const parts: RequestParts = { ...client.request, method: Method.CANCEL };
  env.transactions.request(client.hop, parts, writeRequest(parts, '', ''));
}

/** RFC 3261 15.1.2: requests still pending in a dialog that ends get a 487. */
export function refusePendingInvite(env: CallEnvironment, dialog: CallDialog): void {
  const { inviteServer } = dialog;
  if (inviteServer === undefined) return;
  dialog.inviteServer = undefined;
  const relay = inviteServer.owner as Relay;
  relay.server = undefined;
  respond(env, inviteServer, 487, '');
}
