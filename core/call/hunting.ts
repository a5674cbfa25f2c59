// From gateway to gateway: the next candidate that can take the call, and when none is left the wait for the
// protect routes, in which those that had no room are asked again.
import { type EndReason, EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { candidatePassed, candidateTried, huntPassed, huntProtect } from '../routing/hunt.ts';
import { protectDelay } from '../routing/protect-delay.ts';
import { TimerName } from '../time/timer-name.ts';
import { AttemptStart, startAttempt } from './attempt-start.ts';
import type { AttemptFailure, Call } from './call.ts';
import { CallPhase } from './call.ts';
import { endUnanswered } from './call-ending.ts';
import type { CallEnvironment } from './environment.ts';
import { nextOf, protectRoutesNow } from './find-routes.ts';

/** Between two looks at the gateways that had no room. */
const lookAgainMs = 1000;

export function tryNextGateway(env: CallEnvironment, call: Call): void {
  if (startNext(env, call)) return;
  const { hunt } = call;
  if (hunt.protect.length > 0) {
    const leftMs = protectWaitMs(env, call);
    if (leftMs > 0) {
      const waitMs = hunt.passed.length === 0 ? leftMs : Math.min(leftMs, lookAgainMs);
      call.protectTimer = env.wheel.arm(call, TimerName.protectRoute, waitMs);
      return;
    }
    env.effects.count(Counter.protectTurns);
    huntProtect(hunt, protectRoutesNow(env, call));
    if (startNext(env, call)) return;
  }
  const failure = call.lastFailure ?? skippedFailure(call);
  endUnanswered(env, call, failure, failure.by);
}

export function onProtectTimer(env: CallEnvironment, call: Call): void {
  call.protectTimer = 0;
  if (call.phase !== CallPhase.routing) return;
  huntPassed(call.hunt);
  tryNextGateway(env, call);
}

/** Until the protect routes' turn; counted from the moment that no normal gateway was left. */
function protectWaitMs(env: CallEnvironment, { hunt, mapping, parameters }: Call): number {
  if (hunt.protectAtMs === 0) {
    hunt.protectAtMs = env.nowMs + protectDelay(parameters, mapping) * 1000;
  }
  return hunt.protectAtMs - env.nowMs;
}

function startNext(env: CallEnvironment, call: Call): boolean {
  const { hunt } = call;
  for (;;) {
    const candidate = nextOf(env, call, call.cdr.attempts.length);
    if (candidate === undefined) return false;
    switch (startAttempt(env, call, candidate)) {
      case AttemptStart.sent:
        candidateTried(hunt, candidate);
        return true;
      case AttemptStart.noRoom:
        candidatePassed(hunt, candidate);
        break;
      case AttemptStart.unfit:
        break;
    }
  }
}

/** No INVITE was sent. What a moment later may be otherwise is told before what will not. */
export function skippedFailure(call: Call): AttemptFailure {
  if (call.hunt.hadNoRoom) return allBusy;
  if (call.vendorShort) return vendorsShort;
  return call.numbersRefused === undefined ? allBusy : skippedAll(call.numbersRefused);
}

const allBusy = skippedAll(EndReasons.allGatewayBusy);
const vendorsShort = skippedAll(EndReasons.clearingAccountInsufficient);

function skippedAll(reason: EndReason): AttemptFailure {
  return { statusCode: reason.sipCode, reason, by: 'server', headers: '' };
}
