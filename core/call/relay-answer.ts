// How a relayed request ends: the answer that goes back, and what its failure means for the call
// (RFC 3261 12.2.1.2).
import { refreshTarget } from '../dialog/dialog.ts';
import { closeOffer, OpenOffer } from '../dialog/offer-answer.ts';
import { EndReasons, sipEndReason } from '../end-reason.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { writeResponseWithBody } from '../sip/write-message.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import { allowLine } from './allow.ts';
import type { Relay } from './call.ts';
import { CallPhase, RelayState } from './call.ts';
import type { CallEnvironment } from './environment.ts';
import { failureLines, payloadOf } from './header-policy.ts';
import { respond } from './respond.ts';
import { mayCarry, releaseTooLong, tooLongStatus } from './too-long.ts';

/** RFC 3261 12.2.1.2, RFC 3311 5: what moves the remote target. */
export function refreshesTarget(method: Method): boolean {
  return method === Method.INVITE || method === Method.UPDATE;
}

/** The other leg's final response, as ours. A challenge or a redirection is no business of this side. */
export function answerRelay(env: CallEnvironment, relay: Relay, message: SipMessage): void {
  const server = takeServer(relay);
  if (server === undefined) return;
  const { statusCode } = message;
  const strange =
    (statusCode >= 300 && statusCode < 400) || statusCode === 401 || statusCode === 407;
  const payload = payloadOf(message);
  let headers = payload.lines;
  if (statusCode >= 300) {
    headers = failureLines(message) + headers;
  } else if (relay.method === Method.UPDATE) {
    refreshTarget(relay.from, relay.contact);
    headers = env.identity.listeners[server.hop.listener]!.contact + allowLine + headers;
  }
  const status = strange ? 488 : statusCode;
  const text = writeResponseWithBody(server.head, status, '', {
    lines: headers,
    body: payload.body,
  });
  if (mayCarry(env, server.hop, text)) env.transactions.respond(server, status, text);
  else answerShort(env, relay, server, status);
}

/** Of a failure the code is enough. A success that says too much is none, and where it answers an offer the
 *  other leg already goes by it. */
function answerShort(
  env: CallEnvironment,
  relay: Relay,
  server: ServerTransaction,
  status: number,
): void {
  respond(env, server, status < 300 ? tooLongStatus : status, '');
  if (status < 300 && relay.offer !== OpenOffer.none) releaseTooLong(env, relay.from);
}

/** The server half, for its final response; undefined when it has had one. */
export function takeServer(relay: Relay): ServerTransaction | undefined {
  const { server, from } = relay;
  relay.server = undefined;
  closeOffer(from, relay.offer, false);
  if (from.inviteServer === relay) from.inviteServer = undefined;
  if (from.updateServer === relay) from.updateServer = undefined;
  return server;
}

/** The client half has its final response, or will have none. */
export function closeClient(env: CallEnvironment, relay: Relay): void {
  const { to } = relay;
  relay.state = RelayState.done;
  closeOffer(to, relay.offer, true);
  relay.timer = env.wheel.cancel(relay.timer);
  if (to.inviteClient === relay) to.inviteClient = undefined;
  if (to.updateClient === relay) to.updateClient = undefined;
}

/** RFC 3261 12.2.1.2: a 481 or 408, or no answer at all, ends the dialog; the call only where it is one of
 *  its two dialogs, not a losing fork's or a former gateway's. */
export function releaseAfterFailure(env: CallEnvironment, relay: Relay, statusCode: number): void {
  if (statusCode !== 481 && statusCode !== 408) return;
  if (!refreshesTarget(relay.method)) return;
  const { to } = relay;
  const { call } = to;
  if (call.phase !== CallPhase.answered || (to !== call.callee && to !== call.caller)) return;
  const reason = statusCode === 481 ? sipEndReason(481) : EndReasons.connectionTimeout;
  env.control.onReleased(to, reason, 'server');
}
