// Who pays what for a call, as its CDR says: the account its fee, each agent above its own, the clearing
// account its cost.
import type { Cdr } from '../../core/cdr/cdr.ts';

/** Adds the call's charges to the sums by account. */
export function addCharges(sums: Map<string, bigint>, cdr: Cdr): void {
  if (cdr.account !== null && cdr.fee !== null) add(sums, cdr.account, cdr.fee);
  if (cdr.clearingAccount !== null && cdr.cost !== null) add(sums, cdr.clearingAccount, cdr.cost);
  for (const { account, fee } of cdr.agentFees) add(sums, account, fee);
}

function add(sums: Map<string, bigint>, account: string, units: bigint): void {
  if (units !== 0n) sums.set(account, (sums.get(account) ?? 0n) + units);
}
