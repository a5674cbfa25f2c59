// Everything the core may do to the world. `acquire…`, `reserve` and `release` answer at once; all else is
// buffered by the runner (workers/call/effect-runner.ts) and carried out when the batch of messages has been
// handled: CDR frames first, in one write, then the sends in order, then lines and money given back. When a
// handler throws, what it buffered is discarded and what it took is given back.
import type { AnswerRecord, Cdr } from './cdr/cdr.ts';
import type { Hop } from './sip/hop.ts';

export interface SendEffects {
  /** Queues one message; `text` is a byte string (latin1). */
  send(hop: Hop, text: string): void;
}

export interface CountEffects {
  /** `counter` is a slot of core/metrics/counter-layout.ts. */
  count(counter: number): void;
}

export interface AdmissionEffects {
  /** Takes a line of this slot unless `limit` are taken (0: no limit; it is counted all the same). */
  acquireLine(slot: number, limit: number): boolean;
  /** Gives a line back, after the sends of the batch. */
  releaseLine(slot: number): void;
  /** Takes one place in the slot's sliding second (0: no limit, always true). */
  acquireCps(slot: number, limit: number): boolean;
}

export interface PoolEffects extends Pick<AdmissionEffects, 'acquireLine'> {
  /** The next place of a number pool that goes in turn; `cursor` is of core/admission/line-limits.ts. */
  nextPlace(cursor: number): number;
}

/** What is known of a gateway now, over all workers; by its slot. */
export interface GatewayReadings {
  linesUsed(slot: number): number;
  /** INVITEs sent to it since the node's midnight. */
  callsToday(slot: number): number;
  /** Hundredths of a percent of the window's attempts that were answered; -1: no attempt. */
  asr(slot: number): number;
  /** Mean tenths of a second of the window's answered calls; -1: no call. */
  acd(slot: number): number;
  /** It does not answer OPTIONS. */
  isOffline(slot: number): boolean;
  /** Seconds for which it asked for no calls (Retry-After); 0: none. */
  closedSeconds(slot: number): number;
}

/** Counted at once, and not undone when a handler throws. */
export interface GatewayEffects extends Omit<GatewayReadings, 'linesUsed'> {
  /** An INVITE was sent to it. */
  noteAttempt(slot: number): void;
  /** The attempt was answered, or is over; `responded`: the gateway said anything at all. */
  noteOutcome(slot: number, answered: boolean, responded: boolean): void;
  /** An answered call is over. */
  noteTalk(slot: number, seconds: number): void;
  /** It wants no calls for so long. */
  closeGateway(slot: number, seconds: number): void;
  /** Whether it has answered its OPTIONS. */
  noteCheck(slot: number, online: boolean): void;
}

/** Money of one account that one call has set aside. */
export interface MoneyHold {
  /** Of the account (workers/memory/balance-block.ts). */
  readonly slot: number;
  /** Units of 10^-8; kept by the effects below alone. */
  reserved: bigint;
}

export interface MoneyEffects {
  /** Sets so much more aside, or nothing: false where the account does not have it, or has nothing. */
  reserve(hold: MoneyHold, units: bigint): boolean;
  /** Gives back what was set aside in vain while this message was handled. */
  release(hold: MoneyHold, units: bigint): void;
  /** Ends the hold: `charged` of it, at most all, is spent; the rest goes back after the sends of the
   *  batch, when the CDR is written. */
  settle(hold: MoneyHold, charged: bigint): void;
}

/** What one call has set aside of the day's allowance of one fraud limit, or of what is counted of a package. */
export interface UsageHold {
  /** Of core/admission/day-usage.ts. */
  readonly cell: number;
  /** Seconds, or units of money; kept by the effects below alone. */
  reserved: bigint;
}

export interface UsageBound {
  readonly most: bigint;
  readonly step: bigint;
}

/** `slot`: of a fraud limit. */
export interface FraudEffects {
  /** Lines of a line slot that are taken, over all workers. */
  linesUsed(lineSlot: number): number;
  /** Takes one of `most` places in the slot's sliding minute. */
  acquireMinute(slot: number, most: number): boolean;
  /** Whether so many places of that minute are taken. */
  reachedMinute(slot: number, calls: number): boolean;
  /** Sets so much more aside unless the day's total would pass `most` (below 0: no limit). The total after
   *  it; -1n: refused. */
  takeUsage(hold: UsageHold, units: bigint, most: bigint): bigint;
  /** Sets `wanted`, whole steps, aside of what a package gives, or as many whole steps as are left below `most`; how
   *  much. */
  takeUsageUpTo(hold: UsageHold, wanted: bigint, below: UsageBound): bigint;
  /** What ended calls have used, and those that are up have set aside. */
  readUsage(cell: number): bigint;
  /** Counts what a call has used that ends now, of something that it had nothing set aside of. */
  addUsage(cell: number, units: bigint): void;
  /** Gives back what was set aside in vain while this message was handled. */
  giveUsageBack(hold: UsageHold, units: bigint): void;
  /** Ends the hold: `used` of it, at most all, counts; the rest goes back as money does. */
  settleUsage(hold: UsageHold, used: bigint): void;
  /** `alarm` of core/metrics/fraud-alarm.ts; told once a day. */
  raiseAlarm(slot: number, alarm: number, day: number): void;
}

export interface CdrEffects {
  /** False while the log cannot be written: new calls are refused. */
  cdrLogAccepts(): boolean;
  recordAnswer(answer: AnswerRecord): void;
  recordEnd(cdr: Cdr): void;
}

export interface Effects
  extends SendEffects,
    CountEffects,
    AdmissionEffects,
    PoolEffects,
    GatewayReadings,
    GatewayEffects,
    MoneyEffects,
    FraudEffects,
    CdrEffects {}
