// What a payment does to a balance and to the day an account expires; the same in every ledger.
import { balanceUnitsMax, moneyText } from '../../core/money.ts';
import { type LedgerAccount, type PaymentOrder, PaymentRefused } from './ledger-store.ts';

const dayMs = 86_400_000;

export interface PaymentEffect {
  readonly units: bigint;
  readonly balanceAfter: bigint;
  readonly expiresAt: number | null;
}

/** @throws PaymentRefused */
export function paymentEffect(account: LedgerAccount, order: PaymentOrder): PaymentEffect {
  const units = changeOf(account, order);
  const balanceAfter = account.balance + units;
  if (balanceAfter > balanceUnitsMax || balanceAfter < -balanceUnitsMax) {
    throw new PaymentRefused(
      'too-large',
      `account ${account.name}: the balance would be beyond ${moneyText(balanceUnitsMax)}: expected a smaller amount`,
    );
  }
  return { units, balanceAfter, expiresAt: expiryAfter(account, order) };
}

function changeOf(account: LedgerAccount, { kind, units }: PaymentOrder): bigint {
  switch (kind) {
    case 'recharge':
      return units;
    case 'deduction':
      return -units;
    case 'zeroing':
      return -account.balance;
  }
}

/** A recharge extends what is left; an account that has expired begins anew at the day of the payment. */
function expiryAfter(account: LedgerAccount, order: PaymentOrder): number | null {
  const expiresAt =
    order.isShortened === true ? order.expiresAt : later(account.expiresAt, order.expiresAt);
  if (expiresAt === null || order.kind !== 'recharge') return expiresAt;
  return Math.max(expiresAt, order.at) + order.extendDays * dayMs;
}

function later(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

export function noSuchAccount(name: string): PaymentRefused {
  return new PaymentRefused('no-account', `account ${name}: expected one of the configuration`);
}
