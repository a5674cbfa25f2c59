// What a call copies from a rate when it is set up, so that it needs no table later: the price, the steps
// in which time is counted, and the fees that are not for time.
import type { CallType } from '../configuration/snapshot.ts';

export interface RateSection {
  readonly seconds: number;
  readonly fee: bigint;
}

export interface RateTerms {
  readonly rateTable: string;
  readonly prefix: string;
  readonly area: string;
  readonly callType: CallType;
  readonly locked: boolean;
  /** Money for `perSeconds` seconds. */
  readonly price: bigint;
  /** 60 for a rate per minute, else the cycle. */
  readonly perSeconds: number;
  readonly connectionFee: bigint;
  readonly firstIncrementSeconds: number;
  readonly nextIncrementSeconds: number;
  /** Each one entered is charged whole; what time remains is charged by the next increment. */
  readonly sections: readonly RateSection[];
  /** Percent, in the units of money (10^-8 of a percent). */
  readonly taxPercent: bigint;
  /** Seconds since 1970; 0: always. */
  readonly effectiveAt: number;
  /** Seconds since 1970; 0: never. */
  readonly expiresAt: number;
}
