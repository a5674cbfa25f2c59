// Requests inside a dialog (RFC 3261 12.2.2): whether they are what they claim to be, and whether they are
// answered here or pass to the other leg.
import { isPeerOf } from '../access/identify-peer.ts';
import { isFromPeer, takeRemoteSeq } from '../dialog/dialog.ts';
import { offerGlare } from '../dialog/offer-answer.ts';
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { HeaderId } from '../sip/header-id.ts';
import type { Hop } from '../sip/hop.ts';
import { headerText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { parseRack } from '../sip/rack.ts';
import { q850Cause } from '../sip/reason.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { allowLine, optionsLines } from './allow.ts';
import { stopAnswerResend } from './answer-resend.ts';
import type { CallDialog } from './call.ts';
import { CallPhase } from './call.ts';
import { findDialog, forgetDialog } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { isSdp } from './header-policy.ts';
import { yieldReinvite } from './reinvite-backoff.ts';
import { relayPrack, relayRequest } from './relay.ts';
import { awaitsPrack, isLatePrack, takePrack } from './reliable-provisional.ts';
import {
  bodyRefusal,
  extensionRefusal,
  isKnownSource,
  refuseAtScreen,
  refuseUnknownSource,
  type ScreenRefusal,
} from './request-screen.ts';
import { respond } from './respond.ts';

export function onInDialog(
  env: CallEnvironment,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const dialog = findDialog(env.table, message);
  if (dialog === undefined) {
    refuseStranger(env, transaction, 481);
    return;
  }
  env.current = dialog.call;
  if (!comesFromPeer(env, dialog, transaction.source)) {
    env.effects.count(Counter.forgedInDialog);
    refuseStranger(env, transaction, 403);
    return;
  }
  // RFC 3261 12.2.2: an earlier request than the last one is out of order.
  if (!takeRemoteSeq(dialog, message.cseq)) {
    env.effects.count(Counter.forgedInDialog);
    respond(env, transaction, 500, '');
    return;
  }
  const refusal = hopsRefusal(message) ?? extensionRefusal(message) ?? bodyRefusal(message);
  if (refusal !== undefined) refuseAtScreen(env, transaction, refusal);
  else onDialogRequest(env, dialog, transaction, message);
}

/** `statusCode`: what a gateway of ours is told; anybody else learns and leaves nothing. */
function refuseStranger(
  env: CallEnvironment,
  transaction: ServerTransaction,
  statusCode: number,
): void {
  if (isKnownSource(env, transaction)) respond(env, transaction, statusCode, '');
  else refuseUnknownSource(env, transaction);
}

/** The signalling address of the leg, or another one of the same mapping gateway. */
export function comesFromPeer(env: CallEnvironment, dialog: CallDialog, hop: Hop): boolean {
  if (isFromPeer(dialog, hop.address)) return true;
  if (dialog.side !== 'caller') return false;
  return isPeerOf(env.snapshot, dialog.call.mapping.name, hop);
}

/** RFC 3261 16.3 step 3, RFC 7332: for what would go on to the other leg. */
function hopsRefusal(message: SipMessage): ScreenRefusal | undefined {
  const { method } = message;
  // Answered here, where it has arrived.
  if (method === Method.BYE || method === Method.OPTIONS) return undefined;
  return message.maxForwards === 0 ? { statusCode: 483, headers: '' } : undefined;
}

function onDialogRequest(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  switch (message.method) {
    case Method.BYE:
      return onBye(env, dialog, transaction, message);
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
function onBye(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const { call } = dialog;
  // RFC 3261 15: the called side hangs up only a confirmed dialog.
  if (!dialog.confirmed && dialog.side === 'callee') {
    respond(env, transaction, 481, '');
    return;
  }
  respond(env, transaction, 200, '');
  // Whoever hangs up wants no 2xx any more.
  stopAnswerResend(env, dialog);
  if (call.phase === CallPhase.ended) {
    // It crossed our own BYE.
    forgetDialog(env.table, dialog);
    return;
  }
  call.releaseCause = q850Cause(message);
  env.control.onReleased(dialog, EndReasons.normalRelease, dialog.side);
}

function onPrack(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  const rack = parseRack(headerText(message, HeaderId.rack) ?? '');
  if (rack === undefined || rack.method !== 'INVITE' || dialog.side !== 'caller') {
    respond(env, transaction, 481, '');
    return;
  }
  if (isLatePrack(dialog, rack)) {
    respond(env, transaction, 200, '');
    return;
  }
  const acknowledged = takePrack(env, dialog, rack);
  if (acknowledged === undefined) {
    // RFC 3262 3: a PRACK that matches no unacknowledged provisional.
    respond(env, transaction, 481, '');
  } else if (dialog.call.phase === CallPhase.ended) {
    respond(env, transaction, 200, '');
  } else {
    relayPrack(env, transaction, message, acknowledged);
    env.control.onAcknowledged(dialog.call);
  }
}

function onRelayable(
  env: CallEnvironment,
  dialog: CallDialog,
  transaction: ServerTransaction,
  message: SipMessage,
): void {
  if (dialog.call.phase === CallPhase.ended || dialog.peer === undefined) {
    respond(env, transaction, 481, '');
    return;
  }
  if (bringsOffer(message)) yieldReinvite(env, dialog);
  const refusal = glareStatus(dialog, message);
  if (refusal === 0) {
    relayRequest(env, dialog, transaction, message);
  } else {
    const headers = refusal === 500 ? retryAfterLine(env) : '';
    respond(env, transaction, refusal, headers);
  }
}

/** Or asks for one. */
function bringsOffer(message: SipMessage): boolean {
  const { method } = message;
  return method === Method.INVITE || (method === Method.UPDATE && isSdp(message));
}

/** RFC 3261 14.2, RFC 3311 5.2: a random time of 0 to 10 seconds, so that two that met part. */
function retryAfterLine(env: CallEnvironment): string {
  return `Retry-After: ${env.identity.random32() % 11}\r\n`;
}

/** RFC 3261 14.2, RFC 3311 5.2: an offer may not meet one that is still open: 500 where that one is the
 *  peer's own, 491 where it is ours, or open on the other leg. 0: it may go. */
function glareStatus(dialog: CallDialog, message: SipMessage): 0 | 491 | 500 {
  if (message.method === Method.INVITE) return inviteGlare(dialog);
  if (message.method !== Method.UPDATE) return 0;
  if (dialog.updateServer !== undefined) return 500;
  return isSdp(message) ? updateGlare(dialog) : 0;
}

function inviteGlare(dialog: CallDialog): 0 | 491 | 500 {
  if (!dialog.confirmed || dialog.inviteServer !== undefined) return 500;
  // Ours is in progress until its ACK (RFC 3261 14.1).
  if (dialog.inviteClient !== undefined || dialog.unacked !== undefined) return 491;
  const open = updateGlare(dialog);
  if (open !== 0) return open;
  // Our 2xx to the peer's own re-INVITE, or to the other leg's, still waits for its ACK.
  return dialog.resend !== undefined || dialog.peer?.resend !== undefined ? 491 : 0;
}

function updateGlare(dialog: CallDialog): 0 | 491 | 500 {
  const peer = dialog.peer!;
  const open = offerGlare(dialog);
  if (open !== 0) return open;
  // The two legs may differ for a while: a provisional that waits for the PRACK, an answer not yet passed.
  return offerGlare(peer) !== 0 || awaitsPrack(peer) ? 491 : 0;
}
