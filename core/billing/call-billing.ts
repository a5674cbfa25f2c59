// Everybody who pays or is paid for one call: the customer, each agent above it, the vendor of a gateway.
// Terms are fixed when the call starts (findPayers, findVendor); the same terms then give the amounts to
// reserve (charge.ts) and, at the end, what everybody is charged and what is left over.
import { accountAt } from '../configuration/open-billing.ts';
import type { Account, Snapshot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { matchesAny } from '../number/number-pattern.ts';
import type { BillingRules } from './billing-rules.ts';
import { type Charge, chargeFor, type PayerTerms, payerTerms } from './charge.ts';
import type { PackageBalance } from './gifts.ts';
import { holdSeconds } from './hold-time.ts';
import { findRate, isRefusal, type LookedIn } from './rate-lookup.ts';

export interface Payer {
  readonly account: Account;
  readonly terms: PayerTerms;
}

/** A call as it is rated at its start. */
export interface RatedCall {
  /** Callee after the ingress dial plan, a byte string. */
  readonly callee: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface BillingState {
  readonly snapshot: Snapshot;
  readonly rules: BillingRules;
  /** What an account has left of its packages, in their order. */
  readonly packagesOf: (account: Account) => readonly PackageBalance[];
  readonly trace?: (account: Account, looked: LookedIn) => void;
}

export interface CallCharges {
  /** The customer's first, then those of the agents above. */
  readonly payers: readonly Charge[];
  /** Null where the gateway is not billed, or none took the call. */
  readonly vendor: Charge | null;
  /** What the customer pays less what the vendor gets. */
  readonly profit: bigint;
}

/** The customer and the agents above it, nearest first; or why nobody can pay for the call. */
export function findPayers(
  state: BillingState,
  accountRow: number,
  call: RatedCall,
): readonly Payer[] | EndReason {
  const { snapshot, rules, packagesOf, trace } = state;
  const { feeUnit } = rules;
  const rated = { number: ratedNumber(call.callee, rules), at: call.at, feeUnit };
  const free = isFree(call.callee, rules);
  const payers: Payer[] = [];
  // A checked document has no ring of agents.
  for (let row = accountRow; row >= 0; ) {
    const account = accountAt(snapshot, row);
    const question =
      trace === undefined ? rated : { ...rated, trace: (each: LookedIn) => trace(account, each) };
    const found = findRate(snapshot.billing, account, question);
    if (isRefusal(found)) return found;
    payers.push({ account, terms: payerTerms(found, free, packagesOf(account), rated) });
    row = account.agent;
  }
  return payers;
}

/** `calleeOut`: the number after the egress dial plan, where the gateway is rated by that. */
export function findVendor(
  state: BillingState,
  accountRow: number,
  call: RatedCall,
  calleeOut?: string,
): Payer | EndReason {
  const { snapshot, rules, packagesOf } = state;
  const account = accountAt(snapshot, accountRow);
  const number = calleeOut ?? ratedNumber(call.callee, rules);
  const rated = { number, at: call.at, feeUnit: rules.feeUnit };
  const found = findRate(snapshot.billing, account, rated);
  if (isRefusal(found)) return found;
  return { account, terms: payerTerms(found, false, packagesOf(account), rated) };
}

/** `reserved`: where the server ended the call, what each payer had reserved. */
export function chargeCall(
  payers: readonly Payer[],
  vendor: Payer | null,
  holdMs: number,
  ending: { readonly rules: BillingRules; readonly reserved?: readonly bigint[] },
): CallCharges {
  const { rules, reserved } = ending;
  const seconds = holdSeconds(holdMs, rules);
  const charges = payers.map(({ terms }, place) =>
    chargeFor(terms, seconds, rules.feeUnit, reserved?.[place]),
  );
  const cost = vendor === null ? null : chargeFor(vendor.terms, seconds, rules.feeUnit);
  return {
    payers: charges,
    vendor: cost,
    profit: (charges[0]?.fee ?? 0n) - (cost?.fee ?? 0n),
  };
}

/** The number that rates are looked up for. */
export function ratedNumber(callee: string, rules: BillingRules): string {
  return rules.ignoredDigits === 0 ? callee : callee.slice(rules.ignoredDigits);
}

/** Nobody but the vendor is paid for calls to these numbers. */
export function isFree(callee: string, rules: BillingRules): boolean {
  return matchesAny(rules.freeNumbers, callee) || isUnrecorded(callee, rules);
}

/** Calls to these numbers leave no row in the CDR tables. The number is the one that is rated, for it is what
 *  the CDR says of the number by which rows are left out (workers/cdr/row-rules.ts): whatever is charged has one. */
export function isUnrecorded(callee: string, rules: BillingRules): boolean {
  return matchesAny(rules.unrecordedNumbers, ratedNumber(callee, rules));
}
