// Makes the dialogs of a call and sends what belongs to the dialog alone: ACK, PRACK and BYE.
import { equalsText } from '../bytes/latin1.ts';
import { type Dialog, dialogRequest } from '../dialog/dialog.ts';
import { type OfferAnswer, OpenOffer, takeReplyAnswer } from '../dialog/offer-answer.ts';
import { requestHop, routeSetOf } from '../dialog/route-set.ts';
import { createAddressSpan, scanAddress } from '../sip/address-scan.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerStride, rowText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { nameAddrUri } from '../sip/name-addr.ts';
import { reasonLine } from '../sip/reason.ts';
import { type RequestParts, writeRequest } from '../sip/write-message.ts';
import type { ClientTransaction } from '../transaction/transaction.ts';
import type {
  Call,
  CallDialog,
  Fork,
  InviteFacts,
  OutboundLeg,
  OutgoingAck,
  Payload,
  Release,
} from './call.ts';
import { noPayload, OwnerKind } from './call.ts';
import { forgetDialog, keepDialog } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { mintBranch, mintTag } from './local-identity.ts';
import { dropReliable } from './reliable-provisional.ts';
import { mayCarry } from './too-long.ts';

/** Early dialogs one attempt may have; further forks share the last one. */
export const forksMax = 16;

const contact = createAddressSpan();

/** URI of the first Contact, '' when there is none. `known`: handed back where it is the same. */
export function contactUri(message: SipMessage, known: string = ''): string {
  const row = message.firstRow[HeaderId.contact]!;
  if (row < 0) return '';
  const { bytes, headers } = message;
  const at = row * headerStride;
  if (!scanAddress(bytes, headers[at + 3]!, headers[at + 4]!, contact)) {
    return nameAddrUri(rowText(message, row)); // a list, or nothing a URI could be had from
  }
  const { uriStart, uriEnd } = contact;
  if (equalsText(bytes, uriStart, uriEnd, known)) return known;
  return bytes.latin1Slice(uriStart, uriEnd);
}

/** A dialog towards the caller, with a tag of its own (RFC 3261 12.1.1). */
function callerDialog(env: CallEnvironment, call: Call, invite: InviteFacts): CallDialog {
  const localTag = mintTag(env.identity);
  return callDialog(call, 'caller', {
    callId: invite.callId,
    localTag,
    remoteTag: invite.fromTag,
    local: `${invite.to};tag=${localTag}`,
    remote: invite.from,
    remoteTarget: invite.contact,
    routeSet: invite.routeSet,
    hop: requestHop(invite.routeSet, invite.contact, invite.hop),
    peerAddress: invite.hop.address,
    localSeq: 0,
    remoteSeq: invite.cseq,
    openOffer: invite.payload.body === '' ? OpenOffer.dueInReply : OpenOffer.invite,
    offeredByUs: false,
  });
}

/** A dialog towards the carrier, from a response with a To tag (RFC 3261 12.1.2). */
function calleeDialog(leg: OutboundLeg, message: SipMessage, remoteTag: string): CallDialog {
  const { parts } = leg;
  const target = contactUri(message) || parts.requestUri;
  const routeSet = routeSetOf(message, HeaderId.recordRoute, true);
  return callDialog(leg.call, 'callee', {
    callId: parts.callId,
    localTag: leg.localTag,
    remoteTag,
    local: parts.from,
    remote: remoteTag === '' ? parts.to : `${parts.to};tag=${remoteTag}`,
    remoteTarget: target,
    routeSet,
    hop: requestHop(routeSet, target, leg.hop),
    peerAddress: leg.hop.address,
    localSeq: parts.cseq,
    remoteSeq: -1,
    openOffer: leg.offered ? OpenOffer.invite : OpenOffer.dueInReply,
    offeredByUs: true,
  });
}

/** The one shape of both. */
function callDialog(
  call: Call,
  side: 'caller' | 'callee',
  dialog: Dialog & OfferAnswer,
): CallDialog {
  return {
    slot: 0,
    callId: dialog.callId,
    localTag: dialog.localTag,
    remoteTag: dialog.remoteTag,
    local: dialog.local,
    remote: dialog.remote,
    remoteTarget: dialog.remoteTarget,
    routeSet: dialog.routeSet,
    hop: dialog.hop,
    peerAddress: dialog.peerAddress,
    localSeq: dialog.localSeq,
    remoteSeq: dialog.remoteSeq,
    call,
    side,
    peer: undefined,
    confirmed: false,
    inviteServer: undefined,
    updateServer: undefined,
    inviteClient: undefined,
    updateClient: undefined,
    resend: undefined,
    unacked: undefined,
    latePrack: undefined,
    openOffer: dialog.openOffer,
    offeredByUs: dialog.offeredByUs,
  };
}

/** The pair of early dialogs for this response's To tag, made when it is new; beyond `forksMax` the last one's. */
export function forkOf(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): Fork {
  for (const fork of leg.forks) if (fork.remoteTag === tag) return fork;
  if (leg.forks.length >= forksMax) return leg.forks[forksMax - 1]!;
  const callee = calleeDialog(leg, message, tag);
  const caller = callerDialog(env, leg.call, leg.call.inbound.invite!);
  callee.peer = caller;
  caller.peer = callee;
  keepDialog(env.table, callee);
  keepDialog(env.table, caller);
  const fork: Fork = { remoteTag: tag, callee, caller, lastRseq: 0, callerRseq: 0 };
  leg.forks = leg.forks.length === 0 ? [fork] : [...leg.forks, fork];
  return fork;
}

