// After a failed attempt: may the call go on to the next gateway. A pure table; which gateway comes next
// is hunt.ts. An answered call never comes here.
import type { Parameters } from '../configuration/model.ts';
import type { Override, RoutingGateway } from '../configuration/snapshot.ts';

export interface AttemptOutcome {
  /** `cancelled`: the caller gave up. */
  readonly kind: 'timeout' | 'transport' | 'response' | 'cancelled';
  /** Final code of the attempt; 0 where none came. */
  readonly sipCode: number;
  /** Q.850 cause of its Reason header (RFC 3326); 0 where it has none. */
  readonly cause: number;
  /** A 180, or another 18x but 183, came from this gateway. */
  readonly ringing: boolean;
  /** A provisional response with SDP came from this gateway. */
  readonly sdpSeen: boolean;
  /** INVITEs sent to gateways for this call, this one among them. */
  readonly attemptsMade: number;
}

const userBusy = 17;

/** The gateway that failed decides: a chain ends at the first that does not let go. */
export function mayTryNext(
  outcome: AttemptOutcome,
  gateway: RoutingGateway,
  parameters: Parameters,
): boolean {
  if (outcome.kind === 'cancelled') return false;
  const limit = parameters.SS_GATEWAY_SWITCH_LIMIT;
  if (limit > 0 && outcome.attemptsMade >= limit) return false;
  const untilConnect = gateway.switchUntilConnect || parameters.SS_GATEWAY_SWITCH_UNTIL_CONNECT;
  if (parameters.SS_GATEWAY_SWITCH_STRICT && !untilConnect) return false;
  // The caller has heard this gateway's media; a second one would replace it mid-sound.
  const afterSdp = !parameters.SS_SIP_STOP_SWITCH_AFTER_SDP;
  if (outcome.sdpSeen && !allows(gateway.switchAllowSdp, afterSdp)) return false;
  if (outcome.ringing && !allows(gateway.switchAllowRing, untilConnect)) return false;
  return outcome.kind !== 'response' || codeAllowsNext(outcome, gateway, parameters);
}

function codeAllowsNext(
  { sipCode, cause }: AttemptOutcome,
  gateway: RoutingGateway,
  parameters: Parameters,
): boolean {
  if (sipCode < 300 || gateway.stopCodes.includes(sipCode)) return false;
  // A loop (482, 483) that went on to the next gateway would fan out at every round.
  if (sipCode === 482 || sipCode === 483) return false;
  if (sipCode === 486 || sipCode === 600 || cause === userBusy) {
    return allows(gateway.switchAllowBusy, !parameters.SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY);
  }
  // 3xx and challenges (401, 407) are failures of this gateway like any other: no recursion.
  return true;
}

function allows(own: Override, otherwise: boolean): boolean {
  return own === -1 ? otherwise : own === 1;
}
