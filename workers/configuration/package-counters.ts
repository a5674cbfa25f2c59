// What is counted of the packages that accounts have ordered: each thing has a slot of counters, and a name in the
// slot registry. Orders of one package share them; those of a package that is one period (`once`) have their own.
import type {
  AccountDocument,
  PackageDocument,
  PackageOrderDocument,
} from '../../core/configuration/model.ts';
import { dayOf, localSeconds } from '../../core/time/local-time.ts';
import { nodeTimeZone, zoneOffsets } from './time-zones.ts';

/** A gift by its place in the package; whether rent is paid; what calls cost the balance; used gift money. */
export type PackageCounter = number | 'rent' | 'spent' | 'money';

export interface OrderedPackage {
  readonly document: PackageDocument;
  /** Of its counters, among those of the account. */
  readonly key: string;
  readonly orders: readonly PackageOrderDocument[];
}

/** Each package that exists once, or each order of a package that is one period. */
export function orderedPackages(
  { packages: orders }: Pick<AccountDocument, 'packages'>,
  packages: ReadonlyMap<string, PackageDocument>,
): OrderedPackage[] {
  const ordered = new Map<string, OrderedPackage & { orders: PackageOrderDocument[] }>();
  for (const order of orders) {
    const document = packages.get(order.package);
    if (document === undefined) continue;
    const key = orderKey(document, order);
    const known = ordered.get(key);
    if (known === undefined) ordered.set(key, { document, key, orders: [order] });
    else known.orders.push(order);
  }
  return [...ordered.values()];
}

/** No name has a line feed. */
export function orderKey({ name, period }: PackageDocument, order: PackageOrderDocument): string {
  return period === 'once' ? `${name}\n${Date.parse(order.startsAt!)}` : name;
}

/** What nothing depends on is not counted. A version that was stored before there was rent has none. */
export function countersOf(document: PackageDocument): PackageCounter[] {
  const { gifts, giftMoney, rentFee = '0', minConsumption, lowerConsumption } = document;
  const counters: PackageCounter[] = gifts.map((_, gift) => gift);
  if (isAny(rentFee) || isAny(minConsumption)) counters.push('rent');
  if (isAny(lowerConsumption) || isAny(minConsumption)) counters.push('spent');
  if (isAny(giftMoney)) counters.push('money');
  return counters;
}

/** Day on which an order begins, since 1970, in the package's zone. */
export function startDay({ timeZone }: PackageDocument, startsAt: string): number {
  return dayOf(localSeconds(zoneOffsets(timeZone ?? nodeTimeZone()), Date.parse(startsAt)));
}

function isAny(decimal: string): boolean {
  return Number(decimal) > 0;
}
