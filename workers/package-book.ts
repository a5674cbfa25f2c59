// The main thread's view of the packages that accounts have ordered: which slot each thing that is counted of them
// has, what is left of it in its period, and whether the rent of the period is paid.

import { UsageKind } from '../core/admission/day-usage.ts';
import { giftSlotsMax, giftUsageSlot } from '../core/admission/line-limits.ts';
import {
  giftItem,
  giftMoneyItem,
  RentState,
  rentItem,
  spentItem,
} from '../core/billing/package-items.ts';
import { orderPeriod, periodEnd, periodFrom } from '../core/billing/package-period.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import type { ZoneOffsets } from '../core/configuration/snapshot.ts';
import { moneyText } from '../core/money.ts';
import { dayOf, localSeconds } from '../core/time/local-time.ts';
import type { GiftState, PackageState } from './admin-messages.ts';
import type { AccountPackage, OrderTerms } from './configuration/compile-packages.ts';
import { createSlotRegistry, type SlotRegistry } from './configuration/slot-registry.ts';
import type { CountedItem, UsageBook } from './usage-book.ts';

/** A package, and what is counted of it. */
interface BookedPackage {
  readonly of: AccountPackage;
  readonly gifts: readonly CountedItem[];
  readonly rent: CountedItem | undefined;
  readonly spent: CountedItem | undefined;
  readonly money: CountedItem | undefined;
}

export interface PackageBookOptions {
  readonly book: UsageBook;
  readonly wallClock: () => number;
}

export class PackageBook {
  readonly #options: PackageBookOptions;
  readonly #slots: SlotRegistry;
  #counted: readonly CountedItem[] = [];
  #byAccount: ReadonlyMap<string, readonly BookedPackage[]> = new Map();
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

  /** Before the first call may see these packages. */
  open(packages: readonly AccountPackage[], used: ReadonlyMap<string, Usage>): void {
    const nowMs = this.#options.wallClock();
    for (const each of packages) {
      for (const item of countedOf(booked(each))) this.#options.book.open(item, used, nowMs);
    }
  }

  /** Every worker runs on the configuration of this assignment. */
  settle(assignment: ReadonlyMap<string, number>, packages: readonly AccountPackage[]): void {
    this.#slots.settle(assignment);
    const byAccount = new Map<string, BookedPackage[]>();
    for (const of of packages) {
      const known = byAccount.get(of.account);
      if (known === undefined) byAccount.set(of.account, [booked(of)]);
      else known.push(booked(of));
    }
    this.#byAccount = byAccount;
    this.#counted = [...byAccount.values()].flat().flatMap(countedOf);
    this.#zoneDays.clear();
    for (const { zone } of packages) this.#zoneDays.set(zone, -1);
  }

