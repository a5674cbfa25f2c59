// A re-INVITE passed from one leg to the other (RFC 3261 14): its provisionals, its 2xx and the ACK, its
// CANCEL, and how long it may stay open.
import { refreshTarget } from '../dialog/dialog.ts';
import { OpenOffer, openOffer } from '../dialog/offer-answer.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { type RequestParts, writeRequest, writeResponseWithBody } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { allowLine } from './allow.ts';
import { armAnswerResend } from './answer-resend.ts';
import type { CallDialog, Payload, Relay } from './call.ts';
import { noPayload, RelayState } from './call.ts';
import { contactUri, repeatAck, sendAck } from './call-dialog.ts';
import type { CallEnvironment } from './environment.ts';
import { payloadOf } from './header-policy.ts';
import { backOff, giveUpRepeat, mayBackOff, repeatReinvite } from './reinvite-backoff.ts';
import { answerRelay, closeClient, releaseAfterFailure, takeServer } from './relay-answer.ts';
import { respond } from './respond.ts';
import { mayCarry, releaseTooLong, tooLongStatus } from './too-long.ts';

/** Timer C (RFC 3261 16.6 step 11 wants more than 3 minutes): the INVITE client transaction has no timer
 *  of its own in Proceeding. */
const timerCMs = 181_000;

export function armTimerC(env: CallEnvironment, relay: Relay): void {
  arm(env, relay, timerCMs);
}

function arm(env: CallEnvironment, relay: Relay, delayMs: number): void {
  relay.timer = env.wheel.cancel(relay.timer);
  relay.timer = env.wheel.arm(relay, TimerName.attempt, delayMs);
}

export function onReinviteResponse(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const { statusCode } = message;
  if (statusCode < 200) {
    onProvisional(env, relay, statusCode);
  } else if (statusCode < 300) {
    onSuccess(env, relay, message);
  } else if (statusCode === 491 && mayBackOff(relay)) {
    backOff(env, relay);
  } else {
    closeClient(env, relay);
    answerRelay(env, relay, message);
    releaseAfterFailure(env, relay, statusCode);
  }
}

function onProvisional(env: CallEnvironment, relay: Relay, statusCode: number): void {
  if (relay.state === RelayState.cancelling) {
    sendCancel(env, relay);
  } else if (relay.state <= RelayState.proceeding) {
    relay.state = RelayState.proceeding;
    // RFC 3261 16.7 step 2: a 101 to 199 starts timer C anew; not in a dialog that is over.
    if (statusCode > 100 && relay.server !== undefined) armTimerC(env, relay);
  }
}

function onSuccess(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const { to, ack } = relay;
  if (relay.state === RelayState.done) {
    repeatAck(env, to, ack);
    return;
  }
  closeClient(env, relay);
  refreshTarget(to, contactUri(message));
  to.unacked = ack;
  const server = takeServer(relay);
  // Nobody will bring an answer any more: acknowledge what came all the same (RFC 3261 13.2.2.4).
  const offered = relay.offer === OpenOffer.invite;
  if (offered || server === undefined) sendAck(env, to, ack, noPayload);
  else openOffer(to, OpenOffer.reply, false);
  if (server !== undefined) answerReinvite(env, relay, server, payloadOf(message));
}

function answerReinvite(
  env: CallEnvironment,
  relay: Relay,
  server: ServerTransaction,
  payload: Payload,
): void {
  const { from } = relay;
  const offered = relay.offer === OpenOffer.invite;
  const contact = env.identity.listeners[server.hop.listener]!.contact;
  const text = writeResponseWithBody(server.head, 200, '', {
    lines: contact + allowLine + payload.lines,
    body: payload.body,
  });
  if (!mayCarry(env, server.hop, text)) {
    // The other leg goes by the new session already.
    respond(env, server, tooLongStatus, '');
    releaseTooLong(env, from);
    return;
  }
  if (!offered) openOffer(from, OpenOffer.reply, true);
  refreshTarget(from, relay.contact);
  env.transactions.respond(server, 200, text);
  armAnswerResend(env, from, {
    text,
    hop: server.hop,
    cseq: server.cseq,
    brings: offered ? undefined : relay.ack,
  });
}

/** CANCEL of a re-INVITE: passed on, at once or at the first 1xx (RFC 3261 9.1); the 487 comes back as its
 *  final response (9.2). */
export function cancelReinvite(env: CallEnvironment, relay: Relay): void {
  if (relay.state === RelayState.calling) relay.state = RelayState.cancelling;
  else if (relay.state === RelayState.proceeding) sendCancel(env, relay);
  else if (relay.state === RelayState.backingOff) giveUpRepeat(env, relay, 487);
}

function sendCancel(env: CallEnvironment, relay: Relay): void {
  relay.state = RelayState.cancelled;
  const { client } = relay;
  const parts: RequestParts = { ...client.request, method: Method.CANCEL };
  env.transactions.request(client.hop, parts, writeRequest(parts, '', ''));
  arm(env, relay, env.transactions.timers.giveUpMs);
}

/** Timer C, no final response within 64*T1 of the CANCEL or of the end of the call, or the end of the wait
 *  after a 491. */
export function onReinviteTimer(env: CallEnvironment, relay: Relay): void {
  relay.timer = 0;
  if (relay.state === RelayState.backingOff) {
    repeatReinvite(env, relay);
    armTimerC(env, relay);
    return;
  }
  if (relay.server === undefined || relay.state === RelayState.cancelled) {
    loseReinvite(env, relay);
    return;
  }
  // RFC 3261 16.8: cancelled on one side, answered 408 on the other.
  respond(env, takeServer(relay)!, 408, '');
  arm(env, relay, env.transactions.timers.giveUpMs);
  cancelReinvite(env, relay);
}

/** RFC 3261 9.1: without a final response by now the transaction counts as cancelled. */
function loseReinvite(env: CallEnvironment, relay: Relay): void {
  closeClient(env, relay);
  env.transactions.terminate(relay.client);
  const server = takeServer(relay);
  if (server !== undefined) respond(env, server, 487, '');
  releaseAfterFailure(env, relay, 408);
}

/** The dialog ends. What the peer asked gets 487 (RFC 3261 15.1.2); what we asked gets a last while for its
 *  final response, so that this still finds its ACK. */
export function closeReinvites(env: CallEnvironment, dialog: CallDialog): void {
  const { inviteServer, inviteClient } = dialog;
  const server = inviteServer === undefined ? undefined : takeServer(inviteServer);
  if (server !== undefined) respond(env, server, 487, '');
  if (inviteClient?.state === RelayState.backingOff) closeClient(env, inviteClient);
  else if (inviteClient !== undefined) {
    arm(env, inviteClient, env.transactions.timers.giveUpMs);
  }
}

/** The peer has answered our BYE: a re-INVITE he has not heard of is not repeated to him any more. */
export function dropUnheardReinvite(env: CallEnvironment, dialog: CallDialog): void {
  const { inviteClient: relay } = dialog;
  if (relay === undefined) return;
  if (relay.state !== RelayState.calling && relay.state !== RelayState.cancelling) return;
  closeClient(env, relay);
  env.transactions.terminate(relay.client);
}
