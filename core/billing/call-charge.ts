// Fills the amounts of a call into its CDR: at the end of a running call, and from the terms of its answer
// record after a crash.
import type { AgentFee, CallTerms, Cdr, PartyTerms } from '../cdr/cdr.ts';
import { type Charge, chargeFor } from './charge.ts';
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
  if (charges.length === 1) return;
  const agentFees: AgentFee[] = [];
  for (let level = 1; level < charges.length; level++) {
    const { fee, billedSeconds } = charges[level]!;
    agentFees.push({ account: payers[level]!.account, fee, billedSeconds });
  }
  cdr.agentFees = agentFees;
}

export function fillCost(cdr: Cdr, cost: Charge): void {
  cdr.clearingBilledSeconds = cost.billedSeconds;
  cdr.cost = cost.fee;
}

/** What a payer has used of each gift that it held. */
export function addGiftUses(cdr: Cdr, { account, gifts = [] }: PartyTerms, charge: Charge): void {
  for (let place = 0; place < charge.giftUses.length; place++) {
    const { seconds } = charge.giftUses[place]!;
    if (seconds === 0) continue;
    const { item, day } = gifts[place]!;
    cdr.giftUses = [...(cdr.giftUses ?? []), { account, item, day, seconds, money: 0n }];
  }
}

/** An answered call that was closed for its dead worker: `cdr.holdTimeMs` is known by now. Its reservation
 *  was still sufficient then, so the amounts are at most what it held. */
export function chargeClosedCall(cdr: Cdr, terms: CallTerms): void {
  const seconds = holdSeconds(cdr.holdTimeMs, terms);
  const chargeOf = (party: PartyTerms): Charge =>
    chargeFor({ ...party, gifts: party.gifts ?? [], packages: [] }, seconds, terms.feeUnit);
  const charges = terms.payers.map(chargeOf);
  fillCharges(cdr, terms.payers, charges);
  for (const [place, charge] of charges.entries()) addGiftUses(cdr, terms.payers[place]!, charge);
  if (terms.vendor !== null) fillCost(cdr, chargeOf(terms.vendor));
}
