// The charges of a batch summed up: by account, and by account and day. What is posted is a few numbers a
// batch, whatever the batch holds.
import type { LedgerRow } from './ledger-store.ts';

export interface DayPosting {
  readonly account: string;
  readonly day: number;
  listed: bigint;
  unlisted: bigint;
  calls: number;
}

/** `listed` says of each row whether it got into the tables. Accounts in order, as rows are locked in it. */
export function sumPostings(
  rows: readonly LedgerRow[],
  listed: (row: LedgerRow) => boolean,
): DayPosting[] {
  const sums = new Map<string, DayPosting>();
  for (const row of rows) {
    if (row.charges.length === 0) continue;
    const isListed = listed(row);
    for (const { account, units } of row.charges) {
      const key = `${row.day} ${account}`;
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = { account, day: row.day, listed: 0n, unlisted: 0n, calls: 0 };
        sums.set(key, sum);
      }
      if (isListed) sum.listed += units;
      else sum.unlisted += units;
      sum.calls++;
    }
  }
  return [...sums.values()].sort((one, other) =>
    one.account < other.account ? -1 : one.account > other.account ? 1 : one.day - other.day,
  );
}
