// What a call holds of the packages of its payers: free seconds, and gift money for what they do not cover, each for
// an hour of the call. Both are taken when it is set up, so that no other call uses them, and the answer record can
// say what a call that a crash ends has had; what the call does not use goes back at its end. Beyond them it is paid
// for by the balance.
import { UsageKind, usageCell } from '../admission/day-usage.ts';
import { giftUsageSlot } from '../admission/line-limits.ts';
import type { BillingRules } from '../billing/billing-rules.ts';
import { giftMoneyMax, giftSecondsMax, isGiftFor, wholeCycles } from '../billing/gifts.ts';
import { giftItem, giftMoneyItem, RentState, spentItem } from '../billing/package-items.ts';
import { orderPeriod } from '../billing/package-period.ts';
import type { GiftHold, GiftMoneyHold, Party, SpentHold } from '../billing/reservation.ts';
import { packageAt } from '../configuration/open-billing.ts';
import type { Account, Package, PackageOrder } from '../configuration/snapshot.ts';
import type { CalendarPeriod } from '../time/calendar-period.ts';
import { localSeconds, secondOfDay } from '../time/local-time.ts';
import type { CallEnvironment } from './environment.ts';

const paid = BigInt(RentState.paid);

/** A package in force at the call's start. */
interface OrderInForce {
  readonly of: Package;
  readonly order: PackageOrder;
  readonly period: CalendarPeriod;
}

/** A number as it is rated, and when the call began. */
interface HeldFor {
  readonly number: string;
  readonly at: number;
  readonly rules: BillingRules;
}

/** In the order of use: by priority of the package, then by expiry, then as the package lists its gifts. */
export function holdPackages(
  env: CallEnvironment,
  account: Account,
  payer: Party,
  call: HeldFor,
): void {
  const usable: OrderInForce[] = [];
  const spent: SpentHold[] = [];
  for (const order of account.packages) {
    if (call.at < order.startsAt || call.at >= order.expiresAt) continue;
    const of = packageAt(env.snapshot.billing, order.package);
    const each = { of, order, period: orderPeriod(of, order, call.at) };
    holdSpent(env, spent, each);
    if (isUsable(env, each)) usable.push(each);
  }
  if (spent.length > 0) payer.spent = spent;
  if (usable.length === 0) return;
  payer.gifts = holdSeconds(env, usable, call);
  payer.giftMoney = holdMoney(env, usable, payer, call.rules);
}

/** Two orders of one package are counted once. */
function holdSpent(
  { effects }: CallEnvironment,
  spent: SpentHold[],
  { of, order, period }: OrderInForce,
): void {
  if (order.spentSlot === 0) return;
  const slot = giftUsageSlot(order.spentSlot);
  const moneyCell = usageCell(slot, UsageKind.money, period.number);
  if (spent.some((each) => each.moneyCell === moneyCell)) return;
  const cell = usageCell(slot, UsageKind.seconds, period.number);
  const hold = { cell, moneyCell, reserved: 0n, item: spentItem(of.name), day: period.day };
  effects.takeUsage(hold, 1n, -1n);
  spent.push(hold);
}

/** Its rent is paid, and enough was spent in the period. */
function isUsable({ effects }: CallEnvironment, { of, order, period }: OrderInForce): boolean {
  if (of.rentFee > 0n) {
    const rent = usageCell(giftUsageSlot(order.rentSlot), UsageKind.seconds, period.number);
    if (effects.readUsage(rent) !== paid) return false;
  }
  if (of.lowerConsumption === 0n) return true;
  const spent = usageCell(giftUsageSlot(order.spentSlot), UsageKind.money, period.number);
  return effects.readUsage(spent) >= of.lowerConsumption;
}

function holdSeconds(
  env: CallEnvironment,
  usable: readonly OrderInForce[],
  call: HeldFor,
): readonly GiftHold[] {
  const holds: GiftHold[] = [];
  let left = giftSecondsMax;
  for (const { of, order, period } of usable) {
    const second = secondOfDay(localSeconds(of.zone, call.at));
    for (let gift = 0; gift < of.gifts.length && left > 0; gift++) {
      const terms = of.gifts[gift]!;
      if (!isGiftFor(terms, call.number, second)) continue;
      const hold = {
        cell: usageCell(giftUsageSlot(order.giftSlots[gift]!), UsageKind.seconds, period.number),
        reserved: 0n,
        item: giftItem(of.name, gift),
        day: period.day,
        packageName: of.name,
        gift,
        cycleSeconds: terms.cycleSeconds,
        secondsLeft: 0,
      };
      const wanted = BigInt(wholeCycles(terms, left));
      const below = { most: BigInt(terms.seconds), step: BigInt(terms.cycleSeconds) };
      hold.secondsLeft = Number(env.effects.takeUsageUpTo(hold, wanted, below));
      if (hold.secondsLeft === 0) continue;
      left -= hold.secondsLeft;
      holds.push(hold);
    }
  }
  return holds;
}

/** What the rest of the hour costs. */
function holdMoney(
  env: CallEnvironment,
  usable: readonly OrderInForce[],
  payer: Party,
  { feeUnit }: BillingRules,
): readonly GiftMoneyHold[] {
  const holds: GiftMoneyHold[] = [];
  let left = -1n;
  for (const { of, order, period } of usable) {
    if (of.giftMoney === 0n) continue;
    if (left < 0n) left = giftMoneyMax(payer.rate, payer.gifts, feeUnit);
    if (left === 0n) break;
    const hold = {
      cell: usageCell(giftUsageSlot(order.moneySlot), UsageKind.money, period.number),
      reserved: 0n,
      item: giftMoneyItem(of.name),
      day: period.day,
      packageName: of.name,
      money: 0n,
    };
    hold.money = env.effects.takeUsageUpTo(hold, left, { most: of.giftMoney, step: 1n });
    if (hold.money === 0n) continue;
    left -= hold.money;
    holds.push(hold);
  }
  return holds;
}
