// Requests inside a call: re-INVITE, UPDATE, PRACK, INFO and the like are made anew on the other leg and
// their final response comes back here (RFC 3261 12.2, 14; RFC 3311; RFC 6086). Offers and answers pass
// through unchanged.
import { refreshTarget } from '../dialog/dialog.ts';
import { OpenOffer, openOffer, takeReplyAnswer } from '../dialog/offer-answer.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { writeRequest, writeResponse } from '../sip/write-message.ts';
import type { ClientTransaction, ServerTransaction } from '../transaction/transaction.ts';
import { allowLine } from './allow.ts';
import type { CallDialog, Payload, Relay, ReliableProvisional } from './call.ts';
import { OwnerKind, RelayState } from './call.ts';
import { contactUri, nextRequest, sendPrack } from './call-dialog.ts';
import type { CallEnvironment } from './environment.ts';
import { inDialogLines, isSdp, payloadOf } from './header-policy.ts';
import { maxForwardsOut } from './max-forwards.ts';
import { armTimerC, onReinviteResponse } from './reinvite.ts';
import {
  answerRelay,
  closeClient,
  refreshesTarget,
  releaseAfterFailure,
  takeServer,
} from './relay-answer.ts';
import { respond } from './respond.ts';
import { mayCarry, releaseTooLong, tooLongStatus } from './too-long.ts';

/** Passes a request of `dialog` on to the other leg. The caller has checked CSeq, source, hops and glare. */
export function relayRequest(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const { method } = message;
  const peer = dialog.peer!;
  const payload = payloadOf(message);
  const maxForwards = maxForwardsOut(message.maxForwards);
  const parts = nextRequest(env, peer, method, { maxForwards });
  const lines = relayLines(env, peer, message, payload);
  const text = writeRequest(parts, lines, payload.body);
  if (!mayCarry(env, peer.hop, text)) {
    respond(env, transaction, tooLongStatus, '');
    return;
  }
  const client = env.transactions.request(peer.hop, parts, text);
  const relay = joinTransactions(dialog, transaction, client, message);
  if (method === Method.UPDATE) {
    dialog.updateServer = relay;
    peer.updateClient = relay;
  } else if (method === Method.INVITE) {
    dialog.inviteServer = relay;
    peer.inviteClient = relay;
    relay.repeat = { lines, body: payload.body, maxForwards };
    armTimerC(env, relay);
    // RFC 3261 8.2.6.1: the final answer takes as long as the other side takes.
    env.transactions.respond(transaction, 100, writeResponse(transaction.head, 100, '', ''));
  }
}

function joinTransactions(
  from: CallDialog,
  server: ServerTransaction,
  client: ClientTransaction,
  message: SipMessage,
): Relay {
  const to = from.peer!;
  const offer = offerOf(from, message);
  openOffer(from, offer, false);
  openOffer(to, offer, true);
  const relay: Relay = {
    kind: OwnerKind.relay,
    method: server.method,
    from,
    to,
    offer,
    contact: refreshesTarget(server.method) ? contactUri(message) : '',
    server,
    client,
    state: RelayState.calling,
    timer: 0,
    ack: { cseq: client.request.cseq, payload: undefined },
    repeat: undefined,
  };
  server.owner = relay;
  client.owner = relay;
  return relay;
}

/** The offer that a request opens. What a PRACK brings is an answer where an offer is open, and while an
 *  offer of another exchange is, nothing that this side could judge. */
function offerOf(from: CallDialog, message: SipMessage): OpenOffer {
  switch (message.method) {
    case Method.INVITE:
      return message.bodyEnd > message.bodyStart ? OpenOffer.invite : OpenOffer.dueInReply;
    case Method.UPDATE:
      return isSdp(message) ? OpenOffer.update : OpenOffer.none;
    case Method.PRACK:
      return isSdp(message) && from.openOffer === OpenOffer.none ? OpenOffer.prack : OpenOffer.none;
    default:
      return OpenOffer.none;
  }
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
  acknowledged: ReliableProvisional,
): void {
  const { fork, carrierRseq } = acknowledged;
  const maxForwards = maxForwardsOut(message.maxForwards);
  const client = sendPrack(env, fork, carrierRseq, { payload: payloadOf(message), maxForwards });
  if (client === undefined) {
    // The carrier would repeat its provisional until it gives up the call.
    respond(env, transaction, tooLongStatus, '');
    releaseTooLong(env, fork.callee);
    return;
  }
  joinTransactions(fork.caller, transaction, client, message);
  if (isSdp(message)) {
    takeReplyAnswer(fork.caller, false);
    takeReplyAnswer(fork.callee, true);
  }
}

export function onRelayResponse(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  if (relay.method === Method.INVITE) {
    onReinviteResponse(env, relay, message);
    return;
  }
  const { statusCode } = message;
  if (statusCode < 200) return;
  closeClient(env, relay);
  if (statusCode < 300 && refreshesTarget(relay.method)) {
    refreshTarget(relay.to, contactUri(message));
  }
  answerRelay(env, relay, message);
  releaseAfterFailure(env, relay, statusCode);
}

/** The other leg never answered. */
export function onRelayLost(env: CallEnvironment, relay: Relay): void {
  closeClient(env, relay);
  const server = takeServer(relay);
  if (server !== undefined) {
    // RFC 4320 4.2: nobody waits for a 408 to a non-INVITE after this time.
    if (relay.method === Method.INVITE) respond(env, server, 408, '');
    else env.transactions.terminate(server);
  }
  releaseAfterFailure(env, relay, 408);
}
