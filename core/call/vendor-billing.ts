// What the carrier of an attempt is paid: its account is open, its rate known, a line of the account and the
// money for the first step taken before the INVITE leaves, and given back when nothing came of it. A carrier
// whose account cannot pay is skipped (reference 6.6).
import { accountLineSlot } from '../admission/line-limits.ts';
import { findVendor } from '../billing/call-billing.ts';
import { type Party, partyOf } from '../billing/reservation.ts';
import { accountAt, accountRowByName } from '../configuration/open-billing.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { EndReasons } from '../end-reason.ts';
import { Counter } from '../metrics/counter-layout.ts';
import type { Call, OutboundLeg } from './call.ts';
import { closedReason, createBilling, setAsideAhead } from './call-billing.ts';
import { limitOf } from './emergency.ts';
import type { CallEnvironment } from './environment.ts';

/** Why a gateway is skipped for its carrier's account: no line of it is free just now, or it cannot be paid. */
type VendorSkip = 'noRoom' | 'unfit';

/** Null: nobody is paid for this attempt. Where the gateway is to be skipped nothing is held; an emergency call
 *  goes on without paying. */
export function takeVendor(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
): Party | null | VendorSkip {
  const vendor = findPaidVendor(env, call, gateway);
  return typeof vendor === 'string' && call.emergency ? null : vendor;
}

function findPaidVendor(
  env: CallEnvironment,
  call: Call,
  gateway: RoutingGateway,
): Party | null | VendorSkip {
  const row = accountRowNow(env, call, gateway);
  if (row < 0) return null;
  const account = accountAt(env.snapshot, row);
  if (closedReason(account, env.node, call.cdr.startedAt) !== undefined) {
    env.effects.count(Counter.skippedVendorRate);
    return 'unfit';
  }
  const rated = { callee: call.calleeRouted, at: call.cdr.startedAt };
  const calleeOut = gateway.rateCalleeOut ? call.calleeOut : undefined;
  const found = findVendor(env.billing, row, rated, calleeOut);
  // A carrier that has quoted no price for this number is not paid for it, unless it gets rated calls alone: then a
  // number that its dial plan drew has no rate.
  if (found === EndReasons.noMatchingRate && !gateway.rateRequired) return null;
  if ('sipCode' in found) {
    env.effects.count(Counter.skippedVendorRate);
    return 'unfit';
  }
  if (!env.effects.acquireLine(accountLineSlot(account.slot), limitOf(call, account.lineLimit))) {
    env.effects.count(Counter.skippedLines);
    return 'noRoom';
  }
  const vendor = partyOf(found);
  call.billing ??= createBilling(env, []);
  if (setAsideAhead(env, call.billing, [vendor]) < 0) return vendor;
  env.effects.releaseLine(accountLineSlot(account.slot));
  // Then nobody is paid for it.
  if (call.emergency) return null;
  env.effects.count(Counter.skippedVendorBalance);
  call.vendorShort = true;
  return 'unfit';
}

/** Exactly once a leg; `charged`: what the call cost. */
export function giveVendorBack(env: CallEnvironment, leg: OutboundLeg, charged: bigint): void {
  const { vendor } = leg;
  if (vendor === null) return;
  leg.vendor = null;
  returnVendor(env, vendor, charged);
}

export function returnVendor(env: CallEnvironment, vendor: Party, charged: bigint): void {
  env.effects.settle(vendor, charged);
  env.effects.releaseLine(accountLineSlot(vendor.slot));
}

/** A gateway of an earlier version names its row there; rows of the one in force may be others. */
function accountRowNow(env: CallEnvironment, call: Call, gateway: RoutingGateway): number {
  if (gateway.account === null) return -1;
  if (call.cdr.configurationVersion === env.snapshot.version) return gateway.accountRow;
  return accountRowByName(env.snapshot, gateway.account);
}
