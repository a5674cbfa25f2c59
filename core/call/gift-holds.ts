// Free seconds of packages that a call holds. They are taken when the call is set up, up to an hour of each payer's,
// so that no other call uses them, and the answer record can say what a call that a crash ends has had; what the
// call does not use goes back at its end. Beyond them a call is paid for by money.
import { UsageKind, usageCell } from '../admission/day-usage.ts';
import { giftUsageSlot } from '../admission/line-limits.ts';
import { isGiftFor } from '../billing/gifts.ts';
import type { GiftHold } from '../billing/reservation.ts';
import { packageAt } from '../configuration/open-billing.ts';
import type { Account } from '../configuration/snapshot.ts';
import { periodOfDay } from '../time/calendar-period.ts';
import { dayOf, localSeconds, secondOfDay } from '../time/local-time.ts';
import type { CallEnvironment } from './environment.ts';

const secondsMax = 3600;

/** In the order of use: by priority of the package, then by expiry, then as the package lists them. */
export function holdGifts(
  env: CallEnvironment,
  account: Account,
  call: { readonly number: string; readonly at: number },
): readonly GiftHold[] {
  const holds: GiftHold[] = [];
  let left = secondsMax;
  for (const order of account.packages) {
    if (call.at < order.startsAt || call.at >= order.expiresAt) continue;
    const from = packageAt(env.snapshot.billing, order.package);
    // What was spent of money in the period is not counted yet.
    if (from.lowerConsumption > 0n) continue;
    const local = localSeconds(from.zone, call.at);
    const period = periodOfDay(from.period, dayOf(local));
    for (let gift = 0; gift < from.gifts.length && left > 0; gift++) {
      const terms = from.gifts[gift]!;
      if (!isGiftFor(terms, call.number, secondOfDay(local))) continue;
      const slot = giftUsageSlot(order.giftSlots[gift]!);
      const hold = {
        cell: usageCell(slot, UsageKind.seconds, period.number),
        reserved: 0n,
        item: giftItem(from.name, gift),
        day: period.day,
        packageName: from.name,
        gift,
        cycleSeconds: terms.cycleSeconds,
        secondsLeft: 0,
      };
      const wanted = Math.ceil(left / terms.cycleSeconds) * terms.cycleSeconds;
      hold.secondsLeft = env.effects.takeUsageUpTo(hold, wanted, terms);
      if (hold.secondsLeft === 0) continue;
      left -= hold.secondsLeft;
      holds.push(hold);
    }
  }
  return holds;
}

/** Its name in the ledger. */
export function giftItem(packageName: string, gift: number): string {
  return `package/${packageName}/${gift}`;
}
