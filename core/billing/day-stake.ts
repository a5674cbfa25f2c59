// What a call sets aside of the day's allowance of a fraud limit: seconds, or money of one payer. It is taken,
// topped up and settled beside the money of the call (reservation.ts) and by the same arithmetic, so that all
// calls of a limit together never pass it by a second or a unit.
import type { FraudLimit } from '../configuration/snapshot.ts';
import type { FraudEffects, UsageHold } from '../effects.ts';
import { FraudAlarm } from '../metrics/fraud-alarm.ts';
import type { BillingRules } from './billing-rules.ts';
import { chargeFor } from './charge.ts';
import type { Party } from './reservation.ts';

export interface DayStake extends UsageHold {
  readonly limit: FraudLimit;
  /** The account's day on which the call began, since 1970. */
  readonly day: number;
  /** Whose fee counts; null: seconds count. */
  readonly payer: Party | null;
  /** Below 0: none. */
  readonly warn: bigint;
  readonly block: bigint;
  /** The hold seconds that `reserved` is enough for. */
  paidSeconds: number;
  reservedBefore: bigint;
  paidBefore: number;
}

/** As reserveAll of money: -1, or the place of the first stake that has no more; then none has changed. */
export function reserveStakes(
  effects: FraudEffects,
  stakes: readonly DayStake[],
  seconds: number,
  rules: BillingRules,
): number {
  for (let place = 0; place < stakes.length; place++) {
    if (reserveStake(effects, stakes[place]!, seconds, rules)) continue;
    for (let below = 0; below < place; below++) undo(effects, stakes[below]!);
    return place;
  }
  return -1;
}

function reserveStake(
  effects: FraudEffects,
  stake: DayStake,
  seconds: number,
  rules: BillingRules,
): boolean {
  stake.reservedBefore = stake.reserved;
  stake.paidBefore = stake.paidSeconds;
  if (seconds <= stake.paidSeconds) return true;
  let units = BigInt(seconds);
  let paid = seconds;
  if (stake.payer !== null) {
    const charge = chargeFor(stake.payer, seconds, rules.feeUnit);
    units = charge.fee;
    paid = charge.billedSeconds + charge.packageSeconds;
  }
  const total = effects.takeUsage(stake, units - stake.reserved, stake.block);
  if (total < 0n) return false;
  stake.paidSeconds = paid;
  if (stake.warn >= 0n && total >= stake.warn) {
    effects.raiseAlarm(stake.limit.slot, alarmOf(stake), stake.day);
  }
  return true;
}

/** The warning's; the block's is the next. */
export function alarmOf({ payer }: DayStake): number {
  return payer === null ? FraudAlarm.minutesWarn : FraudAlarm.moneyWarn;
}

function undo(effects: FraudEffects, stake: DayStake): void {
  const more = stake.reserved - stake.reservedBefore;
  if (more > 0n) effects.giveUsageBack(stake, more);
  stake.paidSeconds = stake.paidBefore;
}
