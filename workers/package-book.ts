// The main thread's view of the free seconds of packages: which slot each gift of each account has, and what is left
// of it in its period.

import { UsageKind } from '../core/admission/day-usage.ts';
import { giftSlotsMax, giftUsageSlot } from '../core/admission/line-limits.ts';
import { giftItem } from '../core/call/gift-holds.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import type { ZoneOffsets } from '../core/configuration/snapshot.ts';
import { periodOfDay } from '../core/time/calendar-period.ts';
import { dayOf, localSeconds } from '../core/time/local-time.ts';
import type { GiftState } from './admin-messages.ts';
import type { AccountGift } from './configuration/compile-gifts.ts';
import { createSlotRegistry, type SlotRegistry } from './configuration/slot-registry.ts';
import type { CountedItem, UsageBook } from './usage-book.ts';

interface CountedGift extends CountedItem {
  readonly of: AccountGift;
}

export interface PackageBookOptions {
  readonly book: UsageBook;
  readonly wallClock: () => number;
}

export class PackageBook {
  readonly #options: PackageBookOptions;
  readonly #slots: SlotRegistry;
  #gifts: readonly CountedGift[] = [];
  #byAccount: ReadonlyMap<string, readonly CountedGift[]> = new Map();
  /** Days that were looked at last. */
  readonly #zoneDays = new Map<ZoneOffsets, number>();

  constructor(options: PackageBookOptions) {
    this.#options = options;
    this.#slots = createSlotRegistry(
      (slot) => options.book.isIdle(giftUsageSlot(slot)),
      giftSlotsMax,
    );
  }

  /** Undefined: too many slots are in use by calls of packages that are gone. */
  assign(names: readonly string[]): ReadonlyMap<string, number> | undefined {
    return this.#slots.assign(names);
  }

  /** Before the first call may see these gifts. */
  open(gifts: readonly AccountGift[], used: ReadonlyMap<string, Usage>): void {
    const nowMs = this.#options.wallClock();
    for (const gift of gifts) this.#options.book.open(counted(gift), used, nowMs);
  }

  /** Every worker runs on the configuration of this assignment. */
  settle(assignment: ReadonlyMap<string, number>, gifts: readonly AccountGift[]): void {
    this.#slots.settle(assignment);
    this.#gifts = gifts.map(counted);
    const byAccount = new Map<string, CountedGift[]>();
    for (const each of this.#gifts) {
      const of = byAccount.get(each.account);
      if (of === undefined) byAccount.set(each.account, [each]);
      else of.push(each);
    }
    this.#byAccount = byAccount;
    this.#zoneDays.clear();
    for (const { of } of this.#gifts) this.#zoneDays.set(of.zone, -1);
  }

  find({ account, item }: Usage): CountedItem | undefined {
    return this.#byAccount.get(account)?.find((each) => each.item === item);
  }

  /** Once a second: cells for periods to come. */
  look(): void {
    const nowMs = this.#options.wallClock();
    let turned = false;
    for (const [zone, known] of this.#zoneDays) {
      const today = dayOf(localSeconds(zone, nowMs));
      turned ||= today !== known;
      this.#zoneDays.set(zone, today);
    }
    if (turned) for (const each of this.#gifts) this.#options.book.turn(each, nowMs);
  }

  stateOf(account: string): GiftState[] {
    const nowMs = this.#options.wallClock();
    return (this.#byAccount.get(account) ?? []).map((each) => {
      const { packageName, gift, seconds } = each.of;
      const used = Number(this.#options.book.used(each, UsageKind.seconds, nowMs));
      const since = new Date(each.periodAt(nowMs).day * 86_400_000).toISOString().slice(0, 10);
      return {
        package: packageName,
        gift,
        since,
        seconds,
        secondsLeft: Math.max(0, seconds - used),
      };
    });
  }
}

function counted(of: AccountGift): CountedGift {
  const { slot, account, packageName, gift, period, zone } = of;
  return {
    of,
    slot: giftUsageSlot(slot),
    account,
    item: giftItem(packageName, gift),
    periodAt: (ms) => periodOfDay(period, dayOf(localSeconds(zone, ms))),
    periodOfDay: (day) => periodOfDay(period, day).number,
  };
}