  find({ account, item, day }: Usage): CountedItem | undefined {
    for (const each of this.#byAccount.get(account) ?? []) {
      const { onceDay } = each.of;
      if (onceDay >= 0 && onceDay !== day) continue;
      const found = countedOf(each).find((counted) => counted.item === item);
      if (found !== undefined) return found;
    }
    return undefined;
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
    if (turned) for (const each of this.#counted) this.#options.book.turn(each, nowMs);
  }

  /** Of the period that `ms` is in. */
  rentState(of: AccountPackage, ms: number): RentState {
    if (of.rentSlot === 0) return RentState.open;
    const item = counted(of, of.rentSlot, rentItem(of.packageName));
    return Number(this.#options.book.used(item, UsageKind.seconds, ms)) as RentState;
  }

  /** Calls go by it from now on. */
  setRentState(of: AccountPackage, period: number, state: RentState): void {
    this.#options.book.set(giftUsageSlot(of.rentSlot), UsageKind.seconds, period, BigInt(state));
  }

  giftsOf(account: string): GiftState[] {
    const nowMs = this.#options.wallClock();
    return (this.#byAccount.get(account) ?? []).flatMap(({ of, gifts }) => {
      const since = dayText(orderPeriod(of, of, nowMs).day);
      return gifts.map((each, gift) => {
        const { seconds } = of.gifts[gift]!;
        const used = Number(this.#options.book.used(each, UsageKind.seconds, nowMs));
        const secondsLeft = Math.max(0, seconds - used);
        return { package: of.packageName, gift, since, seconds, secondsLeft };
      });
    });
  }

  /** Of the packages that have an order in force. */
  stateOf(account: string): PackageState[] {
    const nowMs = this.#options.wallClock();
    return (this.#byAccount.get(account) ?? []).flatMap((each) => {
      const orders = ordersInForce(each.of, nowMs);
      return orders.length === 0 ? [] : [this.#stateOf(each, orders, nowMs)];
    });
  }

  #stateOf(
    { of, spent, money }: BookedPackage,
    orders: readonly OrderTerms[],
    nowMs: number,
  ): PackageState {
    const { book } = this.#options;
    const { day } = orderPeriod(of, of, nowMs);
    const end = Math.min(periodEnd(of, day), Math.max(...orders.map(({ expiresAt }) => expiresAt)));
    const until = Number.isFinite(end) ? new Date(end).toISOString() : null;
    const state = this.rentState(of, nowMs);
    const isPaid = of.rentFee === 0n || state === RentState.paid;
    const used = money === undefined ? 0n : book.used(money, UsageKind.money, nowMs);
    const isSpent = spent === undefined ? 0n : book.used(spent, UsageKind.money, nowMs);
    return {
      package: of.packageName,
      since: dayText(day),
      until,
      rentFee: moneyText(of.rentFee),
      rent: of.rentFee === 0n ? 'none' : rentWords[state],
      rentPaidUntil: of.rentFee > 0n && state === RentState.paid ? until : null,
      spent: spent === undefined ? null : moneyText(isSpent),
      lowerConsumption: moneyText(of.lowerConsumption),
      minConsumption: moneyText(of.minConsumption),
      giftMoney: moneyText(of.giftMoney),
      giftMoneyLeft: moneyText(of.giftMoney > used ? of.giftMoney - used : 0n),
      inUse: isPaid && isSpent >= of.lowerConsumption,
    };
  }
}

const rentWords = {
  [RentState.open]: 'unpaid',
  [RentState.paid]: 'paid',
  [RentState.skipped]: 'skipped',
  [RentState.dropped]: 'dropped',
} as const;

/** Those that count now, the earliest first. */
export function ordersInForce({ orders }: AccountPackage, ms: number): OrderTerms[] {
  return orders.filter(({ startsAt, expiresAt }) => startsAt <= ms && ms < expiresAt);
}

function countedOf({ gifts, rent, spent, money }: BookedPackage): CountedItem[] {
  return [...gifts, rent, spent, money].filter((each) => each !== undefined);
}

function booked(of: AccountPackage): BookedPackage {
  const { packageName, gifts, rentSlot, spentSlot, moneySlot } = of;
  const itemAt = (slot: number, item: string): CountedItem | undefined =>
    slot === 0 ? undefined : counted(of, slot, item);
  return {
    of,
    gifts: gifts.map(({ slot }, gift) => counted(of, slot, giftItem(packageName, gift))),
    rent: itemAt(rentSlot, rentItem(packageName)),
    spent: itemAt(spentSlot, spentItem(packageName)),
    money: itemAt(moneySlot, giftMoneyItem(packageName)),
  };
}

function counted(of: AccountPackage, slot: number, item: string): CountedItem {
  const { account, key, period, onceDay } = of;
  return {
    slot: giftUsageSlot(slot),
    account,
    item,
    series: key,
    periodAt: (ms) => orderPeriod(of, of, ms),
    periodOfDay: (day) => periodFrom(period, onceDay, day).number,
  };
}

function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
