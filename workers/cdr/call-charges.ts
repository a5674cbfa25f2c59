// What calls charge, summed up by account.
import type { Cdr } from '../../core/cdr/cdr.ts';
import { chargesOf } from '../../core/cdr/charges.ts';

/** Adds the call's charges to the sums by account. */
export function addCharges(sums: Map<string, bigint>, cdr: Cdr): void {
  for (const { account, units } of chargesOf(cdr)) {
    sums.set(account, (sums.get(account) ?? 0n) + units);
  }
}
