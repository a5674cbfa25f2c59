// Values of the embedded ledger: JSON, with money as decimal text of whole units, and CDR rows as the same
// positional arrays that the log holds, so that a row of any age can be read.
import { Packr } from 'msgpackr';
import type { Cdr, Usage } from '../../core/cdr/cdr.ts';
import { decodeFrame, encodeEnd } from '../../core/cdr/cdr-codec.ts';
import { withinColumns } from '../../core/cdr/column-texts.ts';
import type { StoreReader, StoreTransaction } from '../configuration/configuration-store.ts';
import {
  accountKey,
  chargeKey,
  checkpointKey,
  dayKey,
  isHashedUsage,
  usageKey,
  usageOfKey,
} from './embedded-keys.ts';
import type { Checkpoint, LedgerAccount, LedgerRow, Payment } from './ledger-store.ts';

const packr = new Packr({ useRecords: false });

/** As it stands in the log, where it comes from there. */
export function packRow({ cdr, day, payload }: LedgerRow): Uint8Array {
  return payload ?? packr.pack(encodeEnd(cdr, day));
}

/** As a row of a table would be; undefined where a later version has written it. */
export function unpackRow(value: Uint8Array): Cdr | undefined {
  const frame = decodeFrame(packr.unpack(value));
  return frame.kind === 'end' ? withinColumns(frame.cdr) : undefined;
}

export function packJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function readJson<Value>(value: Uint8Array): Value {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString()) as Value;
}

export interface StoredAccount {
  balance: string;
  expiresAt: number | null;
  payments: number;
  calls: number;
  /** Its opening balance was posted. */
  opened: boolean;
}

export interface StoredDay {
  rows: number;
  firstEndedAt: number;
  lastEndedAt: number;
}

export interface StoredCharge {
  listed: string;
  unlisted: string;
  calls: number;
}

type StoredPayment = Omit<Payment, 'units' | 'balanceAfter'> & {
  units: string;
  balanceAfter: string;
};

const emptyAccount: StoredAccount = {
  balance: '0',
  expiresAt: null,
  payments: 0,
  calls: 0,
  opened: false,
};

export function readAccount(reader: StoreReader, name: string): StoredAccount | undefined {
  const value = reader.get(accountKey(name));
  return value === undefined ? undefined : readJson<StoredAccount>(value);
}

export function changeAccount(
  transaction: StoreTransaction,
  name: string,
  change: (account: StoredAccount) => void,
): StoredAccount {
  const account = readAccount(transaction, name) ?? { ...emptyAccount };
  change(account);
  transaction.put(accountKey(name), packJson(account));
  return account;
}

export function ledgerAccount(name: string, stored: StoredAccount): LedgerAccount {
  const { expiresAt, payments, calls } = stored;
  return { name, balance: BigInt(stored.balance), expiresAt, payments, calls };
}

export function packPayment(payment: Payment): Buffer {
  const units = payment.units.toString();
  return packJson({ ...payment, units, balanceAfter: payment.balanceAfter.toString() });
}

export function readPayment(value: Uint8Array): Payment {
  const stored = readJson<StoredPayment>(value);
  return { ...stored, units: BigInt(stored.units), balanceAfter: BigInt(stored.balanceAfter) };
}

export function readCheckpoint(reader: StoreReader, logSet: string): Checkpoint {
  const value = reader.get(checkpointKey(logSet));
  return value === undefined ? { version: 0, places: {} } : readJson<Checkpoint>(value);
}

export function readDay(reader: StoreReader, day: number): StoredDay | undefined {
  const value = reader.get(dayKey(day));
  return value === undefined ? undefined : readJson<StoredDay>(value);
}

interface StoredUsage {
  seconds: number;
  money: string;
  /** Where the key does not say them. */
  account?: string;
  item?: string;
}

export function addUsage(transaction: StoreTransaction, usage: Usage): void {
  const key = usageKey(usage);
  const value = transaction.get(key);
  const before = value === undefined ? { seconds: 0, money: '0' } : readJson<StoredUsage>(value);
  const seconds = before.seconds + usage.seconds;
  const money = BigInt(before.money) + usage.money;
  transaction.put(key, packUsage({ ...usage, seconds, money }));
}

export function packUsage({ account, item, seconds, money }: Usage): Uint8Array {
  const stored: StoredUsage = { seconds, money: money.toString() };
  return packJson(isHashedUsage(account, item) ? { ...stored, account, item } : stored);
}

export function readUsage(key: string, value: Uint8Array): Usage {
  const { account, item, seconds, money } = readJson<StoredUsage>(value);
  const of = usageOfKey(key);
  return {
    account: account ?? of.account,
    item: item ?? of.item,
    day: of.day,
    seconds,
    money: BigInt(money),
  };
}

export function addCharge(
  transaction: StoreTransaction,
  sum: { account: string; day: number; listed: bigint; unlisted: bigint; calls: number },
): void {
  const key = chargeKey(sum.account, sum.day);
  const value = transaction.get(key);
  const before =
    value === undefined ? { listed: '0', unlisted: '0', calls: 0 } : readJson<StoredCharge>(value);
  transaction.put(
    key,
    packJson({
      listed: (BigInt(before.listed) + sum.listed).toString(),
      unlisted: (BigInt(before.unlisted) + sum.unlisted).toString(),
      calls: before.calls + sum.calls,
    } satisfies StoredCharge),
  );
}
