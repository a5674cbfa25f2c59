// What differs between two documents that are in memory whole, rates and all.
import { type ConfigurationDiff, diffDocuments } from '../../core/configuration/diff.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { packRates } from '../../workers/configuration/rates-builder.ts';
import { diffRates } from '../../workers/configuration/stored-document.ts';

export function diffFull(
  before: ConfigurationDocument,
  after: ConfigurationDocument,
): ConfigurationDiff {
  return diffDocuments(before, after, (old, now) => {
    const change = diffRates(packRates(old.rates), packRates(now.rates));
    return change.addedCount + change.removedCount === 0 ? undefined : change;
  });
}
