// Charges the rent of packages at the start of each period, and what is missing to the minimum behind its end. The
// ledger does either once, whoever asks (workers/ledger/package-due.ts); here is decided when to ask, and that an
// account has the money: the rent is set aside as a call's money is, until the payment has moved the balance.
import { RentState } from '../core/billing/package-items.ts';
import {
  amountForDays,
  daysOfPeriod,
  orderPeriod,
  periodEnd,
} from '../core/billing/package-period.ts';
import type { CalendarPeriod } from '../core/time/calendar-period.ts';
import { startOfDay } from '../core/time/local-time.ts';
import type { AccountPackage, OrderTerms } from './configuration/compile-packages.ts';
import type { MinimumDue, RentDue } from './ledger/package-due.ts';
import type { Log } from './log.ts';
import { ordersInForce, type PackageBook } from './package-book.ts';
import { type BegunPeriods, begunPeriods, dueKey } from './package-periods.ts';

export interface DueCharges {
  /** Resolves once the payment has moved the balance. Rejects where the ledger is away. */
  chargeRent(due: RentDue): Promise<RentState>;
  /** `later`: CDRs of the period may not be in the ledger yet. */
  chargeMinimum(due: MinimumDue): Promise<RentState | 'later'>;
  lookForPayments(): Promise<void>;
}

/** Money of accounts as the main thread may set it aside. */
export interface DueMoney {
  /** What the balance may go below zero; undefined: there is no such account. */
  creditOf(account: string): bigint | undefined;
  setAside(account: string, units: bigint): boolean;
  giveBack(account: string, units: bigint): void;
}

export interface PackageDuesOptions {
  readonly packages: Pick<PackageBook, 'rentState' | 'setRentState'>;
  readonly money: DueMoney;
  readonly ledger: () => DueCharges;
  readonly log: Pick<Log, 'warn'>;
  readonly wallClock: () => number;
}

/** Calls of a period may end, and their CDRs be stored, for so long behind it before its minimum is charged. */
export const minimumGraceMs: number = 6 * 3_600_000;
/** Questions to the ledger at once: CDRs are stored between them. */
const askedAtOnce = 8;
const retryMs = 2_000;
/** An account that cannot pay may have been charged by another node. */
const askUnpaidMs = 60_000;
const laterMs = 30_000;
const waitMs = 1_000;

/** One package of one account. */
interface Dues {
  of: AccountPackage;
  /** Nothing is to be done before. */
  nextRentMs: number;
  nextMinimumMs: number;
  /** When the ledger was asked last about a rent that cannot be paid. */
  askedMs: number;
  /** Set aside for a rent whose fate is not known. */
  held: bigint;
  isAsking: boolean;
  /** Orders, by their start, that the ledger has said are over, in the period of this number. */
  over: { period: number; readonly starts: Set<number> };
  readonly begun: BegunPeriods;
}

export class PackageDues {
  readonly #options: PackageDuesOptions;
  readonly #dues = new Map<string, Dues>();
  #round: Iterator<Dues, undefined> | undefined;
  #asking = 0;
  #isFailing = false;

  constructor(options: PackageDuesOptions) {
    this.#options = options;
  }

  /** The packages of the configuration in force. */
  settle(packages: readonly AccountPackage[], known: ReadonlyMap<string, BegunPeriods>): void {
    const gone = new Set(this.#dues.keys());
    for (const of of packages) {
      if (of.rentSlot === 0) continue;
      const key = dueKey(of);
      gone.delete(key);
      const dues = this.#dues.get(key);
      const soon = { of, nextRentMs: 0, nextMinimumMs: 0, askedMs: 0 };
      if (dues !== undefined) Object.assign(dues, soon);
      else {
        const begun = known.get(key) ?? begunPeriods();
        const over = { period: -1, starts: new Set<number>() };
        this.#dues.set(key, { ...soon, held: 0n, isAsking: false, over, begun });
      }
    }
    for (const key of gone) {
      this.#letGo(this.#dues.get(key)!);
      this.#dues.delete(key);
    }
  }

  /** Once a second; a round that waits for answers goes on as they come. */
  look(): void {
    if (this.#round !== undefined) return;
    this.#round = this.#dues.values();
    this.#goOn();
  }

  #goOn(): void {
    const nowMs = this.#options.wallClock();
    while (this.#round !== undefined && this.#asking < askedAtOnce) {
      const { value: dues } = this.#round.next();
      if (dues === undefined) this.#round = undefined;
      else this.#lookAt(dues, nowMs);
    }
  }

  #lookAt(dues: Dues, nowMs: number): void {
    if (!dues.isAsking && nowMs >= dues.nextRentMs) this.#lookAtRent(dues, nowMs);
    if (!dues.isAsking && nowMs >= dues.nextMinimumMs) this.#lookAtMinimum(dues, nowMs);
  }

