// Fills the amounts of a call into its CDR: at the end of a running call, and from the terms of its answer
// record after a crash.
import type { AgentFee, CallTerms, Cdr, PartyTerms, Usage } from '../cdr/cdr.ts';
import { type Charge, type ChargeTerms, chargeFor } from './charge.ts';
import { holdSeconds } from './hold-time.ts';

/** The customer's charge and those of the agents above him, nearest first. */
export function fillCharges(
  cdr: Cdr,
  payers: readonly PartyTerms[],
  charges: readonly Charge[],
): void {
  const own = charges[0];
  if (own === undefined) return;
  cdr.ratePrefix = payers[0]!.rate.prefix;
  cdr.billedSeconds = own.billedSeconds;
  cdr.fee = own.fee;
  cdr.tax = own.tax;
  cdr.packageSeconds = own.packageSeconds;
  cdr.giftFee = own.fee - own.fromBalance;
  if (charges.length === 1) return;
  const agentFees: AgentFee[] = [];
  for (let level = 1; level < charges.length; level++) {
    const { fee, fromBalance, billedSeconds } = charges[level]!;
    const { account } = payers[level]!;
    agentFees.push({ account, fee, giftFee: fee - fromBalance, billedSeconds });
  }
  cdr.agentFees = agentFees;
}

export function fillCost(cdr: Cdr, cost: Charge): void {
  cdr.clearingBilledSeconds = cost.billedSeconds;
  cdr.cost = cost.fee;
}

/** What a payer has used of each gift that it held, and what its packages count of the rest. */
export function addPackageUses(cdr: Cdr, party: PartyTerms, charge: Charge): void {
  const { account, gifts = [], giftMoney = [], spent = [] } = party;
  const uses: Usage[] = [];
  for (const [place, { seconds }] of charge.giftUses.entries()) {
    const { item, day } = gifts[place]!;
    if (seconds > 0) uses.push({ account, item, day, seconds, money: 0n });
  }
  for (const [place, { money }] of charge.giftMoneyUses.entries()) {
    const { item, day } = giftMoney[place]!;
    uses.push({ account, item, day, seconds: 0, money });
  }
  if (charge.fromBalance > 0n) {
    for (const { item, day } of spent) {
      uses.push({ account, item, day, seconds: 0, money: charge.fromBalance });
    }
  }
  if (uses.length > 0) cdr.packageUses = [...(cdr.packageUses ?? []), ...uses];
}

/** An answered call that was closed for its dead worker: `cdr.holdTimeMs` is known by now. Its reservation
 *  was still sufficient then, so the amounts are at most what it held. */
export function chargeClosedCall(cdr: Cdr, terms: CallTerms): void {
  const seconds = holdSeconds(cdr.holdTimeMs, terms);
  const chargeOf = (party: PartyTerms): Charge => chargeFor(heldBy(party), seconds, terms.feeUnit);
  const charges = terms.payers.map(chargeOf);
  fillCharges(cdr, terms.payers, charges);
  for (const [place, charge] of charges.entries()) {
    addPackageUses(cdr, terms.payers[place]!, charge);
  }
  if (terms.vendor !== null) fillCost(cdr, chargeOf(terms.vendor));
}

/** Of its gift money only the amounts matter here. */
function heldBy({ rate, free, gifts = [], giftMoney = [] }: PartyTerms): ChargeTerms {
  return {
    rate,
    free,
    gifts,
    giftMoney: giftMoney.map(({ item, money }) => ({ packageName: item, money })),
  };
}
