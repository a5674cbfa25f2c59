// A 2xx to an INVITE is ours to repeat until its ACK comes, on every transport (RFC 3261 13.3.1.4). When
// 64*T1 have passed without one, the call is over: the 32-second drop.
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { Hop } from '../sip/hop.ts';
import { TimerName } from '../time/timer-name.ts';
import { resendDelayMs } from '../transaction/timer-values.ts';
import type { AnswerResend, CallDialog, OutgoingAck } from './call.ts';
import { hangUpDialog } from './call-dialog.ts';
import type { CallEnvironment } from './environment.ts';

export interface SentAnswer {
  readonly text: string;
  readonly hop: Hop;
  readonly cseq: number;
  /** See AnswerResend. */
  readonly brings: OutgoingAck | undefined;
}

export function armAnswerResend(env: CallEnvironment, dialog: CallDialog, sent: SentAnswer): void {
  const resend: AnswerResend = {
    dialog,
    text: sent.text,
    hop: sent.hop,
    cseq: sent.cseq,
    index: 0,
    timer: 0,
    giveUpAtMs: env.nowMs + env.transactions.timers.giveUpMs,
    brings: sent.brings,
    thenBye: false,
  };
  dialog.resend = resend;
  arm(env, resend);
}

/** The last interval of the list repeats, up to the moment of giving up. */
function arm(env: CallEnvironment, resend: AnswerResend): void {
  const delayMs = resendDelayMs(env.transactions.timers, resend.index);
  const leftMs = resend.giveUpAtMs - env.nowMs;
  resend.timer = env.wheel.arm(resend, TimerName.resend2xx, Math.min(delayMs, leftMs));
}

export function onAnswerResendTimer(env: CallEnvironment, resend: AnswerResend): void {
  resend.timer = 0;
  const { dialog } = resend;
  resend.index++;
  if (env.nowMs >= resend.giveUpAtMs) {
    dialog.resend = undefined;
    if (resend.thenBye) hangUpDialog(env, dialog);
    else env.control.onReleased(dialog, EndReasons.sessionTimeout, 'server');
    return;
  }
  env.effects.count(Counter.retransmissionsOut);
  env.effects.send(resend.hop, resend.text);
  arm(env, resend);
}

/** The ACK for our 2xx. Returns what it was for, once. */
export function takeAck(
  env: CallEnvironment,
  dialog: CallDialog,
  cseq: number,
): AnswerResend | undefined {
  const { resend } = dialog;
  if (resend === undefined || resend.cseq !== cseq) return undefined;
  stopAnswerResend(env, dialog);
  return resend;
}

export function stopAnswerResend(env: CallEnvironment, dialog: CallDialog): void {
  if (dialog.resend === undefined) return;
  dialog.resend.timer = env.wheel.cancel(dialog.resend.timer);
  dialog.resend = undefined;
}
