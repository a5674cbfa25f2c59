// Packages: which free seconds and gift money a call may use, and how much of them it uses. What an account
// has left of a package comes in as an argument; what is used goes out, for the ledger to post.
import type { RatedTerms } from '../cdr/cdr.ts';
import { packageAt } from '../configuration/open-billing.ts';
import type { Account, BillingTables, Gift, Package } from '../configuration/snapshot.ts';
import { localSeconds, secondOfDay, windowDay } from '../time/local-time.ts';
import { priceOf } from './price.ts';

/** Packages pay for an hour of a call, from its start. */
export const giftSecondsMax = 3600;

/** What an account has left of one package in the current period. */
export interface PackageBalance {
  readonly package: Package;
  /** By gift of the package. */
  readonly secondsLeft: readonly number[];
  readonly moneyLeft: bigint;
  /** Paid for calls in the period so far. */
  readonly spent: bigint;
}

/** Free seconds that fit the call; in the order of use. */
export interface FittingGift {
  readonly packageName: string;
  readonly gift: number;
  readonly cycleSeconds: number;
  readonly secondsLeft: number;
}

export interface GiftUse {
  readonly packageName: string;
  readonly gift: number;
  readonly seconds: number;
}

/** Gift money that counts; in the order of use. */
export interface FittingGiftMoney {
  readonly packageName: string;
  /** Above 0. */
  readonly money: bigint;
}

export interface GiftMoneyUse {
  readonly packageName: string;
  readonly money: bigint;
}

/** The account's packages at the start of a period: nothing used of them yet, and their rent paid. */
export function fullPackages(
  billing: BillingTables,
  account: Account,
  at: number,
): PackageBalance[] {
  return account.packages
    .filter((order) => order.startsAt <= at && at < order.expiresAt)
    .map((order) => packageAt(billing, order.package))
    .map((each) => ({
      package: each,
      secondsLeft: each.gifts.map((gift) => gift.seconds),
      moneyLeft: each.giftMoney,
      spent: 0n,
    }));
}

/** What a call takes of a gift of which it has nothing yet: whole cycles that cover `left` seconds. */
export function wholeCycles({ cycleSeconds }: Pick<Gift, 'cycleSeconds'>, left: number): number {
  return Math.ceil(left / cycleSeconds) * cycleSeconds;
}

/** The gift money that a call takes at most: what the part of its hour costs that free seconds leave. */
export function giftMoneyMax(
  rate: RatedTerms,
  gifts: readonly Pick<FittingGift, 'secondsLeft'>[],
  feeUnit: bigint,
): bigint {
  let seconds = giftSecondsMax;
  for (const { secondsLeft } of gifts) seconds -= secondsLeft;
  return priceOf(rate, seconds, feeUnit).fee;
}

/** What a call takes of them, an hour in all; `balances` in the order in which they are used. `number`: a byte string
 *  as it is rated. */
export function fittingGifts(
  balances: readonly PackageBalance[],
  number: string,
  at: number,
): FittingGift[] {
  const fitting: FittingGift[] = [];
  let left = giftSecondsMax;
  for (const balance of balances) {
    if (!counts(balance)) continue;
    const second = secondOfDay(localSeconds(balance.package.zone, at));
    for (const [gift, terms] of balance.package.gifts.entries()) {
      const { cycleSeconds } = terms;
      const cycles = Math.floor((balance.secondsLeft[gift] ?? 0) / cycleSeconds);
      if (left <= 0 || cycles === 0 || !isGiftFor(terms, number, second)) continue;
      const secondsLeft = Math.min(cycles * cycleSeconds, wholeCycles(terms, left));
      fitting.push({ packageName: balance.package.name, gift, cycleSeconds, secondsLeft });
      left -= secondsLeft;
    }
  }
  return fitting;
}

/** `second`: of the day on which the call begins, in the package's zone. */
export function isGiftFor(gift: Gift, number: string, second: number): boolean {
  if (windowDay(gift.window, second) === undefined) return false;
  return gift.prefixes.some((prefix) => number.startsWith(prefix));
}

/** Uses of gifts, and the seconds that they cover together. */
interface GiftsUsed {
  readonly uses: readonly GiftUse[];
  readonly covered: number;
}

/** Of nearly all payers, who have no packages: nothing is made for them. */
const nothingUsed: GiftsUsed = { uses: [], covered: 0 };
const noMoneyUsed: readonly GiftMoneyUse[] = [];

/** Whole cycles of each gift in turn, until all seconds are covered or no cycle is left. The first use is of
 *  the first gift, and so on. */
export function useGifts(gifts: readonly FittingGift[], seconds: number): GiftsUsed {
  if (gifts.length === 0) return nothingUsed;
  const uses: GiftUse[] = [];
  let covered = 0;
  for (const { packageName, gift, cycleSeconds, secondsLeft } of gifts) {
    if (covered >= seconds) break;
    const wanted = Math.ceil((seconds - covered) / cycleSeconds);
    const used = Math.min(wanted, Math.floor(secondsLeft / cycleSeconds)) * cycleSeconds;
    uses.push({ packageName, gift, seconds: used });
    covered += used;
  }
  return { uses, covered };
}

/** `most` of it in all; `balances` in the order in which they are used. */
export function fittingGiftMoney(
  balances: readonly PackageBalance[],
  most: bigint,
): readonly FittingGiftMoney[] {
  const left = balances
    .filter((balance) => balance.moneyLeft > 0n && counts(balance))
    .map((balance) => ({ packageName: balance.package.name, money: balance.moneyLeft }));
  return useGiftMoney(left, most);
}

/** Gift money goes before the balance. The first use is of the first, and so on. */
export function useGiftMoney(
  gifts: readonly FittingGiftMoney[],
  fee: bigint,
): readonly GiftMoneyUse[] {
  if (gifts.length === 0) return noMoneyUsed;
  const uses: GiftMoneyUse[] = [];
  let rest = fee;
  for (const { packageName, money: left } of gifts) {
    if (rest === 0n) break;
    const isEnough = left >= rest;
    const money = isEnough ? rest : left;
    uses.push({ packageName, money });
    rest -= money;
  }
  return uses;
}

export function sumOfGiftMoney(gifts: readonly FittingGiftMoney[]): bigint {
  let sum = 0n;
  for (const { money } of gifts) sum += money;
  return sum;
}

/** What is charged at the end of a period in which less than the minimum was spent. */
export function minimumShortfall(minimum: bigint, spent: bigint): bigint {
  return spent < minimum ? minimum - spent : 0n;
}

/** Gifts count once the spending of the period has reached `lowerConsumption`. */
function counts({ package: { lowerConsumption }, spent }: PackageBalance): boolean {
  return spent >= lowerConsumption;
}
