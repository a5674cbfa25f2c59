// The ledger without MySQL: balances, payments, CDRs and the checkpoint in one environment of its own
// (DIR/ledger), apart from the configuration. Every commit is one transaction, on the disk when it returns.

import { sumUsages } from '../../core/billing/fraud-usage.ts';
import type { Usage } from '../../core/cdr/cdr.ts';
import type {
  ConfigurationStore,
  StoreReader,
  StoreTransaction,
} from '../configuration/configuration-store.ts';
import { openStore, type StoreOptions } from '../configuration/open-store.ts';
import {
  EmbeddedAccounts,
  listAccounts,
  listDayCharges,
  listPayments,
} from './embedded-accounts.ts';
import { embeddedCdrs, embeddedCdrsOfDay } from './embedded-cdrs.ts';
import { chargeMinimum, chargeRent } from './embedded-dues.ts';
import {
  behind,
  checkpointKey,
  dayKey,
  rejectedKey,
  rowKey,
  rowPrefix,
  unlistedKey,
  unlistedPrefix,
  usageKey,
} from './embedded-keys.ts';
import {
  addCharge,
  addUsage,
  changeAccount,
  packJson,
  packRow,
  readCheckpoint,
  readDay,
  readJson,
  readUsage,
  type StoredDay,
} from './embedded-records.ts';
import { copyLedger } from './ledger-copy.ts';
import {
  type CommitResult,
  type LedgerBatch,
  type LedgerBooks,
  type LedgerDay,
  type LedgerRow,
  type LedgerStore,
  type PreparedBatch,
  paymentOverlap,
  type RejectedPage,
  type RejectedRecord,
  type RejectedRow,
  rejectedAtOnceMax,
} from './ledger-store.ts';
import { sumPostings } from './postings.ts';
import { rowProblem } from './row-check.ts';
import { isPosting, spansOf } from './unlisted-records.ts';

/** Rows that one transaction removes: a day of millions must not hold up the writer. */
const rowsDroppedAtOnce = 1000;

interface EmbeddedBatch extends PreparedBatch {
  readonly packed: readonly PackedRow[];
  readonly unlisted: readonly UnlistedRow[];
  readonly rejected: readonly RejectedRecord[];
}