  #lookAtRent(dues: Dues, nowMs: number): void {
    const { of } = dues;
    const inForce = ordersInForce(of, nowMs);
    if (inForce.length === 0 || nowMs < of.opensAt || nowMs >= of.closesAt) {
      dues.nextRentMs = nextStart(of, nowMs);
      return;
    }
    const period = orderPeriod(of, of, nowMs);
    if (dues.over.period !== period.number) {
      dues.over = { period: period.number, starts: new Set() };
    }
    const order = inForce.find(({ startsAt }) => !dues.over.starts.has(startsAt));
    const state = this.#options.packages.rentState(of, nowMs);
    const isKnown = state === RentState.paid || state === RentState.skipped;
    if (isKnown || order === undefined) {
      this.#noteBegun(dues, inForce, period, nowMs);
      return;
    }
    const units = rentOf(of, order, period);
    const affordable = this.#holds(dues, units);
    if (!affordable && order.rentUnpaid === 'wait' && nowMs < dues.askedMs + askUnpaidMs) {
      dues.nextRentMs = nowMs + waitMs;
      return;
    }
    this.#ask(dues, async () => {
      const state = await this.#chargeRent(dues, order, period, units);
      dues.askedMs = nowMs;
      dues.nextRentMs = state === RentState.open ? nowMs + waitMs : 0;
    });
  }

  async #chargeRent(
    dues: Dues,
    order: OrderTerms,
    period: CalendarPeriod,
    units: bigint,
  ): Promise<RentState> {
    const { ledger, packages, wallClock, log } = this.#options;
    const { of } = dues;
    if (!this.#holds(dues, units) && order.rentUnpaid !== 'wait') {
      // Before a period is given up for good: a recharge that was stored, and not heard of yet.
      await ledger().lookForPayments();
    }
    const affordable = this.#holds(dues, units);
    const state = await ledger().chargeRent({
      account: of.account,
      packageName: of.packageName,
      day: period.day,
      at: wallClock(),
      reason: rentReason(of, order, period),
      units,
      credit: this.#options.money.creditOf(of.account) ?? 0n,
      affordable,
      unpaid: order.rentUnpaid,
      orderDay: orderPeriod(of, of, order.startsAt).day,
    });
    this.#letGo(dues);
    // Of a package that is gone the cells may be another's by now.
    if (state === RentState.open || this.#dues.get(dueKey(of)) !== dues) return state;
    const wasKnown = packages.rentState(of, wallClock()) === state;
    packages.setRentState(of, period.number, state);
    // There may be another order of this package.
    if (state === RentState.dropped) dues.over.starts.add(order.startsAt);
    if (state !== RentState.paid && !wasKnown) {
      log.warn({ account: of.account, package: of.packageName }, unpaidWords[state]);
    }
    return state;
  }

  /** The money is set aside, now or before; false: the account does not have it. */
  #holds(dues: Dues, units: bigint): boolean {
    if (dues.held >= units) return true;
    const { money } = this.#options;
    if (!money.setAside(dues.of.account, units - dues.held)) return false;
    dues.held = units;
    return true;
  }

  #letGo(dues: Dues): void {
    const { held } = dues;
    dues.held = 0n;
    if (held > 0n) this.#options.money.giveBack(dues.of.account, held);
  }

  /** Nothing to be done for the rent of this period any more. */
  #noteBegun(
    dues: Dues,
    inForce: readonly OrderTerms[],
    period: CalendarPeriod,
    nowMs: number,
  ): void {
    const { of, begun } = dues;
    this.#letGo(dues);
    dues.nextRentMs = Math.min(
      periodEnd(of, period.day),
      nextStart(of, nowMs),
      ...inForce.map(({ expiresAt }) => expiresAt),
    );
    const isPaid = this.#options.packages.rentState(of, nowMs) === RentState.paid;
    if (isPaid && of.minConsumption > 0n && !begun.closed.has(period.day)) {
      begun.open.add(period.day);
    }
  }

  #lookAtMinimum(dues: Dues, nowMs: number): void {
    const { of, begun } = dues;
    let next = Number.POSITIVE_INFINITY;
    if (of.minConsumption > 0n) {
      for (const day of begun.open) {
        const dueMs = endOf(of, day) + minimumGraceMs;
        if (nowMs >= dueMs) {
          this.#ask(dues, () => this.#chargeMinimum(dues, day, nowMs));
          return;
        }
        next = Math.min(next, dueMs);
      }
    }
    // Periods begin meanwhile.
    dues.nextMinimumMs = Math.min(next, Math.max(nowMs + laterMs, dues.nextRentMs));
  }

  async #chargeMinimum(dues: Dues, day: number, nowMs: number): Promise<void> {
    const { of, begun } = dues;
    const minimum = amountForDays(
      of.minConsumption,
      100,
      daysOfPeriod(of, day, firstStart(of, day)),
    );
    const state = await this.#options.ledger().chargeMinimum({
      account: of.account,
      packageName: of.packageName,
      day,
      at: this.#options.wallClock(),
      reason: `minimum consumption of ${of.packageName} from ${dayText(day)}`,
      minimum,
    });
    if (state === 'later') {
      dues.nextMinimumMs = nowMs + laterMs;
      return;
    }
    begun.open.delete(day);
    begun.closed.add(day);
  }

  #ask(dues: Dues, question: () => Promise<void>): void {
    dues.isAsking = true;
    this.#asking++;
    const { log, wallClock } = this.#options;
    const asked = question().then(
      () => {
        this.#isFailing = false;
      },
      (error: unknown) => {
        // What is set aside stays so: the charge may have been stored.
        dues.nextRentMs = Math.max(dues.nextRentMs, wallClock() + retryMs);
        dues.nextMinimumMs = Math.max(dues.nextMinimumMs, wallClock() + retryMs);
        const { account, packageName } = dues.of;
        const reason = (error as Error).message;
        if (!this.#isFailing) {
          log.warn({ account, package: packageName, reason }, 'packages cannot be charged now');
        }
        this.#isFailing = true;
      },
    );
    void asked.finally(() => {
      dues.isAsking = false;
      this.#asking--;
      this.#goOn();
    });
  }
}

