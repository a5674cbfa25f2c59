// Money is whole units of 10^-8, as bigint: what the balance cells hold and what decimal strings with
// eight decimals spell exactly. Decimal text is read and written at the edges only; no amount is ever a
// binary fraction.

const decimals = 8;
const unitsOfOne = 100_000_000n;

/** Undefined where it is no decimal string of at most eight decimals. */
export function parseMoney(text: string): bigint | undefined {
  const parts = /^(-?)([0-9]{1,11})(?:\.([0-9]{1,8}))?$/.exec(text);
  if (parts === null) return undefined;
  const units = BigInt(parts[2]!) * unitsOfOne + BigInt((parts[3] ?? '').padEnd(decimals, '0'));
  return parts[1] === '-' ? -units : units;
}

/** The shortest decimal string: "0.03", "-1.5", "7". */
export function moneyText(units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const size = units < 0n ? -units : units;
  const fraction = (size % unitsOfOne).toString().padStart(decimals, '0').replace(/0+$/, '');
  return `${sign}${size / unitsOfOne}${fraction === '' ? '' : `.${fraction}`}`;
}

/** No balance and no credit limit is larger: their sum is kept in a signed 64-bit cell, and must fit with
 *  any payment between two changes of the limit. */
export const balanceUnitsMax: bigint = 45_000_000_000n * unitsOfOne;

/** The credit of an account that nothing limits: more than any document gives, and with the largest balance
 *  still less than 64 bits hold. */
export const unlimitedCredit: bigint = 2n ** 62n;
const unlimited = 'unlimited';

/** Of a decimal string or "unlimited"; undefined where it is neither. */
export function parseCredit(text: string): bigint | undefined {
  return text === unlimited ? unlimitedCredit : parseMoney(text);
}

export function creditText(units: bigint): string {
  return units >= unlimitedCredit ? unlimited : moneyText(units);
}

/** The nearest whole number, halves up. Neither is negative, `divisor` is not 0. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend * 2n + divisor) / (divisor * 2n);
}