/** The pair of dialogs for the To tag of a 2xx: where there is room for no more, the oldest early one gives way. */
export function answeringFork(
  env: CallEnvironment,
  leg: OutboundLeg,
  message: SipMessage,
  tag: string,
): Fork {
  const { forks } = leg;
  if (forks.length >= forksMax && !forks.some(({ remoteTag }) => remoteTag === tag)) {
    leg.forks = forks.slice(1);
    forgetPairs(env, leg, forks.slice(0, 1));
  }
  return forkOf(env, leg, message, tag);
}

/** A dialog for a 2xx nobody waits for: a second fork's, or one that crossed our CANCEL. */
export function strayDialog(leg: OutboundLeg, message: SipMessage, tag: string): CallDialog {
  return calleeDialog(leg, message, tag);
}

/** `keep`: the fork that answered. A caller's dialog whose PRACK is still due lingers for it. */
export function forgetForks(env: CallEnvironment, leg: OutboundLeg, keep: Fork | undefined): void {
  if (leg.forks.length === 1 && leg.forks[0] === keep) return;
  const over = leg.forks.filter((fork) => fork !== keep);
  leg.forks = keep === undefined ? [] : [keep];
  forgetPairs(env, leg, over);
}

function forgetPairs(env: CallEnvironment, leg: OutboundLeg, over: readonly Fork[]): void {
  dropReliable(env, leg.call.inbound, over);
  for (const fork of over) {
    forgetDialog(env.table, fork.callee);
    if (fork.caller.latePrack === undefined) forgetDialog(env.table, fork.caller);
  }
}

/** The parts of our next request in a dialog. `cseq`: an ACK is given its INVITE's. */
export function nextRequest(
  env: CallEnvironment,
  dialog: Dialog,
  method: Method,
  known: { cseq?: number; maxForwards?: number } = {},
): RequestParts {
  return dialogRequest(dialog, method, {
    sentBy: env.identity.listeners[dialog.hop.listener]!.sentBy,
    branch: mintBranch(env.identity),
    cseq: known.cseq ?? ++dialog.localSeq,
    maxForwards: known.maxForwards ?? maxForwardsOwn,
  });
}

/** RFC 3261 8.1.1.6, for requests that begin here. */
const maxForwardsOwn = 70;

/** ACK of a 2xx: outside of any transaction, a new branch, the INVITE's CSeq (RFC 3261 13.2.2.4). False where
 *  it went without its payload, which is too long. */
export function sendAck(
  env: CallEnvironment,
  dialog: CallDialog,
  ack: OutgoingAck,
  payload: Payload,
): boolean {
  if (dialog.unacked === ack) {
    dialog.unacked = undefined;
    takeReplyAnswer(dialog, true);
  }
  const parts = nextRequest(env, dialog, Method.ACK, { cseq: ack.cseq });
  const text = writeRequest(parts, payload.lines, payload.body);
  const isWhole = payload === noPayload || mayCarry(env, dialog.hop, text);
  ack.payload = isWhole ? payload : noPayload;
  env.effects.send(dialog.hop, isWhole ? text : writeRequest(parts, '', ''));
  return isWhole;
}

/** The 2xx came again: the ACK was lost, or still waits for the one that brings the answer. */
export function repeatAck(env: CallEnvironment, dialog: CallDialog, ack: OutgoingAck): void {
  if (ack.payload !== undefined) sendAck(env, dialog, ack, ack.payload);
}

/** PRACK to the carrier, naming its RSeq (RFC 3262 7.2). `options.maxForwards`: of the PRACK passed on.
 *  undefined where it is too long. */
export function sendPrack(
  env: CallEnvironment,
  fork: Fork,
  rseq: number,
  options: { payload: Payload; maxForwards?: number },
): ClientTransaction | undefined {
  const { callee } = fork;
  const { payload, ...known } = options;
  const parts = nextRequest(env, callee, Method.PRACK, known);
  const cseq = callee.call.outbound!.parts.cseq;
  const headers = `RAck: ${rseq} ${cseq} INVITE\r\n${payload.lines}`;
  const text = writeRequest(parts, headers, payload.body);
  if (!mayCarry(env, callee.hop, text)) return undefined;
  return env.transactions.request(callee.hop, parts, text);
}

/** Hangs up one leg; a 2xx of the peer's that still waits for its ACK gets one before (RFC 3261 13.2.2.4). */
export function hangUpDialog(env: CallEnvironment, dialog: CallDialog): void {
  acknowledgeRest(env, dialog);
  sendBye(env, dialog);
}

/** Nobody will bring the answer that an ACK of ours waits for. */
export function acknowledgeRest(env: CallEnvironment, dialog: CallDialog): void {
  if (dialog.unacked !== undefined) sendAck(env, dialog, dialog.unacked, noPayload);
}

/** The dialog is forgotten when the BYE has been answered, so that a BYE of the peer's that crosses ours
 *  is still understood. */
export function sendBye(env: CallEnvironment, dialog: CallDialog): void {
  const { call } = dialog;
  const parts = nextRequest(env, dialog, Method.BYE);
  // Only the dialog that the call was answered with may end the INVITE: a stray fork has the same one.
  const invite = dialog === call.callee ? call.outbound!.parts : undefined;
  const release: Release = { kind: OwnerKind.release, dialog, invite };
  const text = writeRequest(parts, reasonLine(call.releaseCause), '');
  const client = env.transactions.request(dialog.hop, parts, text);
  client.owner = release;
}
