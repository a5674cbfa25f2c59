// Who pays for a call, found when it is set up: the account of the mapping gateway and the agents above it,
// whether they may call, at which rates, their lines and what is set aside of their money. A call of a
// gateway without an account has none of it. The steps' order is setup-order.ts.
import { accountLineSlot } from '../admission/line-limits.ts';
import { findPayers, isFree, ratedNumber } from '../billing/call-billing.ts';
import { reserveStakes } from '../billing/day-stake.ts';
import { type Party, paidSeconds, partyOf, reserveAll } from '../billing/reservation.ts';
import { accountAt } from '../configuration/open-billing.ts';
import type { Account } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import type { Call, CallBilling } from './call.ts';
import { limitOf } from './emergency.ts';
import type { CallEnvironment } from './environment.ts';
import { holdPackages } from './package-holds.ts';

/** Without payers: for a call of which only the carrier is paid. */
export function createBilling(env: CallEnvironment, accounts: readonly Account[]): CallBilling {
  return {
    rules: env.billing.rules,
    accounts,
    free: false,
    payers: noParties,
    parties: noParties,
    linesHeld: 0,
    timer: 0,
    fraud: null,
  };
}

/** Why the account, or an agent above it, may not call now. Validity is from `startsAt` to `expiresAt`. */
export function findAccounts(env: CallEnvironment, call: Call): EndReason | undefined {
  const accounts: Account[] = [];
  for (let row = call.mapping.accountRow; row >= 0; ) {
    const account = accountAt(env.snapshot, row);
    const reason = closedReason(account, env.node, call.cdr.startedAt);
    if (reason !== undefined) return reason;
    accounts.push(account);
    row = account.agent;
  }
  if (accounts.length === 0) return EndReasons.accountNotFound;
  call.billing = createBilling(env, accounts);
  call.cdr.billedParty = 'caller';
  return undefined;
}

/** The money of an account with a node is set aside there: here it would be spent a second time. */
export function closedReason(account: Account, node: string, at: number): EndReason | undefined {
  if (account.node !== '' && account.node !== node) return EndReasons.accountNotFound;
  if (account.locked) return EndReasons.accountLocked;
  const isOpen = account.startsAt <= at && at < account.expiresAt;
  return isOpen ? undefined : EndReasons.accountExpired;
}

/** Free numbers need no rate and no money (reference 2.1, 14). */
export function findRates(
  env: CallEnvironment,
  call: Call,
  billing: CallBilling,
): EndReason | undefined {
  const { cdr } = call;
  const rated = { callee: call.calleeRouted, at: cdr.startedAt };
  cdr.calleeBilling = ratedNumber(rated.callee, billing.rules);
  billing.free = call.emergency || isFree(rated.callee, billing.rules);
  if (billing.free) {
    cdr.billedSeconds = 0;
    cdr.fee = 0n;
    cdr.tax = 0n;
    return undefined;
  }
  const found = findPayers(env.billing, call.mapping.accountRow, rated);
  if ('sipCode' in found) return found;
  if (found[0]!.terms.rate.callType > call.mapping.callLevel) {
    return EndReasons.authorizationLimited;
  }
  cdr.ratePrefix = found[0]!.terms.rate.prefix;
  billing.payers = found.map(partyOf);
  for (const [place, account] of billing.accounts.entries()) {
    if (account.packages.length === 0) continue;
    const held = { number: cdr.calleeBilling, at: cdr.startedAt, rules: billing.rules };
    holdPackages(env, account, billing.payers[place]!, held);
  }
  billing.parties = billing.payers;
  return undefined;
}

/** One line of every account, or none. */
export function takeAccountLines(env: CallEnvironment, call: Call, billing: CallBilling): boolean {
  for (const { slot, lineLimit } of billing.accounts) {
    if (!env.effects.acquireLine(accountLineSlot(slot), limitOf(call, lineLimit))) {
      giveAccountLinesBack(env, billing);
      return false;
    }
    billing.linesHeld++;
  }
  return true;
}

export function giveAccountLinesBack(env: CallEnvironment, billing: CallBilling): void {
  for (let place = 0; place < billing.linesHeld; place++) {
    env.effects.releaseLine(accountLineSlot(billing.accounts[place]!.slot));
  }
  billing.linesHeld = 0;
}

/** The time that a call reserves ahead, where everybody can; else the first step that costs something. */
export function setMoneyAside(env: CallEnvironment, billing: CallBilling): EndReason | undefined {
  const short = setAsideAhead(env, billing, billing.payers);
  if (short < 0) return undefined;
  return short === 0 ? EndReasons.insufficientBalance : EndReasons.agentInsufficientBalance;
}

/** -1; or the place of the party that cannot pay the first step. */
export function setAsideAhead(
  env: CallEnvironment,
  { rules }: CallBilling,
  parties: readonly Party[],
): number {
  if (parties.length === 0) return -1;
  const { effects } = env;
  if (reserveAll(effects, parties, Math.max(1, rules.advanceSeconds), rules) < 0) return -1;
  return reserveAll(effects, parties, 1, rules);
}

/** What the call has set aside, of money and of the days of fraud limits, ends at this hold second. */
export function paidSecondsOf({ parties, fraud }: CallBilling): number {
  const paid = paidSeconds(parties);
  return fraud === null ? paid : Math.min(paid, paidSeconds(fraud.stakes));
}

/** -1; or the place of the party that has no more, fraud limits behind the parties. */
export function reserveTo(env: CallEnvironment, billing: CallBilling, seconds: number): number {
  const { parties, fraud, rules } = billing;
  const short = reserveAll(env.effects, parties, seconds, rules);
  if (short >= 0 || fraud === null) return short;
  const blocked = reserveStakes(env.effects, fraud.stakes, seconds, rules);
  return blocked < 0 ? -1 : parties.length + blocked;
}

/** Shared by all calls: lists of parties are replaced, never changed. */
const noParties: readonly Party[] = [];
