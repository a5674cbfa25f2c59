// What a call takes from whose account: the one place that says so, for the postings of the ledger, for the
// audit, and for what the engine must still subtract at its start.
import type { Cdr } from './cdr.ts';

export interface Charge {
  readonly account: string;
  /** Units of 10^-8. */
  readonly units: bigint;
}

const none: readonly Charge[] = [];

/** The account pays its fee less what gift money paid of it, each agent above it its own, the clearing account its
 *  cost. */
export function chargesOf(cdr: Cdr): readonly Charge[] {
  const { account, fee, giftFee, clearingAccount, cost, agentFees } = cdr;
  if (fee === null && cost === null && agentFees.length === 0) return none;
  const charges: Charge[] = [];
  if (account !== null && fee !== null && fee !== giftFee) {
    charges.push({ account, units: fee - giftFee });
  }
  for (const agent of agentFees) {
    const units = agent.fee - agent.giftFee;
    if (units !== 0n) charges.push({ account: agent.account, units });
  }
  if (clearingAccount !== null && cost !== null && cost !== 0n) {
    charges.push({ account: clearingAccount, units: cost });
  }
  return charges;
}