const unpaidWords = {
  [RentState.skipped]: 'the rent of a package was not paid: it does not count in this period',
  [RentState.dropped]: 'the rent of a package was not paid: its order is over',
} as const;

/** In proportion of the days where the order begins in the middle of the period. */
function rentOf(of: AccountPackage, order: OrderTerms, period: CalendarPeriod): bigint {
  const days = daysOfPeriod(of, period.day, order.startsAt);
  return amountForDays(of.rentFee, order.rentPercent, days);
}

function rentReason(of: AccountPackage, order: OrderTerms, { day }: CalendarPeriod): string {
  const { days, of: all } = daysOfPeriod(of, day, order.startsAt);
  const part = days === all ? '' : `, ${days} of ${all} days`;
  const percent = order.rentPercent === 100 ? '' : `, ${order.rentPercent} %`;
  return `rent of ${of.packageName} from ${dayText(day)}${part}${percent}`;
}

/** When the next order, or the account's own term, begins. */
function nextStart({ orders, opensAt }: AccountPackage, nowMs: number): number {
  const starts = [opensAt, ...orders.map(({ startsAt }) => startsAt)];
  return Math.min(Number.POSITIVE_INFINITY, ...starts.filter((start) => start > nowMs));
}

/** ms since 1970: when nothing of the period of this day is spent any more. */
function endOf(of: AccountPackage, day: number): number {
  if (of.onceDay < 0) return periodEnd(of, day);
  return of.orders[0]!.expiresAt;
}

/** From when an order was in force in the period: the earliest. */
function firstStart(of: AccountPackage, day: number): number {
  const begin = startOfDay(of.zone, day);
  const end = endOf(of, day);
  const first = of.orders.find(({ startsAt, expiresAt }) => startsAt < end && expiresAt > begin);
  return first?.startsAt ?? 0;
}

function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
