// The transaction user: takes each new request to the dialog it belongs to, or to the start of a call,
// and each response to the leg that asked.
import { identifyCaller, identifyPeer } from '../access/identify-peer.ts';
import { isRoutingAddress } from '../access/routing-addresses.ts';
import { takeReplyAnswer } from '../dialog/offer-answer.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { Hop } from '../sip/hop.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import type {
  CancelledInvite,
  ClientTransaction,
  ServerTransaction,
  TransactionUser,
} from '../transaction/transaction.ts';
import { optionsOutsideLines } from './allow.ts';
import { takeAck } from './answer-resend.ts';
import type { InboundLeg, OutboundLeg, Relay, Release } from './call.ts';
import { OwnerKind } from './call.ts';
import { setUpCall } from './call-control.ts';
import { hangUpDialog, sendAck } from './call-dialog.ts';
import { recordIllegalCall } from './call-record.ts';
import { findDialog, forgetDialog } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { payloadOf } from './header-policy.ts';
import { comesFromPeer, onInDialog } from './in-dialog.ts';
import { acceptCancel } from './inbound-leg.ts';
import { type CheckedGateway, onOptionsAnswer, onOptionsLost } from './options-check.ts';
import { onInviteLost, onInviteResponse } from './outbound-leg.ts';
import { cancelReinvite, dropUnheardReinvite } from './reinvite.ts';
import { onRelayLost, onRelayResponse } from './relay.ts';
import {
  extensionRefusal,
  inviteRefusal,
  isKnownSource,
  isRefusedUnderLoad,
  methodRefusal,
  refusalTowards,
  refuseAtScreen,
  refuseUnderLoad,
  refuseUnknownSource,
  schemeRefusal,
} from './request-screen.ts';
import { respond } from './respond.ts';
import { releaseTooLong } from './too-long.ts';

type Owner = InboundLeg | OutboundLeg | Relay | Release | CheckedGateway | undefined;

export function createTransactionUser(environment: () => CallEnvironment): TransactionUser {
  return {
    onRequest: (transaction, message, cancelled) =>
      onRequest(environment(), transaction, message, cancelled),
    onAck: (message, hop) => onAck(environment(), message, hop),
    onResponse: (transaction, message) => onResponse(environment(), transaction, message),
    onClientFailure: (transaction, why) => onClientFailure(environment(), transaction, why),
    refusalTowards: (source, statusCode) => refusalTowards(environment(), source, statusCode),
    // The call was over when the response went out; the transaction just ends.
    onAckTimeout: () => undefined,
  };
}

function onRequest(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
  cancelled: CancelledInvite,
): void {
  if (message.method === Method.CANCEL) onCancel(env, transaction, cancelled);
  else if (transaction.head.toTagged) onInDialog(env, transaction, message);
  else onOutOfDialog(env, transaction, message);
}

/** RFC 3261 9.2: matched by branch; 200 whether or not the INVITE can still be stopped. */
function onCancel(
  env: CallEnvironment,
  transaction: ServerTransaction,
  cancelled: CancelledInvite,
): void {
  if (cancelled === 'answered') {
    // Its final response crossed the CANCEL.
    if (isKnownSource(env, transaction)) respond(env, transaction, 200, '');
    else refuseUnknownSource(env, transaction);
    return;
  }
  if (cancelled === undefined || cancelled.hop.address !== transaction.hop.address) {
    if (cancelled !== undefined) env.effects.count(Counter.forgedInDialog);
    if (isKnownSource(env, transaction)) respond(env, transaction, 481, '');
    else refuseUnknownSource(env, transaction);
    return;
  }
  const owner = cancelled.owner as Owner;
  if (owner?.kind === OwnerKind.inboundLeg) {
    acceptCancel(env, owner, transaction);
    if (owner.call === undefined) return;
    env.current = owner.call;
    env.control.onCallerGaveUp(owner.call);
    return;
  }
  respond(env, transaction, 200, '');
  if (owner?.kind === OwnerKind.relay) {
    env.current = owner.from.call;
    cancelReinvite(env, owner);
  }
}

