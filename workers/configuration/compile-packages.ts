// The packages that accounts have ordered: which slots of counters each has, and what the main thread, which keeps
// them and charges rent and minimum, has to know.
import { orderStart, type PeriodTerms } from '../../core/billing/package-period.ts';
import type {
  AccountDocument,
  DocumentOf,
  PackageDocument,
  PackageOrderDocument,
} from '../../core/configuration/model.ts';
import type { PackageOrder, ZoneOffsets } from '../../core/configuration/snapshot.ts';
import { units } from './compile-rates.ts';
import {
  countersOf,
  type OrderedPackage,
  orderedPackages,
  orderKey,
  type PackageCounter,
  startDay,
} from './package-counters.ts';
import { nodeTimeZone, zoneOffsets } from './time-zones.ts';

/** One package of one account; crosses from the task pool. */
export interface AccountPackage extends PeriodTerms {
  readonly account: string;
  readonly packageName: string;
  /** Among those of the account. */
  readonly key: string;
  readonly zone: ZoneOffsets;
  /** First day of its only period; -1: it has many. */
  readonly onceDay: number;
  readonly gifts: readonly { readonly slot: number; readonly seconds: number }[];
  /** 0: not counted. */
  readonly rentSlot: number;
  readonly spentSlot: number;
  readonly moneySlot: number;
  /** Units of money. */
  readonly rentFee: bigint;
  readonly giftMoney: bigint;
  readonly minConsumption: bigint;
  readonly lowerConsumption: bigint;
  /** In the order of their start. */
  readonly orders: readonly OrderTerms[];
  /** Outside of the account's own term nothing begins. */
  readonly opensAt: number;
  readonly closesAt: number;
}

/** When an order counts, ms since 1970, and how its rent is paid. */
export interface OrderTerms {
  readonly startsAt: number;
  readonly expiresAt: number;
  readonly rentPercent: number;
  readonly rentUnpaid: PackageOrderDocument['rentUnpaid'];
}

export interface CompiledPackages {
  readonly all: readonly AccountPackage[];
  /** By priority, then by expiry. */
  readonly of: (account: { readonly name: string }) => PackageOrder[];
}

type SlotOf = (account: string, key: string, counter: PackageCounter) => number;

export function compilePackages(
  { accounts, packages }: Pick<DocumentOf<{ readonly name: string }>, 'accounts' | 'packages'>,
  slotOf: SlotOf,
): CompiledPackages {
  const known = new Map(packages.map((each) => [each.name, each]));
  const rows = new Map(packages.map(({ name }, row) => [name, row]));
  const all: AccountPackage[] = [];
  const ordersOf = new Map<string, PackageOrder[]>();
  for (const account of accounts) {
    if (account.packages.length === 0) continue;
    const ordered = orderedPackages(account, known).map((each) =>
      accountPackage(account, each, slotOf),
    );
    all.push(...ordered);
    const byKey = new Map(ordered.map((each) => [each.key, each]));
    const orders = account.packages.flatMap((order) => {
      const document = known.get(order.package);
      if (document === undefined) return [];
      const of = byKey.get(orderKey(document, order))!;
      return [packageOrder(of, document, order, rows.get(order.package)!)];
    });
    ordersOf.set(account.name, orders.sort(compareOrders));
  }
  return { all, of: ({ name }) => ordersOf.get(name) ?? [] };
}

function accountPackage(
  account: AccountDocument,
  { document, key, orders }: OrderedPackage,
  slotOf: SlotOf,
): AccountPackage {
  const counters = new Set(countersOf(document));
  const slot = (counter: PackageCounter): number =>
    counters.has(counter) ? slotOf(account.name, key, counter) : 0;
  const once = document.period === 'once';
  return {
    account: account.name,
    packageName: document.name,
    key,
    ...periodTerms(document),
    onceDay: once ? startDay(document, orders[0]!.startsAt!) : -1,
    gifts: document.gifts.map(({ seconds }, gift) => ({ slot: slot(gift), seconds })),
    rentSlot: slot('rent'),
    spentSlot: slot('spent'),
    moneySlot: slot('money'),
    rentFee: units(document.rentFee ?? '0'),
    giftMoney: units(document.giftMoney),
    minConsumption: units(document.minConsumption),
    lowerConsumption: units(document.lowerConsumption),
    orders: orders
      .map((order) => orderTerms(document, order))
      .sort((left, right) => left.startsAt - right.startsAt),
    opensAt: instant(account.startsAt, 0),
    closesAt: instant(account.expiresAt, Number.POSITIVE_INFINITY),
  };
}

/** A version that was stored before these fields existed has none of them. */
function orderTerms(document: PackageDocument, order: PackageOrderDocument): OrderTerms {
  const { period, partialFirstPeriod = false, usableSeconds } = document;
  const wanted = instant(order.startsAt, 0);
  const startsAt =
    order.startsAt === undefined
      ? 0
      : orderStart(periodTerms(document), wanted, partialFirstPeriod);
  const expiresAt = instant(order.expiresAt, Number.POSITIVE_INFINITY);
  return {
    startsAt,
    expiresAt:
      period === 'once' ? Math.min(expiresAt, startsAt + usableSeconds! * 1000) : expiresAt,
    rentPercent: order.rentPercent ?? 100,
    rentUnpaid: order.rentUnpaid ?? 'wait',
  };
}

function packageOrder(
  of: AccountPackage,
  document: PackageDocument,
  order: PackageOrderDocument,
  row: number,
): PackageOrder {
  const { startsAt, expiresAt } = orderTerms(document, order);
  return {
    package: row,
    giftSlots: of.gifts.map(({ slot }) => slot),
    rentSlot: of.rentSlot,
    spentSlot: of.spentSlot,
    moneySlot: of.moneySlot,
    priority: order.priority,
    startsAt,
    expiresAt,
    onceDay: of.onceDay,
  };
}

function compareOrders(left: PackageOrder, right: PackageOrder): number {
  return left.priority === right.priority && left.expiresAt !== right.expiresAt
    ? left.expiresAt - right.expiresAt
    : left.priority - right.priority;
}

function periodTerms({ period, timeZone }: PackageDocument): {
  readonly period: AccountPackage['period'];
  readonly zone: ZoneOffsets;
} {
  return { period: period ?? 'month', zone: zoneOffsets(timeZone ?? nodeTimeZone()) };
}

function instant(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : Date.parse(text);
}
