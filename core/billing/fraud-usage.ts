// What a finished call counts for the days of fraud limits, by its CDR alone: for the ledger, from which a node
// that starts knows what a day has used, and for calls that were closed for a dead worker. The same arithmetic
// as in a running call (core/call/fraud-watch.ts).
import type { Cdr, Usage } from '../cdr/cdr.ts';
import { dayOf, localSeconds, type OffsetTable } from '../time/local-time.ts';
import { holdSeconds } from './hold-time.ts';

/** One fraud limit as far as its day goes. */
export interface LimitedPrefix {
  /** Byte string. */
  readonly prefix: string;
  /** The limit's name in the ledger. */
  readonly item: string;
  readonly zone: OffsetTable;
}

export interface UsageRules {
  readonly carryMs: number;
  readonly freeSeconds: number;
  /** By account. */
  readonly limits: ReadonlyMap<string, readonly LimitedPrefix[]>;
}

const none: readonly Usage[] = [];

/** Of the account and of every agent above it that is limited, and of their packages. */
export function usagesOf(cdr: Cdr, rules: UsageRules): readonly Usage[] {
  const { account, fee, agentFees, answeredAt } = cdr;
  const ofPackages = cdr.packageUses ?? none;
  if (answeredAt === null || account === null || rules.limits.size === 0) return ofPackages;
  const seconds = holdSeconds(cdr.holdTimeMs, rules);
  const usages: Usage[] = [...ofPackages];
  addUsages(usages, { account, fee: fee ?? 0n, cdr, seconds }, rules);
  for (const agent of agentFees) {
    addUsages(usages, { account: agent.account, fee: agent.fee, cdr, seconds }, rules);
  }
  return usages;
}

function addUsages(
  usages: Usage[],
  of: { account: string; fee: bigint; cdr: Cdr; seconds: number },
  { limits }: UsageRules,
): void {
  const { account, fee, cdr, seconds } = of;
  if (seconds === 0 && fee === 0n) return;
  const number = cdr.calleeBilling ?? cdr.calleeAccess;
  for (const { prefix, item, zone } of limits.get(account) ?? []) {
    if (!number.startsWith(prefix)) continue;
    const day = dayOf(localSeconds(zone, cdr.startedAt));
    usages.push({ account, item, day, seconds, money: fee });
  }
}

/** One entry for each account, item and day, in this order. */
export function sumUsages(usages: Iterable<Usage>): Usage[] {
  const sums = new Map<string, Usage>();
  for (const usage of usages) {
    const key = `${usage.account}\n${usage.item}\n${usage.day}`;
    const { seconds, money } = sums.get(key) ?? { seconds: 0, money: 0n };
    sums.set(key, { ...usage, seconds: usage.seconds + seconds, money: usage.money + money });
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, usage]) => usage);
}
