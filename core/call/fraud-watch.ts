// Fraud limits of a call: those of its account, and of the agents above, whose prefix the rated number begins
// with. All of them apply: the one of a prefix bounds what goes there, the account's own what goes anywhere.
// Each call takes a line of every limit, so that calls are counted; the rest is taken where it is limited.

import { UsageKind, usageCell } from '../admission/day-usage.ts';
import { fraudLineSlot } from '../admission/line-limits.ts';
import { alarmOf, type DayStake, reserveStakes } from '../billing/day-stake.ts';
import type { Party } from '../billing/reservation.ts';
import { zoneAt } from '../configuration/open-billing.ts';
import type { FraudLimit } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { FraudAlarm } from '../metrics/fraud-alarm.ts';
import { dayOf, localSeconds } from '../time/local-time.ts';
import { TimerName } from '../time/timer-name.ts';
import type { Call, CallBilling } from './call.ts';
import type { CallEnvironment } from './environment.ts';

export interface AppliedLimit {
  readonly limit: FraudLimit;
  /** The day of its account on which the call began, since 1970. */
  readonly day: number;
  /** The account's place among those of the call. */
  readonly place: number;
}

export interface FraudWatch {
  readonly limits: readonly AppliedLimit[];
  /** Limits of which a line is held, from the first on. */
  linesHeld: number;
  stakes: readonly DayStake[];
  /** Longest call, seconds; 0: no limit. */
  readonly callSeconds: number;
  /** Until the next warning about the length. */
  timer: number;
}

/** Null: none applies. Asked once the number is rated. */
export function findFraudLimits(
  env: CallEnvironment,
  call: Call,
  billing: CallBilling,
): FraudWatch | null {
  let limits: AppliedLimit[] | undefined;
  const { accounts } = billing;
  for (let place = 0; place < accounts.length; place++) {
    const account = accounts[place]!;
    if (account.fraudLimits.length === 0) continue;
    const zone = zoneAt(env.snapshot.billing, account.zone);
    const day = dayOf(localSeconds(zone, call.cdr.startedAt));
    for (const limit of account.fraudLimits) {
      if (!call.cdr.calleeBilling!.startsWith(limit.prefix)) continue;
      limits ??= [];
      limits.push({ limit, day, place });
    }
  }
  if (limits === undefined) return null;
  return { limits, linesHeld: 0, stakes: noStakes, callSeconds: shortest(limits), timer: 0 };
}

/** One line of every limit, or none. */
export function takeFraudLines(env: CallEnvironment, watch: FraudWatch): boolean {
  for (const { limit, day } of watch.limits) {
    const { warn, block } = limit.callsAtOnce;
    const slot = fraudLineSlot(limit.slot);
    if (block === 0 || !env.effects.acquireLine(slot, Math.max(0, block))) {
      env.effects.raiseAlarm(limit.slot, FraudAlarm.callsBlock, day);
      giveFraudLinesBack(env, watch);
      return false;
    }
    watch.linesHeld++;
    if (warn >= 0 && env.effects.linesUsed(slot) >= warn) {
      env.effects.raiseAlarm(limit.slot, FraudAlarm.callsWarn, day);
    }
  }
  return true;
}

function giveFraudLinesBack(env: CallEnvironment, watch: FraudWatch): void {
  for (let at = 0; at < watch.linesHeld; at++) {
    env.effects.releaseLine(fraudLineSlot(watch.limits[at]!.limit.slot));
  }
  watch.linesHeld = 0;
}

/** A place in the minute of every limit that counts them. One that a later limit refuses is not given back. */
export function takeFraudMinute(env: CallEnvironment, { limits }: FraudWatch): boolean {
  const { effects } = env;
  for (const { limit, day } of limits) {
    const { warn, block } = limit.callsPerMinute;
    if (warn < 0 && block < 0) continue;
    // Where nothing blocks the window has room for the warning's count; a call beyond it is not entered.
    const entered = block !== 0 && effects.acquireMinute(limit.slot, Math.max(warn, block));
    if (!entered && block >= 0) {
      effects.raiseAlarm(limit.slot, FraudAlarm.rateBlock, day);
      return false;
    }
    if (warn >= 0 && (!entered || effects.reachedMinute(limit.slot, warn))) {
      effects.raiseAlarm(limit.slot, FraudAlarm.rateWarn, day);
    }
  }
  return true;
}

