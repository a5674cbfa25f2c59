// Reliable provisional responses towards the caller (RFC 3262 3): numbered a fork, one at a time over all of
// them, each repeated until its PRACK, and dropped with the attempt they speak of.
import { takeInviteReply } from '../dialog/offer-answer.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { TimerName } from '../time/timer-name.ts';
import { resendDelayMs } from '../transaction/timer-values.ts';
import type { CallDialog, Fork, InboundLeg, ReliableProvisional } from './call.ts';
import type { CallEnvironment } from './environment.ts';

/** Reliable provisionals that may wait for the caller's PRACK; more are sent unreliably. */
export const reliableMax = 16;

/** RFC 3262 3 as corrected by its erratum 4600: the numbers of a fork are independent of any other fork's;
 *  they begin anywhere below 2^31 and each is one higher than the one before. A sequence over all forks
 *  would show each of them gaps, and the caller must not acknowledge what follows a gap (RFC 3262 4). */
export function nextRseq(env: CallEnvironment, fork: Fork): number {
  // 1 to 2^31 - 1.
  if (fork.callerRseq === 0) fork.callerRseq = env.identity.random32() % 0x7fff_ffff;
  fork.callerRseq++;
  return fork.callerRseq;
}

/** The next one waits until the one before has been acknowledged. */
export function queueReliable(
  env: CallEnvironment,
  leg: InboundLeg,
  reliable: ReliableProvisional,
): void {
  leg.reliable.push(reliable);
  if (leg.reliable.length === 1) sendFirst(env, leg);
}

function sendFirst(env: CallEnvironment, leg: InboundLeg): void {
  const first = leg.reliable[0];
  if (first === undefined || leg.transaction === undefined) return;
  const { statusCode, text, hasSdp, fork } = first;
  env.transactions.respond(leg.transaction, statusCode, text);
  takeInviteReply(fork.caller, { byUs: true, hasSdp, last: false });
  leg.resendIndex = 0;
  leg.giveUpAtMs = env.nowMs + env.transactions.timers.giveUpMs;
  arm(env, leg);
}

/** The last interval of the list repeats, up to the moment of giving up. */
function arm(env: CallEnvironment, leg: InboundLeg): void {
  const delayMs = resendDelayMs(env.transactions.timers, leg.resendIndex);
  const leftMs = leg.giveUpAtMs - env.nowMs;
  leg.resendTimer = env.wheel.arm(leg, TimerName.resendProvisional, Math.min(delayMs, leftMs));
}

/** The caller has not acknowledged yet: again, or give the call up after 64*T1 (RFC 3262 3). */
export function onReliableTimer(env: CallEnvironment, leg: InboundLeg): void {
  leg.resendTimer = 0;
  const first = leg.reliable[0];
  const { call, transaction } = leg;
  if (first === undefined || transaction === undefined || call === undefined) return;
  leg.resendIndex++;
  if (env.nowMs >= leg.giveUpAtMs) {
    env.control.onCallerLost(call);
    return;
  }
  env.effects.count(Counter.retransmissionsOut);
  env.effects.send(transaction.hop, first.text);
  arm(env, leg);
}

/** A PRACK in `dialog`: the provisional it acknowledges, whose resending stops. */
export function takePrack(
  env: CallEnvironment,
  dialog: CallDialog,
  rack: { rseq: number; cseq: number },
): ReliableProvisional | undefined {
  const { inbound: leg } = dialog.call;
  const first = leg.reliable[0];
  if (first === undefined || first.fork.caller !== dialog || !names(rack, first)) return undefined;
  leg.reliable.shift();
  leg.resendTimer = env.wheel.cancel(leg.resendTimer);
  sendFirst(env, leg);
  return first;
}

/** A PRACK for a provisional that was given up with its attempt: it only wants a 200. */
export function isLatePrack(dialog: CallDialog, rack: { rseq: number; cseq: number }): boolean {
  return dialog.latePrack !== undefined && names(rack, dialog.latePrack);
}

function names(rack: { rseq: number; cseq: number }, reliable: ReliableProvisional): boolean {
  return rack.rseq === reliable.rseq && rack.cseq === reliable.cseq;
}

/** These forks are over. The caller may have the first provisional and acknowledge it yet: its dialog
 *  lingers for as long as a PRACK is repeated. */
export function dropReliable(env: CallEnvironment, leg: InboundLeg, over: readonly Fork[]): void {
  const first = leg.reliable[0];
  if (first === undefined || over.length === 0) return;
  leg.reliable = leg.reliable.filter(({ fork }) => !over.includes(fork));
  if (leg.reliable[0] === first) return;
  leg.resendTimer = env.wheel.cancel(leg.resendTimer);
  const { caller } = first.fork;
  caller.latePrack = first;
  caller.peer = undefined;
  env.wheel.arm(caller, TimerName.callLinger, env.transactions.timers.giveUpMs);
  sendFirst(env, leg);
}

/** RFC 3262 3: no 2xx goes out while a provisional with a session description is unacknowledged. */
export function mustHoldAnswer(leg: InboundLeg): boolean {
  return leg.reliable.some(({ hasSdp }) => hasSdp);
}

/** RFC 3311 5.1: nobody may offer anew to a caller who has not acknowledged the provisional with the last
 *  session description. */
export function awaitsPrack(dialog: CallDialog): boolean {
  const { reliable } = dialog.call.inbound;
  return reliable.some(({ hasSdp, fork }) => hasSdp && fork.caller === dialog);
}

/** RFC 3262 3: after the final response nothing is repeated, but the PRACK of what was sent may come. */
export function stopReliable(env: CallEnvironment, leg: InboundLeg): void {
  leg.resendTimer = env.wheel.cancel(leg.resendTimer);
  if (leg.reliable.length > 1) leg.reliable.length = 1;
}
