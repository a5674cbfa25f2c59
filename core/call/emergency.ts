// Calls to SS_EMERGENCY_E164S: no limit of lines, calls a second or fraud refuses them, nor anybody's balance, nor
// the time that they waited in an overloaded worker. They are free of charge. Accounts and gateways that are
// locked stay so, and a node that drains or cannot write CDRs takes none.
import { matchesAny } from '../billing/number-pattern.ts';
import type { Parameters } from '../configuration/model.ts';
import type { Call } from './call.ts';

export function isEmergency({ SS_EMERGENCY_E164S: numbers }: Parameters, callee: string): boolean {
  return numbers.length > 0 && matchesAny(numbers, callee);
}

/** 0 is no limit: what is taken is counted all the same. */
export function limitOf(call: Call, limit: number): number {
  return call.emergency ? 0 : limit;
}
