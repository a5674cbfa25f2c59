// The black and white lists of the whole system: number groups that are one. A number of a white list is
// caught by no black list.
import { NumberList, type Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import type { NumberTrace } from './dial-plans.ts';
import type { CallNumbers } from './ingress-numbers.ts';
import { listsOf } from './number-groups.ts';

export function blackListRefusal(
  snapshot: Snapshot,
  { caller, callee }: CallNumbers,
  trace?: NumberTrace,
): EndReason | undefined {
  if (isListed(snapshot, caller, NumberList.callerBlack)) {
    trace?.('black lists', `caller ${caller} is on one`);
    return EndReasons.callerBlacklisted;
  }
  if (isListed(snapshot, callee, NumberList.calleeBlack)) {
    trace?.('black lists', `callee ${callee} is on one`);
    return EndReasons.calleeBlacklisted;
  }
  trace?.('black lists', 'neither number is caught');
  return undefined;
}

export function isWhite(snapshot: Snapshot, number: string): boolean {
  return (listsOf(snapshot, number) & NumberList.white) !== 0;
}

function isListed(snapshot: Snapshot, number: string, list: number): boolean {
  const lists = listsOf(snapshot, number);
  return (lists & list) !== 0 && (lists & NumberList.white) === 0;
}
