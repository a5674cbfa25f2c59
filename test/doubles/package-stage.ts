// The money stage with one package, "gold" by months of UTC, that acme has ordered.
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import type { PackageOrder, Snapshot } from '../../core/configuration/snapshot.ts';
import { type Changes, documentOf, type MoneyStage, moneyStage } from './money-stage.ts';
import { snapshotOf } from './snapshot-of.ts';

/** November 2023; its first day. */
export const month: number = 2023 * 12 + 10;
export const firstDay: number = Date.UTC(2023, 10, 1) / 86_400_000;

export interface GoldStage {
  readonly stage: MoneyStage;
  /** acme's first. */
  readonly order: PackageOrder;
  readonly snapshot: Snapshot;
}

export function goldStage(gold: object, changes: Changes): GoldStage {
  const all = {
    money: { acme: 0n },
    packages: [{ name: 'gold', timeZone: 'UTC', ...gold }],
    ...changes,
    acme: { packages: [{ package: 'gold' }], ...changes.acme },
  };
  const snapshot = snapshotOf(documentOf(all));
  const [order] = accountAt(snapshot, accountRowByName(snapshot, 'acme')).packages;
  return { stage: moneyStage(all), order: order!, snapshot };
}
