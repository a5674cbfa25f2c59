// A re-INVITE of ours that met another one: the peer answered 491 (RFC 3261 14.1). Whoever asked on the other
// leg waits while we back off and repeat it once; a second 491 goes back to him. The wait is that of 14.1,
// so it differs from the peer's own: 2.1 to 4 seconds where the Call-ID is ours, else up to 2 seconds. What the peer
// asks for in the meantime goes first, and who waited gets the 491 after all: his re-INVITE would meet it.
import { Counter } from '../metrics/counter-layout.ts';
import { Method } from '../sip/method.ts';
import { writeRequest } from '../sip/write-message.ts';
import { TimerName } from '../time/timer-name.ts';
import type { CallDialog, Relay } from './call.ts';
import { CallPhase, RelayState } from './call.ts';
import { nextRequest } from './call-dialog.ts';
import type { CallEnvironment } from './environment.ts';
import { closeClient, takeServer } from './relay-answer.ts';
import { respond } from './respond.ts';

/** RFC 3261 14.1: random, in units of 10 ms. */
const unitMs = 10;
const ownerMsMin = 2100;
const ownerMsMax = 4000;
const otherMsMax = 2000;

/** Once a re-INVITE, and only while somebody waits for its answer. */
export function mayBackOff(relay: Relay): boolean {
  const { server, state, repeat, to } = relay;
  return (
    server !== undefined &&
    repeat !== undefined &&
    state <= RelayState.proceeding &&
    to.call.phase === CallPhase.answered
  );
}

export function backOff(env: CallEnvironment, relay: Relay): void {
  relay.state = RelayState.backingOff;
  relay.timer = env.wheel.cancel(relay.timer);
  relay.timer = env.wheel.arm(relay, TimerName.attempt, backOffMs(env, relay.to));
}

/** We made the Call-ID of the carrier's leg, the caller that of his. */
function backOffMs(env: CallEnvironment, dialog: CallDialog): number {
  const isOwner = dialog.side === 'callee';
  const minMs = isOwner ? ownerMsMin : 0;
  const maxMs = isOwner ? ownerMsMax : otherMsMax;
  return minMs + (env.identity.random32() % ((maxMs - minMs) / unitMs + 1)) * unitMs;
}

/** The wait is over: the same offer with the next number (RFC 3261 14.1). */
export function repeatReinvite(env: CallEnvironment, relay: Relay): void {
  const { to } = relay;
  const { lines, body, maxForwards } = relay.repeat!;
  relay.repeat = undefined;
  const parts = nextRequest(env, to, Method.INVITE, { maxForwards });
  relay.state = RelayState.calling;
  relay.ack = { cseq: parts.cseq, payload: undefined };
  relay.client = env.transactions.request(to.hop, parts, writeRequest(parts, lines, body));
  relay.client.owner = relay;
  env.effects.count(Counter.reinvitesRepeated);
}

/** The peer of `dialog` offers something himself. */
export function yieldReinvite(env: CallEnvironment, dialog: CallDialog): void {
  const { inviteClient: relay } = dialog;
  if (relay?.state === RelayState.backingOff) giveUpRepeat(env, relay, 491);
}

export function giveUpRepeat(env: CallEnvironment, relay: Relay, statusCode: 487 | 491): void {
  closeClient(env, relay);
  const server = takeServer(relay);
  if (server !== undefined) respond(env, server, statusCode, '');
}
