// What one payer pays for one call: free seconds first, then the rate, then gift money before the balance.
// The reservation of a running call is the charge that it would have if it ended at a given second, so that
// the call path reserves, tops up and settles by the same arithmetic.
import type { RatedTerms } from '../cdr/cdr.ts';
import type { BillingRules } from './billing-rules.ts';
import {
  type FittingGift,
  type FittingGiftMoney,
  fittingGiftMoney,
  fittingGifts,
  type GiftMoneyUse,
  type GiftUse,
  giftMoneyMax,
  type PackageBalance,
  sumOfGiftMoney,
  useGiftMoney,
  useGifts,
} from './gifts.ts';
import { lastMsOf } from './hold-time.ts';
import { priceOf, secondsFor, taxWithin } from './price.ts';
import type { RateTerms } from './rate-terms.ts';

/** What a charge is made of. */
export interface ChargeTerms {
  readonly rate: RatedTerms;
  /** A number of SERVER_BILLING_FREE_E164S or _NO_CDR_E164S: the rate is only told. */
  readonly free: boolean;
  readonly gifts: readonly FittingGift[];
  readonly giftMoney: readonly FittingGiftMoney[];
}

/** Fixed when the call starts. */
export interface PayerTerms extends ChargeTerms {
  readonly rate: RateTerms;
}

export interface Charge {
  /** Tax included; gift money pays a part of it. */
  readonly fee: bigint;
  readonly tax: bigint;
  /** Seconds of the rate that were paid for; those of packages are not among them. */
  readonly billedSeconds: number;
  readonly packageSeconds: number;
  readonly giftUses: readonly GiftUse[];
  readonly giftMoneyUses: readonly GiftMoneyUse[];
  /** The part of `fee` that the balance pays. */
  readonly fromBalance: bigint;
}

/** What a rated call is at its start. */
interface StartedCall {
  /** As it is rated. */
  readonly number: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly feeUnit: bigint;
}

/** With as much of the packages as a call sets aside. */
export function payerTerms(
  rate: RateTerms,
  free: boolean,
  packages: readonly PackageBalance[],
  call: StartedCall,
): PayerTerms {
  if (packages.length === 0) return { rate, free, gifts: noGifts, giftMoney: noGiftMoney };
  const gifts = fittingGifts(packages, call.number, call.at);
  const most = giftMoneyMax(rate, gifts, call.feeUnit);
  return { rate, free, gifts, giftMoney: fittingGiftMoney(packages, most) };
}

/** `fromBalanceMax`: a call that the server ended is charged at most what it reserved. */
export function chargeFor(
  terms: ChargeTerms,
  seconds: number,
  feeUnit: bigint,
  fromBalanceMax?: bigint,
): Charge {
  const { rate, free, gifts } = terms;
  if (free || seconds <= 0) return freeCharge;
  const { uses, covered } = useGifts(gifts, seconds);
  const price = priceOf(rate, seconds - covered, feeUnit);
  const giftMoneyUses = useGiftMoney(terms.giftMoney, price.fee);
  const giftMoney = sumOfGiftMoney(giftMoneyUses);
  const wanted = price.fee - giftMoney;
  const isCut = fromBalanceMax !== undefined && wanted > fromBalanceMax;
  const fromBalance = isCut ? fromBalanceMax : wanted;
  const fee = giftMoney + fromBalance;
  return {
    fee,
    tax: isCut ? taxWithin(rate, fee, feeUnit) : price.tax,
    billedSeconds: price.billedSeconds,
    packageSeconds: covered,
    giftUses: uses,
    giftMoneyUses,
    fromBalance,
  };
}

export interface Reservation {
  /** What the balance must have for it. */
  readonly money: bigint;
  /** The call may run to the end of this millisecond after its answer before it costs more. */
  readonly untilMs: number;
}

/** What a call must have reserved to run for `seconds` hold seconds; 1: its first chargeable step. */
export function reservationFor(
  terms: PayerTerms,
  seconds: number,
  rules: BillingRules,
): Reservation {
  const { fromBalance, billedSeconds, packageSeconds } = chargeFor(terms, seconds, rules.feeUnit);
  // In a free call no step ever ends.
  const paidSeconds = terms.free ? Number.POSITIVE_INFINITY : billedSeconds + packageSeconds;
  return { money: fromBalance, untilMs: lastMsOf(paidSeconds, rules) };
}

/** The longest call, in hold seconds up to `secondsMax`, that gifts and this much of the balance pay for. */
export function affordableSeconds(
  terms: PayerTerms,
  money: bigint,
  feeUnit: bigint,
  secondsMax: number,
): number {
  if (terms.free) return secondsMax;
  const { covered } = useGifts(terms.gifts, secondsMax);
  if (covered >= secondsMax) return secondsMax;
  const spendable = money + sumOfGiftMoney(terms.giftMoney);
  const paid =
    spendable < 0n ? 0 : secondsFor(terms.rate, spendable, feeUnit, secondsMax - covered);
  return covered + paid;
}

const noGifts: readonly FittingGift[] = [];
const noGiftMoney: readonly FittingGiftMoney[] = [];

const freeCharge: Charge = {
  fee: 0n,
  tax: 0n,
  billedSeconds: 0,
  packageSeconds: 0,
  giftUses: [],
  giftMoneyUses: [],
  fromBalance: 0n,
};