/** The time that a call sets aside ahead of every limit's day, else one second. */
export function setDaysAside(
  env: CallEnvironment,
  watch: FraudWatch,
  billing: CallBilling,
): EndReason | undefined {
  const { payers, rules } = billing;
  const stakes: DayStake[] = [];
  for (const applied of watch.limits) {
    // The CDR of a free call names no agents: it counts for the account alone.
    if (billing.free && applied.place > 0) continue;
    stakes.push(stakeOf(applied, null));
    const payer = payers[applied.place];
    if (payer !== undefined) stakes.push(stakeOf(applied, payer));
  }
  watch.stakes = stakes;
  const ahead = Math.max(1, rules.advanceSeconds);
  if (reserveStakes(env.effects, stakes, ahead, rules) < 0) return undefined;
  const short = reserveStakes(env.effects, stakes, 1, rules);
  return short < 0 ? undefined : blockedBy(env, stakes[short]!);
}

/** The reason, and the alarm. */
export function blockedBy(env: CallEnvironment, stake: DayStake): EndReason {
  env.effects.raiseAlarm(stake.limit.slot, alarmOf(stake) + 1, stake.day);
  return stake.payer === null ? EndReasons.dailyMinutesLimited : EndReasons.dailyMoneyLimited;
}

function stakeOf({ limit, day }: AppliedLimit, payer: Party | null): DayStake {
  const threshold = payer === null ? limit.daySeconds : limit.dayMoney;
  const kind = payer === null ? UsageKind.seconds : UsageKind.money;
  return {
    cell: usageCell(limit.slot, kind, day),
    reserved: 0n,
    limit,
    day,
    payer,
    warn: threshold.warn,
    block: threshold.block,
    paidSeconds: 0,
    reservedBefore: 0n,
    paidBefore: 0,
  };
}

/** What the call has used of every day; `fees` in the order of the payers. Exactly once a call. */
export function settleFraud(
  env: CallEnvironment,
  watch: FraudWatch,
  billing: CallBilling,
  used: { readonly seconds: number; readonly fees: readonly bigint[] },
): void {
  watch.timer = env.wheel.cancel(watch.timer);
  for (const stake of watch.stakes) {
    const { payer } = stake;
    const units = payer === null ? BigInt(used.seconds) : used.fees[billing.payers.indexOf(payer)]!;
    env.effects.settleUsage(stake, units);
  }
  giveFraudLinesBack(env, watch);
}

/** The call is answered: its length may have to be warned about. */
export function armLengthWarning(env: CallEnvironment, call: Call, watch: FraudWatch): void {
  const elapsedMs = env.nowMs - call.answeredMs;
  let next = Number.POSITIVE_INFINITY;
  for (const { limit } of watch.limits) {
    const { warn } = limit.callSeconds;
    if (warn >= 0 && warn * 1000 > elapsedMs) next = Math.min(next, warn * 1000);
  }
  if (next === Number.POSITIVE_INFINITY) return;
  watch.timer = env.wheel.arm(call, TimerName.lengthWarning, next - elapsedMs);
}

export function onLengthWarning(env: CallEnvironment, call: Call): void {
  const watch = call.billing?.fraud;
  if (watch === null || watch === undefined) return;
  watch.timer = 0;
  const elapsedMs = env.nowMs - call.answeredMs;
  for (const { limit, day } of watch.limits) {
    const { warn } = limit.callSeconds;
    if (warn < 0 || warn * 1000 > elapsedMs) continue;
    env.effects.raiseAlarm(limit.slot, FraudAlarm.lengthWarn, day);
  }
  armLengthWarning(env, call, watch);
}

/** The call was ended after so many seconds: by which limits? */
export function noteLengthBlock(env: CallEnvironment, watch: FraudWatch, seconds: number): void {
  for (const { limit, day } of watch.limits) {
    if (limit.callSeconds.block !== seconds) continue;
    env.effects.raiseAlarm(limit.slot, FraudAlarm.lengthBlock, day);
  }
}

function shortest(limits: readonly AppliedLimit[]): number {
  let seconds = 0;
  for (const { limit } of limits) {
    const { block } = limit.callSeconds;
    if (block > 0 && (seconds === 0 || block < seconds)) seconds = block;
  }
  return seconds;
}

/** Shared by all calls: a list of stakes is replaced, never changed. */
const noStakes: readonly DayStake[] = [];
