// What a package costs beside calls: rent at the start of a period, what is missing to the minimum at its end. The
// payment and the marker that says so (account_usage) are one transaction, so that neither is there without the other,
// and whoever comes second finds the marker: another node, a replay after a commit whose answer was lost. What is
// decided then is due-decision.ts.
export interface PackageDue {
  readonly account: string;
  readonly packageName: string;
  /** First day of the period, since 1970. */
  readonly day: number;
  /** ms since 1970. */
  readonly at: number;
  readonly reason: string;
}

export interface RentDue extends PackageDue {
  /** What is charged; may be 0. */
  readonly units: bigint;
  /** How far the balance may go below zero. */
  readonly credit: bigint;
  /** False: the account has less, by all that calls have set aside. */
  readonly affordable: boolean;
  readonly unpaid: 'wait' | 'skip' | 'drop';
  /** First day of the period in which the order begins: one that was dropped since is over. */
  readonly orderDay: number;
}

export interface MinimumDue extends PackageDue {
  readonly minimum: bigint;
}
