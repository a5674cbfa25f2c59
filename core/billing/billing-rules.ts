// The billing parameters as charging wants them, made once a snapshot. Emergency and other call policy is
// not here: only what decides how many seconds and how much money a call is.
import type { Parameters } from '../configuration/model.ts';
import { parseMoney } from '../money.ts';

export interface BillingRules {
  /** Every fee is a multiple of this, in units of money. */
  readonly feeUnit: bigint;
  /** A remainder of so many milliseconds counts as a second more; 1000: never. */
  readonly carryMs: number;
  /** Taken off the duration before anything is counted. */
  readonly freeSeconds: number;
  /** Leading characters of the number that rates do not see. */
  readonly ignoredDigits: number;
  /** Seconds that a call reserves beyond those it has used, where the account can. */
  readonly advanceSeconds: number;
  readonly freeNumbers: readonly string[];
  readonly unrecordedNumbers: readonly string[];
}

const decimalsOfUnit = 8;
/** The end of SERVER_BILLING_HOLD_TIME_PRECISION's range; longer steps belong to the rate. */
const carryMsMax = 1000;

export function billingRules(parameters: Parameters): BillingRules {
  const feeUnit = parseMoney(parameters.SERVER_BILLING_FEE_UNIT)!;
  const precision = decimalsOfUnit - parameters.SERVER_BILLING_FEE_PRECISION;
  return {
    feeUnit: feeUnit > 0n ? feeUnit : 10n ** BigInt(precision),
    carryMs: Math.min(parameters.SERVER_BILLING_HOLD_TIME_PRECISION, carryMsMax),
    freeSeconds: parameters.SERVER_BILLING_FREE_TIME,
    ignoredDigits: parameters.SERVER_BILLING_GATEWAY_ROUTE_PREFIX,
    advanceSeconds: parameters.SERVER_BILLING_PREVENT_OVERDRAFT_ADVANCE_TIME * 60,
    // An emergency call asks for no money, so it cannot cost any.
    freeNumbers: [...parameters.SERVER_BILLING_FREE_E164S, ...parameters.SS_EMERGENCY_E164S],
    unrecordedNumbers: parameters.SERVER_BILLING_NO_CDR_E164S,
  };
}