function onOutOfDialog(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const { method } = message;
  const { address, port } = transaction.source;
  const mapping =
    method === Method.INVITE
      ? identifyCaller(env.snapshot, address, port, message)
      : identifyPeer(env.snapshot, address, port);
  if (mapping === undefined) {
    const ping = method === Method.OPTIONS && isRoutingAddress(env.snapshot, address);
    if (ping) {
      respond(env, transaction, 200, optionsOutsideLines);
      return;
    }
    if (method === Method.INVITE) recordIllegalCall(env, transaction, message);
    refuseUnknownSource(env, transaction);
    return;
  }
  const refusal = methodRefusal(method) ?? schemeRefusal(message);
  if (refusal !== undefined) {
    refuseAtScreen(env, transaction, refusal);
  } else if (method === Method.OPTIONS) {
    answerOptions(env, transaction, message);
  } else if (isRefusedUnderLoad(env, mapping, message)) {
    refuseUnderLoad(env, transaction);
  } else {
    env.effects.count(Counter.invites);
    const invite = inviteRefusal(message);
    if (invite !== undefined) refuseAtScreen(env, transaction, invite);
    else setUpCall(env, transaction, message, mapping);
  }
}

/** RFC 3261 11.2: what an INVITE would be met with; here, that the switch is alive. */
function answerOptions(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const refusal = extensionRefusal(message);
  if (refusal !== undefined) refuseAtScreen(env, transaction, refusal);
  else if (env.draining) respond(env, transaction, 503, 'Retry-After: 30\r\n');
  else respond(env, transaction, 200, optionsOutsideLines);
}

function onAck(env: CallEnvironment, message: SipMessage, hop: Hop): void {
  const dialog = findDialog(env.table, message);
  if (dialog === undefined || !comesFromPeer(env, dialog, hop)) {
    env.effects.count(dialog === undefined ? Counter.strayAcks : Counter.forgedInDialog);
    return;
  }
  env.current = dialog.call;
  const resend = takeAck(env, dialog, message.cseq);
  if (resend === undefined) return;
  takeReplyAnswer(dialog, false);
  const { peer } = dialog;
  if (resend.thenBye) hangUpDialog(env, dialog);
  else if (resend.brings !== undefined && peer !== undefined) {
    const isWhole = sendAck(env, peer, resend.brings, payloadOf(message));
    // Acknowledged, but without the answer to its offer: that leg has no session.
    if (!isWhole) releaseTooLong(env, peer);
  }
}

function onResponse(
  env: CallEnvironment,
  transaction: ClientTransaction,
  message: SipMessage,
): void {
  const owner = transaction.owner as Owner;
  if (owner === undefined) return;
  switch (owner.kind) {
    case OwnerKind.outboundLeg:
      env.current = owner.call;
      return onInviteResponse(env, owner, message);
    case OwnerKind.relay:
      env.current = owner.to.call;
      return onRelayResponse(env, owner, message);
    case OwnerKind.release:
      if (message.statusCode >= 200) forgetReleased(env, owner);
      return;
    case OwnerKind.optionsCheck:
      return onOptionsAnswer(env, owner, message.statusCode);
    case OwnerKind.inboundLeg:
      return;
  }
}

function onClientFailure(
  env: CallEnvironment,
  transaction: ClientTransaction,
  why: 'timeout' | 'transport',
): void {
  const owner = transaction.owner as Owner;
  if (owner === undefined) return;
  switch (owner.kind) {
    case OwnerKind.outboundLeg:
      env.current = owner.call;
      return onInviteLost(env, owner, why);
    case OwnerKind.relay:
      env.current = owner.to.call;
      return onRelayLost(env, owner);
    case OwnerKind.release:
      return forgetReleased(env, owner);
    case OwnerKind.optionsCheck:
      return onOptionsLost(env, owner);
    case OwnerKind.inboundLeg:
      return;
  }
}

/** Our BYE is answered, or given up. */
function forgetReleased(env: CallEnvironment, release: Release): void {
  forgetDialog(env.table, release.dialog);
  dropUnheardReinvite(env, release.dialog);
  if (release.invite !== undefined) env.transactions.terminateRequest(release.invite);
}
