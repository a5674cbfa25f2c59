// What becomes of a call when a message of one leg is too long for the transport of the other: 65,507 bytes
// over UDP (core/sip/message-size.ts). The peer of that leg would wait in vain, and the call would stand until
// 64*T1 have passed. So it ends at once, or hunts on, by the reason of RFC 3261 21.4.11.
import { sipEndReason } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { Hop } from '../sip/hop.ts';
import { fitsHop } from '../sip/message-size.ts';
import type { AttemptFailure, CallDialog } from './call.ts';
import { CallPhase } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export const tooLongStatus = 513;

/** No gateway has said it: it is ours. */
export const tooLongFailure: AttemptFailure = {
  statusCode: tooLongStatus,
  reason: sipEndReason(tooLongStatus),
  by: 'server',
  headers: '',
};

/** Whether the message may go; counted where it may not. */
export function mayCarry(env: CallEnvironment, hop: Hop, text: string): boolean {
  if (fitsHop(hop, text.length)) return true;
  env.effects.count(Counter.sendTooLarge);
  return false;
}

/** What was agreed on one leg cannot be told on the other, where `dialog` is: they would go on with different
 *  sessions. */
export function releaseTooLong(env: CallEnvironment, dialog: CallDialog): void {
  const { call } = dialog;
  if (call.phase === CallPhase.answered) {
    if (dialog !== call.caller && dialog !== call.callee) return;
    env.control.onReleased(dialog, tooLongFailure.reason, 'server');
  } else if (call.phase === CallPhase.routing && call.outbound !== undefined) {
    env.control.onUndeliverable(call.outbound);
  }
}
