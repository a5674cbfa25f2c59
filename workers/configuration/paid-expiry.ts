// The expiry of an account that recharges have moved on. `extendedFrom` is what the document said before them: a
// document that still says so is an old one that is applied again, and undoes nothing that was paid for.
import type { AccountDocument } from '../../core/configuration/model.ts';
import { problemsMax } from './document-problem.ts';

/** `expiresAt`: what a recharge has made of it, ISO 8601; later than the account's own. */
export function extendedAccount(account: AccountDocument, expiresAt: string): AccountDocument {
  return { ...account, expiresAt, extendedFrom: account.extendedFrom ?? account.expiresAt };
}

/**
 * The accounts of `input`, each with its paid expiry where it states the one from before the recharges. Any other
 * expiry is taken as it is stated, and one that shortens a paid one is warned of.
 */
export function keepPaidExpiries(
  current: readonly AccountDocument[],
  input: readonly AccountDocument[],
  warnings: string[],
): AccountDocument[] {
  const extended = new Map<string, AccountDocument>();
  for (const account of current) {
    if (account.extendedFrom !== undefined) extended.set(account.name, account);
  }
  const first = warnings.length;
  const warn = (account: AccountDocument, says: string): void => {
    if (warnings.length - first >= problemsMax) return;
    warnings.push(`account "${account.name}": expiresAt "${account.expiresAt}" ${says}`);
  };
  return input.map((account) => {
    const paid = extended.get(account.name);
    if (paid === undefined || !isEarlier(account.expiresAt, paid.expiresAt)) return account;
    const stated = account.extendedFrom ?? account.expiresAt;
    if (!isSame(stated, paid.extendedFrom)) {
      warn(account, `is before "${paid.expiresAt}", to which recharges have extended it`);
      return account;
    }
    const how = 'to shorten it, state another time, without extendedFrom';
    warn(account, `has no effect: recharges have extended it to "${paid.expiresAt}"; ${how}`);
    return { ...account, expiresAt: paid.expiresAt, extendedFrom: paid.extendedFrom };
  });
}

/** None is the latest of all. */
function isEarlier(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && (other === undefined || Date.parse(one) < Date.parse(other));
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && Date.parse(one) === Date.parse(other);
}
