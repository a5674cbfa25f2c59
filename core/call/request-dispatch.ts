// The transaction user: takes each new request to the dialog it belongs to, or to the start of a call,
// and each response to the leg that asked.
import { identifyPeer } from '../access/identify-peer.ts';
import { isRoutingAddress } from '../access/routing-addresses.ts';
import { isFromPeer, takeRemoteSeq } from '../dialog/dialog.ts';
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import type { Hop } from '../sip/hop.ts';
import { headerText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { parseRack } from '../sip/rack.ts';
import type {
  ClientTransaction,
  ServerTransaction,
  TransactionUser,
} from '../transaction/transaction.ts';
import { takeAck } from './answer-resend.ts';
import type { CallDialog, InboundLeg, OutboundLeg, Relay, Release } from './call.ts';
import { CallPhase, OwnerKind } from './call.ts';
import { setUpCall } from './call-control.ts';
import { sendAck, sendBye } from './call-dialog.ts';
import { findDialog, forgetDialog } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { isSdp, payloadOf } from './header-policy.ts';
import { takePrack } from './inbound-leg.ts';
import { allowLine, onInviteLost, onInviteResponse } from './outbound-leg.ts';
import { cancelRelay, onRelayLost, onRelayResponse, relayPrack, relayRequest } from './relay.ts';
import {
  bodyRefusal,
  extensionRefusal,
  inviteRefusal,
  isRefusedUnderLoad,
  methodRefusal,
  refuseAtScreen,
  refuseUnderLoad,
  refuseUnknownSource,
  schemeRefusal,
} from './request-screen.ts';
import { respond } from './respond.ts';

/** Seconds a peer waits before it repeats a request that came at a bad moment (RFC 3261 14.2). */
const retryAfterSeconds = 2;

type Owner = InboundLeg | OutboundLeg | Relay | Release | undefined;

export function createTransactionUser(environment: () => CallEnvironment): TransactionUser {
  return {
    onRequest: (transaction, message, cancelled) =>
      onRequest(environment(), transaction, message, cancelled),
    onAck: (message, hop) => onAck(environment(), message, hop),
    onResponse: (transaction, message) => onResponse(environment(), transaction, message),
    onClientFailure: (transaction, why) => onClientFailure(environment(), transaction, why),
    // The call was over when the response went out; the transaction just ends.
    onAckTimeout: () => undefined,
  };
}

function onRequest(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
  cancelled: ServerTransaction | undefined,
): void {
  if (message.method === Method.CANCEL) onCancel(env, transaction, cancelled);
  else if (transaction.head.toTagged) onInDialog(env, transaction, message);
  else onOutOfDialog(env, transaction, message);
}

/** RFC 3261 9.2: matched by branch; 200 whether or not the INVITE can still be stopped. */
function onCancel(
  env: CallEnvironment,
  transaction: ServerTransaction,
  cancelled: ServerTransaction | undefined,
): void {
  if (cancelled === undefined || cancelled.hop.address !== transaction.hop.address) {
    if (cancelled !== undefined) env.effects.count(Counter.forgedInDialog);
    respond(env, transaction, 481, '');
    return;
  }
  respond(env, transaction, 200, '');
  const owner = cancelled.owner as Owner;
  if (owner?.kind === OwnerKind.relay) {
    env.current = owner.from.call;
    cancelRelay(env, owner);
  } else if (owner?.kind === OwnerKind.inboundLeg && owner.call !== undefined) {
    env.current = owner.call;
    env.control.onCallerGaveUp(owner.call);
  }
}

function onOutOfDialog(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const { method } = message;
  const { address, port } = transaction.source;
  const mapping = identifyPeer(env.snapshot, address, port);
  if (mapping === undefined) {
    const ping = method === Method.OPTIONS && isRoutingAddress(env.snapshot, address);
    if (ping) respond(env, transaction, 200, optionsLines);
    else refuseUnknownSource(env, transaction);
    return;
  }
  const refusal = methodRefusal(method) ?? schemeRefusal(message);
  if (refusal !== undefined) {
    refuseAtScreen(env, transaction, refusal);
  } else if (method === Method.OPTIONS) {
    answerOptions(env, transaction, message);
  } else if (isRefusedUnderLoad(env)) {
    refuseUnderLoad(env, transaction);
  } else {
    env.effects.count(Counter.invites);
    const invite = inviteRefusal(message);
    if (invite !== undefined) refuseAtScreen(env, transaction, invite);
    else setUpCall(env, transaction, message, mapping);
  }
}

const optionsLines = `${allowLine}Accept: application/sdp\r\nSupported: 100rel\r\n`;

/** RFC 3261 11.2: what an INVITE would be met with; here, that the switch is alive. */
function answerOptions(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const refusal = extensionRefusal(message);
  if (refusal !== undefined) refuseAtScreen(env, transaction, refusal);
  else if (env.draining) respond(env, transaction, 503, 'Retry-After: 30\r\n');
  else respond(env, transaction, 200, optionsLines);
}

function onInDialog(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const dialog = findDialog(env.table, message);
  if (dialog === undefined) {
    respond(env, transaction, 481, '');
    return;
  }
  env.current = dialog.call;
  if (!comesFromPeer(env, dialog, transaction.source)) {
    env.effects.count(Counter.forgedInDialog);
    respond(env, transaction, 403, '');
    return;
  }
  // RFC 3261 12.2.2: an earlier request than the last one is out of order.
  if (!takeRemoteSeq(dialog, message.cseq)) {
    env.effects.count(Counter.forgedInDialog);
    respond(env, transaction, 500, '');
    return;
  }
  const refusal = extensionRefusal(message) ?? bodyRefusal(message);
  if (refusal !== undefined) refuseAtScreen(env, transaction, refusal);
  else onDialogRequest(env, dialog, transaction, message);
}

/** The signalling address of the leg, or another one of the same mapping gateway. */
function comesFromPeer(env: CallEnvironment, dialog: CallDialog, hop: Hop): boolean {
  if (isFromPeer(dialog, hop.address)) return true;
  if (dialog.side !== 'caller') return false;
  return identifyPeer(env.snapshot, hop.address, hop.port)?.name === dialog.call.mapping.name;
}

function onDialogRequest(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  switch (message.method) {
    case Method.BYE:
      return onBye(env, dialog, transaction);
    case Method.OPTIONS:
      return respond(env, transaction, 200, optionsLines);
    case Method.PRACK:
      return onPrack(env, dialog, transaction, message);
    case Method.INVITE:
    case Method.UPDATE:
    case Method.INFO:
    case Method.MESSAGE:
    case Method.NOTIFY:
      return onRelayable(env, dialog, transaction, message);
    case Method.REFER:
      return refuseAtScreen(env, transaction, { statusCode: 603, headers: '' });
    case Method.unknown:
      return refuseAtScreen(env, transaction, { statusCode: 501, headers: allowLine });
    default:
      return refuseAtScreen(env, transaction, { statusCode: 405, headers: allowLine });
  }
}

/** Answered at once; the other leg is hung up beside it. */
function onBye(env: CallEnvironment, dialog: CallDialog, transaction: ServerTransaction): void {
  const { call } = dialog;
  // RFC 3261 15: the called side hangs up only a confirmed dialog.
  if (!dialog.confirmed && dialog.side === 'callee') {
    respond(env, transaction, 481, '');
    return;
  }
  respond(env, transaction, 200, '');
  if (call.phase === CallPhase.ended) {
    // It crossed our own BYE.
    forgetDialog(env.table, dialog);
    return;
  }
  env.control.onReleased(dialog, EndReasons.normalRelease, dialog.side);
}

function onPrack(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const rack = parseRack(headerText(message, HeaderId.rack) ?? '');
  const acknowledged =
    rack === undefined || rack.method !== 'INVITE' || dialog.side !== 'caller'
      ? undefined
      : takePrack(env, dialog.call.inbound, rack);
  // RFC 3262 3: a PRACK that matches no unacknowledged provisional.
  if (acknowledged === undefined) respond(env, transaction, 481, '');
  else relayPrack(env, transaction, message, acknowledged);
}

function onRelayable(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const refusal = glareStatus(dialog, message);
  if (dialog.call.phase === CallPhase.ended || dialog.peer === undefined) {
    respond(env, transaction, 481, '');
  } else if (refusal === 491) {
    respond(env, transaction, 491, '');
  } else if (refusal === 500) {
    respond(env, transaction, 500, `Retry-After: ${retryAfterSeconds}\r\n`);
  } else {
    relayRequest(env, dialog, transaction, message);
  }
}

/** RFC 3261 14.2, RFC 3311 5.2: an offer may not meet one that is still open. 0: it may go. */
function glareStatus(dialog: CallDialog, message: SipMessage): 0 | 491 | 500 {
  const invite = message.method === Method.INVITE;
  const offer = invite || (message.method === Method.UPDATE && isSdp(message));
  if (!offer) return 0;
  if (invite && !dialog.confirmed) return 500;
  if (dialog.inviteServer !== undefined) return 500;
  if (dialog.inviteClient !== undefined) return 491;
  // Our 2xx to the peer's own re-INVITE, or to the other leg's, still waits for its ACK.
  if (invite && (dialog.resend !== undefined || dialog.peer?.resend !== undefined)) return 491;
  return 0;
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
  const { peer } = dialog;
  if (resend.thenBye) sendBye(env, dialog);
  else if (resend.ackPeerCseq >= 0 && peer !== undefined) {
    sendAck(env, peer, resend.ackPeerCseq, payloadOf(message));
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
    case OwnerKind.inboundLeg:
      return;
  }
}

function forgetReleased(env: CallEnvironment, release: Release): void {
  forgetDialog(env.table, release.dialog);
  if (release.invite !== undefined) env.transactions.terminateRequest(release.invite);
}
