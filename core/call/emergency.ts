// Calls to SS_EMERGENCY_E164S: no limit of lines, calls a second, prices or fraud refuses them, nor anybody's balance,
// nor a rule about numbers at either side, nor the time that they waited in an overloaded worker. They are free of
// charge, and go through where the account is locked or expired. Gateways that are locked stay so, and a node that
// drains or cannot write CDRs takes none.
import type { Call } from './call.ts';

/** 0 is no limit: what is taken is counted all the same. */
export function limitOf(call: Call, limit: number): number {
  return call.emergency ? 0 : limit;
}
