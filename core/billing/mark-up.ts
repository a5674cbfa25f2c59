// A rate made dearer or cheaper: by a percentage, by an amount a minute, or both. One exact fraction, rounded
// once, half up, to the decimals asked for.
import { divideHalfUp } from '../money.ts';

export interface MarkUp {
  /** Units of 10^-8 of a percent; negative makes cheaper. */
  readonly percent: bigint;
  /** Units of 10^-8 a minute. */
  readonly perMinute: bigint;
  /** Of the result, at most 8. */
  readonly decimals: number;
}

const unitsDecimals = 8;
const hundredPercent = 10_000_000_000n;
const secondsOfMinute = 60n;

/** A price for `perSeconds`, which has its share of the amount a minute; undefined where it falls below 0. */
export function markUpPrice(
  price: bigint,
  perSeconds: number,
  { percent, perMinute, decimals }: MarkUp,
): bigint | undefined {
  const whole =
    price * (hundredPercent + percent) * secondsOfMinute +
    perMinute * BigInt(perSeconds) * hundredPercent;
  if (whole < 0n) return undefined;
  const step = 10n ** BigInt(unitsDecimals - decimals);
  return divideHalfUp(whole, hundredPercent * secondsOfMinute * step) * step;
}

/** A fee that is charged once: the percentage alone. */
export function markUpFee(fee: bigint, markUp: MarkUp): bigint | undefined {
  return markUpPrice(fee, 0, markUp);
}
