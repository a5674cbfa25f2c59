// A copy of the ledger for a backup: accounts, payments, what calls have cost, checkpoints. CDR rows are left
// out, as are the days they belong to; calls whose CDRs are still in the log only are charged in the copy,
// because the log stays behind, and the checkpoint is moved past them. What comes back opens with the same
// balances, and its audit is clean.

import { chargesOf } from '../../core/cdr/charges.ts';
import { listLogSets } from '../cdr/log-set.ts';
import { LogTail } from '../cdr/log-tail.ts';
import type { ConfigurationStore, StoreTransaction } from '../configuration/configuration-store.ts';
import { openStore } from '../configuration/open-store.ts';
import { behind, checkpointKey } from './embedded-keys.ts';
import {
  addCharge,
  addUsage,
  changeAccount,
  packJson,
  readCheckpoint,
} from './embedded-records.ts';
import type { LedgerRow } from './ledger-store.ts';
import { sumPostings } from './postings.ts';

export type StoreEntry = [key: string, value: Uint8Array];

const leftOut = ['row/', 'day/', 'unlisted/'];

/** `directory`: the data directory, for the log behind the checkpoint. */
export function copyLedger(store: ConfigurationStore, directory: string): StoreEntry[] {
  const copy = new Map<string, Uint8Array>();
  store.transaction((transaction) => {
    let from = '';
    for (const prefix of [...leftOut].sort()) {
      for (const [key, value] of rangeOf(transaction, from, prefix)) copy.set(key, value);
      from = `${prefix}${behind}`;
    }
    for (const [key, value] of rangeOf(transaction, from, behind)) copy.set(key, value);
  });
  chargeFromLog(copy, directory);
  return [...copy];
}

function rangeOf(transaction: StoreTransaction, from: string, to: string): StoreEntry[] {
  return transaction.range(from, to, Number.MAX_SAFE_INTEGER);
}

/** Also takes the rows out of the books: they are not part of the copy. */
export function chargeFromLog(copy: Map<string, Uint8Array>, directory: string): void {
  const target = transactionOver(copy);
  const rows: LedgerRow[] = [];
  for (const set of listLogSets(directory)) {
    const { version, places } = readCheckpoint(target, set.id);
    const tail = new LogTail(set, places);
    try {
      tail.read(({ frame, logId }) => {
        if (frame.kind === 'end') {
          const { cdr, tableDay: day } = frame;
          rows.push({ day, cdr, logId, charges: chargesOf(cdr), listed: false });
        }
        return true;
      });
      // Should this log ever be shipped into what is restored, it is not charged a second time.
      const next = { version: version + 1, places: tail.places() };
      copy.set(checkpointKey(set.id), packJson(next));
    } finally {
      tail.close();
    }
  }
  for (const { cdr } of rows) {
    for (const usage of cdr.packageUses ?? []) addUsage(target, usage);
  }
  for (const sum of sumPostings(rows, () => false)) {
    addCharge(target, sum);
    changeAccount(target, sum.account, (account) => {
      account.balance = (BigInt(account.balance) - sum.unlisted).toString();
      account.calls += sum.calls;
    });
  }
  // Days whose rows stay behind charge as calls without a row do.
  unlistCharges(copy);
}

function unlistCharges(copy: Map<string, Uint8Array>): void {
  for (const [key, value] of copy) {
    if (!key.startsWith('charge/')) continue;
    const charge = JSON.parse(Buffer.from(value).toString()) as Record<string, string | number>;
    const unlisted = BigInt(charge.listed!) + BigInt(charge.unlisted!);
    const changed = { ...charge, listed: '0', unlisted: unlisted.toString() };
    copy.set(key, Buffer.from(JSON.stringify(changed)));
  }
}

function transactionOver(copy: Map<string, Uint8Array>): StoreTransaction {
  return {
    get: (key) => copy.get(key),
    put: (key, value) => void copy.set(key, value),
    remove: (key) => void copy.delete(key),
    keys: (prefix) => [...copy.keys()].filter((key) => key.startsWith(prefix)).sort(),
    range: () => [],
  };
}

/** Into a data directory that has no ledger yet. */
export async function restoreLedger(
  dataDir: string,
  entries: readonly StoreEntry[],
): Promise<void> {
  const store = await openStore(dataDir, { folder: 'ledger', title: 'ledger' });
  try {
    store.transaction((transaction) => {
      for (const [key, value] of entries) transaction.put(key, value);
    });
  } finally {
    await store.close();
  }
}