interface PackedRow {
  readonly row: LedgerRow;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Posted without a row. */
interface UnlistedRow {
  readonly row: LedgerRow;
  readonly key: string;
  /** Of the row that it may have had, as parameters change; '' where no row could be made. */
  readonly rowKey: string;
}

export async function openEmbeddedLedger(
  dataDir: string,
  options: StoreOptions = {},
): Promise<LedgerStore> {
  const name = { folder: 'ledger', title: 'ledger' };
  return embeddedLedger(await openStore(dataDir, name, options));
}

function embeddedLedger(store: ConfigurationStore): LedgerStore {
  const accounts = new EmbeddedAccounts(store);
  return {
    ...booksIn(store),
    kind: store.kind,
    warning: () => '',
    checkpoint: async (logSet) => readCheckpoint(store, logSet),
    prepare: prepareBatch,
    commit: async (prepared) => commitBatch(store, prepared as EmbeddedBatch),
    cdrs: (query) => embeddedCdrs(store, query),
    view: (read) => store.view((reader) => read(booksIn(reader))),
    dropUnlisted: async (logSet, files) => dropUnlisted(store, logSet, files),
    dropDay: async (day) => dropDay(store, day),
    rejectedRows: async (page = {}) => listRejected(store, page),
    openAccounts: async (opening, at) => accounts.open(opening, at),
    account: async (account) => accounts.find(account),
    closeAccount: async (account) => accounts.close(account),
    pay: async (order) => accounts.pay(order),
    chargeRent: async (due) => chargeRent(store, due),
    chargeMinimum: async (due) => chargeMinimum(store, due),
    standing: async (names, logSets) => ({
      balances: names.map((account) => accounts.find(account)?.balance ?? 0n),
      checkpoints: logSets.map((logSet) => readCheckpoint(store, logSet)),
      payments: accounts.latestPayments(paymentOverlap),
    }),
    recentPayments: async (number) => listPayments(store, { after: number }),
    usages: async (since) => listUsages(store).filter(({ day }) => day >= since),
    dropUsages: async (before) => dropUsages(store, before),
    copy: async (dataDir) => copyLedger(store, dataDir),
    close: () => store.close(),
  };
}

function booksIn(reader: StoreReader): LedgerBooks {
  return {
    accounts: async () => listAccounts(reader),
    payments: async (filter) => listPayments(reader, filter),
    dayCharges: async () => listDayCharges(reader),
    days: async () => listDays(reader),
    cdrsOfDay: (day) => embeddedCdrsOfDay(reader, day, {}),
  };
}

function prepareBatch(batch: LedgerBatch): EmbeddedBatch {
  const packed: PackedRow[] = [];
  const unlisted: UnlistedRow[] = [];
  const rejected = [...batch.rejected];
  for (const row of batch.rows) {
    if (!(row.listed || isPosting(row))) continue;
    const { logId, cdr, day } = row;
    const reason = rowProblem(row);
    const keyOfRow = reason === '' ? rowKey(day, { endedAt: cdr.endedAt, logId }) : '';
    if (row.listed && reason === '') {
      packed.push({ row, key: keyOfRow, value: packRow(row) });
      continue;
    }
    if (row.listed) rejected.push({ logId, reason, raw: JSON.stringify(cdr, bigintText) });
    if (isPosting(row)) unlisted.push({ row, key: unlistedKey(logId), rowKey: keyOfRow });
  }
  return { batch, packed, unlisted, rejected };
}

/** JSON has no bigint. */
export function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function commitBatch(store: ConfigurationStore, prepared: EmbeddedBatch): CommitResult {
  const { batch, packed, unlisted, rejected } = prepared;
  return store.transaction((transaction) => {
    const { version } = readCheckpoint(transaction, batch.logSet);
    if (version !== batch.version) return { kind: 'moved' };
    const stored = new Set<LedgerRow>();
    const twice = new Set<LedgerRow>();
    const before = unlistedBefore(transaction, prepared);
    for (const { row, key, value } of packed) {
      const isPosted = before.size > 0 && before.has(unlistedKey(row.logId));
      if (isPosted || transaction.get(key) !== undefined) {
        twice.add(row);
        continue;
      }
      transaction.put(key, value);
      stored.add(row);
    }
    for (const { row, key, rowKey: keyOfRow } of unlisted) {
      const isListed = keyOfRow !== '' && transaction.get(keyOfRow) !== undefined;
      if (isListed || transaction.get(key) !== undefined) twice.add(row);
      else transaction.put(key, packJson(row.day));
    }
    countDays(transaction, stored);
    const posted = batch.rows.filter((row) => !twice.has(row));
    post(transaction, posted, stored);
    for (const { logId, reason, raw } of rejected) {
      const key = rejectedKey(logId);
      transaction.put(key, packJson({ logId, reason, raw, at: Date.now() } satisfies RejectedRow));
    }
    const next = { version: version + 1, places: batch.places };
    transaction.put(checkpointKey(batch.logSet), packJson(next));
    return { kind: 'stored', rows: stored.size, rejected };
  });
}

/** For those that get a row now: keys of records of these files, between the first and the last of the batch, that were posted without a row. */
function unlistedBefore(
  transaction: StoreTransaction,
  { batch, packed, unlisted }: EmbeddedBatch,
): ReadonlySet<string> {
  if (batch.isNew === true) return new Set();
  const rows = [...packed, ...unlisted].map(({ row }) => row);
  const before = new Set<string>();
  for (const { set, file, first, last } of spansOf(rows)) {
    const from = unlistedKey({ set, file, offset: first });
    const to = `${unlistedKey({ set, file, offset: last })}\u0001`;
    for (const [key] of transaction.range(from, to, Number.MAX_SAFE_INTEGER)) before.add(key);
  }
  return before;
}

function post(
  transaction: StoreTransaction,
  rows: readonly LedgerRow[],
  listed: ReadonlySet<LedgerRow>,
): void {
  for (const usage of sumUsages(rows.flatMap(({ usages = [] }) => usages))) {
    addUsage(transaction, usage);
  }
  for (const sum of sumPostings(rows, (row) => listed.has(row))) {
    addCharge(transaction, sum);
    changeAccount(transaction, sum.account, (account) => {
      account.balance = (BigInt(account.balance) - sum.listed - sum.unlisted).toString();
      account.calls += sum.calls;
    });
  }
}

function countDays(transaction: StoreTransaction, rows: ReadonlySet<LedgerRow>): void {
  const days = new Map<number, StoredDay>();
  for (const { day, cdr } of rows) {
    let found = days.get(day);
    if (found === undefined) {
      found = readDay(transaction, day) ?? {
        rows: 0,
        firstEndedAt: cdr.endedAt,
        lastEndedAt: cdr.endedAt,
      };
      days.set(day, found);
    }
    found.rows++;
    if (cdr.endedAt < found.firstEndedAt) found.firstEndedAt = cdr.endedAt;
    if (cdr.endedAt > found.lastEndedAt) found.lastEndedAt = cdr.endedAt;
  }
  for (const [day, value] of days) transaction.put(dayKey(day), packJson(value));
}

function listDays(store: StoreReader): LedgerDay[] {
  return store.keys('day/').map((key) => {
    const day = Number(key.slice('day/'.length));
    return { day, rows: readDay(store, day)?.rows ?? 0 };
  });
}

async function dropDay(store: ConfigurationStore, day: number): Promise<void> {
  const prefix = rowPrefix(day);
  // First, so that no query begins on rows that are going.
  store.transaction((transaction) => transaction.remove(dayKey(day)));
  await removeRange(store, prefix, `${prefix}${behind}`);
}

/** In parts, with the writer's turn between two. */
async function removeRange(store: ConfigurationStore, from: string, end: string): Promise<void> {
  for (;;) {
    const gone = store.range(from, end, rowsDroppedAtOnce);
    if (gone.length === 0) return;
    store.transaction((transaction) => {
      for (const [key] of gone) transaction.remove(key);
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** From file to file, not through all of their records. */
async function dropUnlisted(
  store: ConfigurationStore,
  logSet: string,
  files: readonly string[],
): Promise<void> {
  const prefix = unlistedPrefix(logSet);
  const end = `${prefix}${behind}`;
  const kept = new Set(
    files.map((file) => folderOf(unlistedKey({ set: logSet, file, offset: 0 }))),
  );
  let from = prefix;
  for (;;) {
    const [first] = store.range(from, end, 1);
    if (first === undefined) return;
    const folder = folderOf(first[0]);
    const behindFile = `${folder}/${behind}`;
    if (!kept.has(folder)) await removeRange(store, first[0], behindFile);
    from = behindFile;
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}

function listUsages(store: ConfigurationStore): Usage[] {
  return store
    .range('usage/', `usage/${behind}`, Number.MAX_SAFE_INTEGER)
    .map(([key, value]) => readUsage(key, value));
}

function dropUsages(store: ConfigurationStore, before: number): void {
  const old = listUsages(store).filter(
    ({ item, day }) => item.startsWith('fraud/') && day < before,
  );
  if (old.length === 0) return;
  store.transaction((transaction) => {
    for (const usage of old) transaction.remove(usageKey(usage));
  });
}

function listRejected(
  store: ConfigurationStore,
  { after, limit = rejectedAtOnceMax }: RejectedPage,
): RejectedRow[] {
  const from = after === undefined ? 'rejected/' : `${rejectedKey(after)}\u0001`;
  return store
    .range(from, `rejected/${behind}`, limit)
    .map(([, value]) => readJson<RejectedRow>(value));
}
