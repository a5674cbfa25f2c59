// What becomes of a rent or a minimum that is due; the same in every ledger.
import { minimumShortfall } from '../../core/billing/gifts.ts';
import { RentState } from '../../core/billing/package-items.ts';
import type { Payment } from './ledger-store.ts';
import type { MinimumDue, PackageDue, RentDue } from './package-due.ts';

/** A payment by the node itself, before it has a number. */
type DuePayment = Omit<Payment, 'number'>;

export interface Books {
  readonly balance: bigint;
  readonly expiresAt: number | null;
}

export interface DueDecision {
  readonly state: RentState;
  /** Whether the period gets its marker now. */
  readonly marks: boolean;
  readonly charged: bigint;
}

/** Who has made the payment. */
const paidBy = 'packages';

/** `dropped`: a period since the order's first day was. Then it gets no marker: another order may begin it. */
export function rentDecision(due: RentDue, { balance }: Books, dropped: boolean): DueDecision {
  if (dropped) return { state: RentState.dropped, marks: false, charged: 0n };
  const { units } = due;
  const isPayable = units === 0n || (due.affordable && balance + due.credit >= units);
  if (isPayable) return { state: RentState.paid, marks: true, charged: units };
  const state = unpaidStates[due.unpaid];
  return { state, marks: state !== RentState.open, charged: 0n };
}

const unpaidStates = {
  wait: RentState.open,
  skip: RentState.skipped,
  drop: RentState.dropped,
} as const;

/** `rent`: of the period. A period whose rent was not paid has no minimum. */
export function minimumDecision(due: MinimumDue, rent: RentState, spent: bigint): DueDecision {
  if (rent !== RentState.paid) return { state: RentState.open, marks: false, charged: 0n };
  const charged = minimumShortfall(due.minimum, spent);
  return { state: RentState.paid, marks: true, charged };
}

/** Undefined where nothing is charged. */
export function duePayment(
  due: PackageDue,
  kind: 'rent' | 'minimum',
  charged: bigint,
  books: Books,
): DuePayment | undefined {
  if (charged === 0n) return undefined;
  const { account, at, reason } = due;
  const { balance, expiresAt } = books;
  return {
    account,
    kind,
    units: -charged,
    balanceAfter: balance - charged,
    at,
    by: paidBy,
    reason,
    expiresAt,
  };
}
