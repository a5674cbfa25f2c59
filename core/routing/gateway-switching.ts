// After a failed attempt: may the call go on to the next gateway. A pure table; which gateway comes next
// is candidate-gateways.ts. An answered call never comes here.
import type { Parameters } from '../configuration/model.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';

export interface AttemptOutcome {
  /** `cancelled`: the caller gave up. */
  readonly kind: 'timeout' | 'transport' | 'response' | 'cancelled';
  /** Final code of the attempt; 0 where none came. */
  readonly sipCode: number;
  /** An 18x came from this gateway. */
  readonly ringing: boolean;
  /** A provisional response with SDP came from this gateway. */
  readonly sdpSeen: boolean;
  /** INVITEs sent to gateways for this call, this one among them. */
  readonly attemptsMade: number;
}

export function mayTryNext(
  outcome: AttemptOutcome,
  gateway: RoutingGateway,
  parameters: Parameters,
): boolean {
  if (outcome.kind === 'cancelled') return false;
  const limit = parameters.SS_GATEWAY_SWITCH_LIMIT;
  if (limit > 0 && outcome.attemptsMade >= limit) return false;
  // The caller has heard this gateway's media; a second one would replace it mid-sound.
  if (outcome.sdpSeen && parameters.SS_SIP_STOP_SWITCH_AFTER_SDP) return false;
  if (outcome.ringing && !switchesUntilConnect(gateway, parameters)) return false;
  return outcome.kind !== 'response' || codeAllowsNext(outcome.sipCode, gateway, parameters);
}

function switchesUntilConnect(gateway: RoutingGateway, parameters: Parameters): boolean {
  return gateway.switchUntilConnect || parameters.SS_GATEWAY_SWITCH_UNTIL_CONNECT;
}

function codeAllowsNext(sipCode: number, gateway: RoutingGateway, parameters: Parameters): boolean {
  // RFC 3261 21.6: a 6xx speaks for the called party everywhere.
  if (sipCode < 300 || sipCode >= 600) return false;
  // A loop (482, 483) that went on to the next gateway would fan out at every round.
  if (sipCode === 482 || sipCode === 483) return false;
  if (sipCode === 486 && parameters.SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY) return false;
  // 3xx and challenges (401, 407) are failures of this gateway like any other: no recursion.
  return !gateway.stopCodes.includes(sipCode);
}
