// Keys of the embedded ledger, one environment for all of it:
//
//   account/NAME                       balance, expiry, counts
//   checkpoint/SET                     version and places of one log set
//   charge/NAME/DAY                    what calls of a day have cost an account
//   day/DAY                            number of rows, first and last end of a call
//   payment/NUMBER                     one payment
//   payments                           number of the latest
//   rejected/SET/FILE/OFFSET           a record that no table takes, with its reason
//   unlisted/SET/FILE/OFFSET           a record that was posted without a row: the day of its table
//   usage/NAME/ITEM/DAY                what calls of a day, or a longer period, have used of a fraud limit or a package
//   row/DAY/ENDED/SET/FILE/OFFSET      a CDR: the end of the call, then the identity of its frame
//
// Numbers have leading zeros, so that the order of the keys is theirs. Names are base64url: keys are ASCII.
import { createHash } from 'node:crypto';
import type { LogId } from '../../core/cdr/cdr-json.ts';
import { parseSegmentName } from '../cdr/log-set.ts';
import type { CdrPlace } from './ledger-store.ts';

/** Keys have at most 255 bytes; a day has up to seven. */
const usagePrefixMax = 248;
/** In the place of an item; no name is written so. */
const hashed = '.';

/** Behind every key that begins with the same text and a slash. */
export const behind = '~';

export const accountKey = (name: string): string => `account/${nameKey(name)}`;
export const checkpointKey = (logSet: string): string => `checkpoint/${logSet}`;
export const chargeKey = (account: string, day: number): string =>
  `charge/${nameKey(account)}/${day}`;
export const dayKey = (day: number): string => `day/${day}`;
export const usageKey = ({
  account,
  item,
  day,
}: {
  account: string;
  item: string;
  day: number;
}): string => `${usagePrefix(account, item)}${day}`;
/** Of all days. Names that are too long for a key are told by the value. */
export function usagePrefix(account: string, item: string): string {
  const prefix = `usage/${nameKey(account)}/${nameKey(item)}/`;
  if (prefix.length <= usagePrefixMax) return prefix;
  const digest = createHash('sha256').update(`${account}\n${item}`).digest('base64url');
  return `usage/${digest}/${hashed}/`;
}
export const paymentKey = (number: number): string => `payment/${padded(number, 12)}`;
export const lastPaymentKey = 'payments';
export const rejectedKey = (logId: LogId): string => `rejected/${identityKey(logId)}`;
export const unlistedKey = (logId: LogId): string =>
  `${unlistedPrefix(logId.set)}${fileKey(logId)}`;
export const unlistedPrefix = (set: string): string => `unlisted/${set}/`;
export const rowKey = (day: number, place: CdrPlace): string =>
  `${rowPrefix(day)}${padded(place.endedAt, 14)}/${identityKey(place.logId)}`;

export const rowPrefix = (day: number): string => `row/${day}/`;
export const endedKey = (day: number, endedAt: number): string =>
  `${rowPrefix(day)}${padded(endedAt, 14)}`;

/** The identity as text, which is also how CDRs of one millisecond are ordered everywhere: those of one
 *  worker as they were written. */
export function identityKey(logId: LogId): string {
  return `${logId.set}/${fileKey(logId)}`;
}

function fileKey({ file, offset }: LogId): string {
  return `${paddedFile(file)}/${padded(offset, 10)}`;
}

/** Of a key's last three parts. */
export function logIdOfParts(set: string, file: string, offset: string): LogId {
  return { set, file: parseSegmentName(file)?.file ?? file, offset: Number(offset) };
}

/** Thousands of rows in turn are of one file. */
let lastPadded = { file: '', text: '' };

function paddedFile(file: string): string {
  if (file !== lastPadded.file) lastPadded = { file, text: padFile(file) };
  return lastPadded.text;
}

function padFile(file: string): string {
  const segment = parseSegmentName(file);
  if (segment === null) return file;
  const { role, worker, incarnation, sequence } = segment;
  return `${role}${padded(worker, 6)}-${padded(incarnation, 15)}-${padded(sequence, 9)}.log`;
}

export function nameOfKey(key: string): string {
  return Buffer.from(key.split('/')[1]!, 'base64url').toString('utf8');
}

/** Whether the key of this usage is without its names. */
export function isHashedUsage(account: string, item: string): boolean {
  return usagePrefix(account, item).endsWith(`/${hashed}/`);
}

/** Of a key of `usageKey` that has its names. */
export function usageOfKey(key: string): { account: string; item: string; day: number } {
  const [, , item, day] = key.split('/');
  const name = Buffer.from(item!, 'base64url').toString('utf8');
  return { account: nameOfKey(key), item: name, day: Number(day) };
}

function nameKey(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
