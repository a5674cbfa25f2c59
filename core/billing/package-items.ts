// Names in the ledger of what is counted of an account's package, by the first day of its period.

/** Free seconds that calls have used of one of its gifts. */
export function giftItem(packageName: string, gift: number): string {
  return `package/${packageName}/${gift}`;
}

/** Gift money that calls have used. */
export function giftMoneyItem(packageName: string): string {
  return `package/${packageName}/money`;
}

/** What calls have cost the balance. */
export function spentItem(packageName: string): string {
  return `package/${packageName}/spent`;
}

/** The period has begun: `seconds` is its RentState, `money` what was charged. */
export function rentItem(packageName: string): string {
  return `package/${packageName}/rent`;
}

/** What was charged at the end of the period; there also where that was nothing. */
export function minimumItem(packageName: string): string {
  return `package/${packageName}/minimum`;
}

/** What has become of a period's rent; 0: it is not known, or waits for money. Stored. */
export const RentState = { open: 0, paid: 1, skipped: 2, dropped: 3 } as const;
export type RentState = (typeof RentState)[keyof typeof RentState];
