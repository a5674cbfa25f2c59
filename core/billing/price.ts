// The price of some hold seconds at one rate. Time is counted in the rate's steps first; then fees, time
// and tax are one exact fraction, rounded half up once.
import type { RatedTerms } from '../cdr/cdr.ts';
import { divideHalfUp } from '../money.ts';

export interface BilledTime {
  /** Seconds paid for: sections entered and increments begun. */
  readonly billedSeconds: number;
  /** Those of them that are charged by time. */
  readonly timedSeconds: number;
  readonly sectionFees: bigint;
  readonly sectionsEntered: number;
}

export interface Price {
  /** What the payer loses, tax included. */
  readonly fee: bigint;
  /** The part of `fee` that is tax. */
  readonly tax: bigint;
  readonly billedSeconds: number;
}

/** A hundred percent, in the unit of `taxPercent`. */
const wholePercent = 10_000_000_000n;
const nothing: Price = { fee: 0n, tax: 0n, billedSeconds: 0 };

export function priceOf(terms: RatedTerms, seconds: number, feeUnit: bigint): Price {
  // An answered call without a second of hold time is not charged, not even its connection fee.
  if (seconds <= 0) return nothing;
  const time = billedTime(terms, seconds);
  const period = BigInt(terms.perSeconds);
  const untaxed =
    (terms.connectionFee + time.sectionFees) * period + terms.price * BigInt(time.timedSeconds);
  const { taxPercent } = terms;
  const net = roundedTo(feeUnit, untaxed, period);
  if (taxPercent === 0n) return { fee: net, tax: 0n, billedSeconds: time.billedSeconds };
  const taxed = untaxed * (wholePercent + taxPercent);
  const fee = roundedTo(feeUnit, taxed, period * wholePercent);
  return { fee, tax: fee - net, billedSeconds: time.billedSeconds };
}

/** The tax within a fee that was cut short of its price. */
export function taxWithin(terms: RatedTerms, fee: bigint, feeUnit: bigint): bigint {
  const net = roundedTo(feeUnit, fee * wholePercent, wholePercent + terms.taxPercent);
  return net < fee ? fee - net : 0n;
}

/** Whether both are the same step of the rate, which then costs the same; `billed` as billedTime has it. */
export function isSameStep(terms: RatedTerms, seconds: number, billed: number): boolean {
  if (terms.sections.length > 0 || seconds <= 0) return false;
  return stepsSeconds(terms, seconds) === billed;
}

/** `seconds` is above 0. */
export function billedTime(terms: RatedTerms, seconds: number): BilledTime {
  const { nextIncrementSeconds, sections } = terms;
  if (sections.length === 0) {
    const billedSeconds = stepsSeconds(terms, seconds);
    return { billedSeconds, timedSeconds: billedSeconds, sectionFees: 0n, sectionsEntered: 0 };
  }
  let rest = seconds;
  let sectionFees = 0n;
  let sectionSeconds = 0;
  let sectionsEntered = 0;
  for (const section of sections) {
    if (rest <= 0) break;
    rest -= section.seconds;
    sectionFees += section.fee;
    sectionSeconds += section.seconds;
    sectionsEntered++;
  }
  const timedSeconds = wholeSteps(Math.max(0, rest), nextIncrementSeconds);
  return {
    billedSeconds: sectionSeconds + timedSeconds,
    timedSeconds,
    sectionFees,
    sectionsEntered,
  };
}

/** The most seconds up to `secondsMax` whose price is at most `money`; prices never fall with time. */
export function secondsFor(
  terms: RatedTerms,
  money: bigint,
  feeUnit: bigint,
  secondsMax: number,
): number {
  let paid = 0;
  let unpaid = secondsMax + 1;
  while (unpaid - paid > 1) {
    const middle = Math.floor((paid + unpaid) / 2);
    if (priceOf(terms, middle, feeUnit).fee <= money) paid = middle;
    else unpaid = middle;
  }
  return paid;
}

function stepsSeconds(
  { firstIncrementSeconds, nextIncrementSeconds }: RatedTerms,
  seconds: number,
): number {
  const beyond = Math.max(0, seconds - firstIncrementSeconds);
  return firstIncrementSeconds + wholeSteps(beyond, nextIncrementSeconds);
}

function wholeSteps(seconds: number, step: number): number {
  return Math.ceil(seconds / step) * step;
}

function roundedTo(unit: bigint, dividend: bigint, divisor: bigint): bigint {
  return divideHalfUp(dividend, divisor * unit) * unit;
}
