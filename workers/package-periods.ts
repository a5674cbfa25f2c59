// Which periods of a package the ledger says have begun, and which of them are closed: their minimum is charged. Known
// from the markers that a node reads at its start.
import { minimumItem, RentState, rentItem } from '../core/billing/package-items.ts';
import { orderPeriod, periodFrom } from '../core/billing/package-period.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import type { AccountPackage } from './configuration/compile-packages.ts';

/** First days, since 1970. */
export interface BegunPeriods {
  readonly open: Set<number>;
  readonly closed: Set<number>;
}

export function begunPeriods(): BegunPeriods {
  return { open: new Set(), closed: new Set() };
}

export function dueKey({ account, key }: Pick<AccountPackage, 'account' | 'key'>): string {
  return `${account}\n${key}`;
}

/** By dueKey; of packages that have a minimum. */
export function knownPeriods(
  packages: readonly AccountPackage[],
  usages: readonly Usage[],
  nowMs: number,
): Map<string, BegunPeriods> {
  const known = new Map<string, BegunPeriods>();
  const withMinimum = packages.filter(({ minConsumption }) => minConsumption > 0n);
  if (withMinimum.length === 0) return known;
  const markers = new Map<string, Usage[]>();
  for (const usage of usages) {
    if (!usage.item.startsWith('package/')) continue;
    const item = `${usage.account}\n${usage.item}`;
    const of = markers.get(item);
    if (of === undefined) markers.set(item, [usage]);
    else of.push(usage);
  }
  for (const each of withMinimum) {
    const { account, packageName, onceDay } = each;
    const daysOf = (item: string): number[] =>
      (markers.get(`${account}\n${item}`) ?? [])
        .filter(
          ({ day, seconds }) => seconds === RentState.paid && (onceDay < 0 || day === onceDay),
        )
        .map(({ day }) => day);
    const periods = begunPeriods();
    for (const day of daysOf(minimumItem(packageName))) periods.closed.add(day);
    const begun = [...daysOf(rentItem(packageName)), dayBefore(each, nowMs)];
    for (const day of begun) if (!periods.closed.has(day)) periods.open.add(day);
    known.set(dueKey(each), periods);
  }
  return known;
}

/** The period before the one under way may have begun longer ago than the ledger is asked for; it says whether it
 *  did. */
function dayBefore(of: AccountPackage, nowMs: number): number {
  if (of.onceDay >= 0) return of.onceDay;
  const { day } = orderPeriod(of, of, nowMs);
  return periodFrom(of.period, of.onceDay, day - 1).day;
}
