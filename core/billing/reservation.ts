// What a call sets aside of the money of everybody who pays for it: all of them or none, leaf to root. The
// amount is the charge that the call would have if it ended at a given second, so that it is reserved,
// topped up and settled by the same arithmetic and never costs more than it holds.
import type { HeldGift, HeldGiftMoney, PartyTerms, SpentPeriod } from '../cdr/cdr.ts';
import type { MoneyEffects, MoneyHold, UsageHold } from '../effects.ts';
import type { BillingRules } from './billing-rules.ts';
import type { Payer } from './call-billing.ts';
import { type Charge, type ChargeTerms, chargeFor } from './charge.ts';
import { isSameStep } from './price.ts';

/** Free seconds that one account of a call holds. */
export interface GiftHold extends HeldGift, UsageHold {}

/** Gift money that one account of a call holds. */
export interface GiftMoneyHold extends HeldGiftMoney, UsageHold {
  readonly packageName: string;
}

/** Where what the call costs the balance is counted once it has ended; until then the call is counted there, so that
 *  nothing else gets the cells. */
export interface SpentHold extends SpentPeriod, UsageHold {
  readonly moneyCell: number;
}

/** One account of a call: its terms, and what is set aside of its money. */
export interface Party extends PartyTerms, ChargeTerms, MoneyHold {
  readonly rate: ChargeTerms['rate'];
  readonly free: boolean;
  gifts: readonly GiftHold[];
  giftMoney: readonly GiftMoneyHold[];
  spent: readonly SpentHold[];
  /** The hold seconds that `reserved` pays for; Infinity: it pays for none. */
  paidSeconds: number;
  /** What `paidSeconds` cost; null: not known, or packages have a part in it. */
  paidCharge: Charge | null;
  /** As it was before the last attempt to set aside more. */
  reservedBefore: bigint;
  paidBefore: number;
}

export function partyOf({ account, terms }: Payer): Party {
  return {
    slot: account.slot,
    reserved: 0n,
    account: account.name,
    rate: terms.rate,
    free: terms.free,
    gifts: noGifts,
    giftMoney: noGiftMoney,
    spent: noneSpent,
    paidSeconds: 0,
    paidCharge: null,
    reservedBefore: 0n,
    paidBefore: 0,
  };
}

/** Shared by all parties: these lists are replaced, never changed. */
const noGifts: readonly GiftHold[] = [];
const noGiftMoney: readonly GiftMoneyHold[] = [];
const noneSpent: readonly SpentHold[] = [];

/** Sets aside what `seconds` hold seconds cost everybody. -1; or the place of the first party that cannot
 *  pay: then nothing has changed for any of them. */
export function reserveAll(
  money: MoneyEffects,
  parties: readonly Party[],
  seconds: number,
  rules: BillingRules,
): number {
  for (let place = 0; place < parties.length; place++) {
    if (reserveSeconds(money, parties[place]!, seconds, rules)) continue;
    for (let below = 0; below < place; below++) undo(money, parties[below]!);
    return place;
  }
  return -1;
}

/** What the call has set aside ends at this hold second; Infinity: never. */
export function paidSeconds(parties: readonly Pick<Party, 'paidSeconds'>[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let place = 0; place < parties.length; place++) {
    least = Math.min(least, parties[place]!.paidSeconds);
  }
  return least;
}

/** What an ended call of `seconds` hold seconds costs the party: at most what it has set aside. Most calls end within
 *  the step that was paid for last. */
export function chargeAtEnd(party: Party, seconds: number, { feeUnit }: BillingRules): Charge {
  const { paidCharge, rate, reserved } = party;
  // Less is set aside than was paid for where a handler threw and its hold went back.
  const isKnown = paidCharge !== null && paidCharge.fromBalance <= reserved;
  if (isKnown && isSameStep(rate, seconds, paidCharge.billedSeconds)) return paidCharge;
  return chargeFor(party, seconds, feeUnit, reserved);
}

function reserveSeconds(
  money: MoneyEffects,
  party: Party,
  seconds: number,
  rules: BillingRules,
): boolean {
  party.reservedBefore = party.reserved;
  party.paidBefore = party.paidSeconds;
  if (party.free) {
    party.paidSeconds = Number.POSITIVE_INFINITY;
    return true;
  }
  if (seconds <= party.paidSeconds) return true;
  const charge = chargeFor(party, seconds, rules.feeUnit);
  const more = charge.fromBalance - party.reserved;
  // The first time an account must have something even where the call costs nothing, unless free seconds or gift
  // money pay for it.
  const isGiven = charge.packageSeconds > 0 || charge.giftMoneyUses.length > 0;
  const mustAsk = more > 0n || (party.paidSeconds === 0 && !isGiven);
  if (mustAsk && !money.reserve(party, more)) return false;
  party.paidSeconds = charge.billedSeconds + charge.packageSeconds;
  party.paidCharge = isGiven ? null : charge;
  return true;
}

function undo(money: MoneyEffects, party: Party): void {
  const more = party.reserved - party.reservedBefore;
  if (more > 0n) money.release(party, more);
  party.paidSeconds = party.paidBefore;
  party.paidCharge = null;
}
