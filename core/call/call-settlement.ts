// What everybody pays for a call when it has ended: into the CDR, and out of what was set aside.
import { addPackageUses, fillCharges, fillCost } from '../billing/call-charge.ts';
import type { Charge } from '../billing/charge.ts';
import { holdSeconds } from '../billing/hold-time.ts';
import { chargeAtEnd, type Party } from '../billing/reservation.ts';
import type { CallTerms, EndedBy } from '../cdr/cdr.ts';
import type { Call, CallBilling } from './call.ts';
import { giveAccountLinesBack, paidSecondsOf, reserveTo } from './call-billing.ts';
import type { CallEnvironment } from './environment.ts';
import { settleFraud } from './fraud-watch.ts';
import { giveVendorBack } from './vendor-billing.ts';

/** Before the CDR is recorded; `cdr.holdTimeMs` is known. Exactly once a call, on every path. */
export function settleCall(
  env: CallEnvironment,
  call: Call,
  billing: CallBilling,
  by: EndedBy,
): void {
  const { cdr, outbound } = call;
  billing.timer = env.wheel.cancel(billing.timer);
  const seconds = billableSeconds(env, call, billing, by);
  const { payers, rules } = billing;
  const charges = payers.map((party): Charge => {
    const charge = chargeAtEnd(party, seconds, rules);
    env.effects.settle(party, charge.fromBalance);
    settlePackages(env, call, party, charge);
    return charge;
  });
  fillCharges(cdr, payers, charges);
  if (billing.fraud !== null) {
    const fees = charges.map(({ fee }) => fee);
    settleFraud(env, billing.fraud, billing, { seconds, fees });
  }
  giveAccountLinesBack(env, billing);
  if (outbound === undefined || outbound.vendor === null || cdr.answeredAt === null) return;
  const cost = chargeAtEnd(outbound.vendor, seconds, rules);
  fillCost(cdr, cost);
  giveVendorBack(env, outbound, cost.fromBalance);
}

function settlePackages(env: CallEnvironment, { cdr }: Call, party: Party, charge: Charge): void {
  const { gifts, giftMoney, spent } = party;
  if (gifts.length + giftMoney.length + spent.length === 0) return;
  for (const [place, hold] of gifts.entries()) {
    env.effects.settleUsage(hold, BigInt(charge.giftUses[place]?.seconds ?? 0));
  }
  for (const [place, hold] of giftMoney.entries()) {
    env.effects.settleUsage(hold, charge.giftMoneyUses[place]?.money ?? 0n);
  }
  for (const hold of spent) {
    if (charge.fromBalance > 0n) env.effects.addUsage(hold.moneyCell, charge.fromBalance);
    env.effects.settleUsage(hold, 0n);
  }
  addPackageUses(cdr, party, charge);
}

/** Hold seconds that are charged: those that are set aside at most. They are always enough unless a timer
 *  was late; then the rest is asked for, but not for a call that we ended ourselves (design: it is charged at
 *  most what it reserved). */
function billableSeconds(
  env: CallEnvironment,
  call: Call,
  billing: CallBilling,
  by: EndedBy,
): number {
  if (call.cdr.answeredAt === null) return 0;
  const seconds = holdSeconds(call.cdr.holdTimeMs, billing.rules);
  const paid = paidSecondsOf(billing);
  if (seconds <= paid) return seconds;
  if (by !== 'server' && reserveTo(env, billing, seconds) < 0) return seconds;
  return paid;
}

/** What the answer record keeps, so that the call can be charged after a crash; null: nothing to charge. */
export function callTerms(call: Call): CallTerms | null {
  const { billing } = call;
  if (billing === null || billing.parties.length === 0) return null;
  return {
    carryMs: billing.rules.carryMs,
    freeSeconds: billing.rules.freeSeconds,
    feeUnit: billing.rules.feeUnit,
    payers: billing.payers,
    vendor: call.outbound?.vendor ?? null,
  };
}
