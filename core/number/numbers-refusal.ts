// Why a mapping gateway's call may not have its numbers: the gateway's own rules, then the lists of the system.
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { blackListRefusal } from './black-lists.ts';
import type { NumberContext } from './dial-plans.ts';
import type { RoutedNumbers } from './ingress-numbers.ts';
import { screenRefusal } from './number-screen.ts';

/** Whether there is anything to ask. */
export function screensNumbers(snapshot: Snapshot, { numbers }: MappingGateway): boolean {
  return snapshot.numbers.hasBlackLists || (numbers !== null && numbers.screen !== null);
}

export function numbersRefusal(
  snapshot: Snapshot,
  { numbers: rules }: MappingGateway,
  numbers: RoutedNumbers,
  context: NumberContext,
): EndReason | undefined {
  if (numbers.emergency) return undefined;
  const screen = rules === null ? null : rules.screen;
  if (screen !== null) {
    const reason = screenRefusal(snapshot, screen, numbers, context);
    if (reason !== undefined) return reason;
  }
  if (!snapshot.numbers.hasBlackLists) return undefined;
  if (rules?.ignoresBlackLists) {
    context.trace?.('black lists', 'do not count for this gateway');
    return undefined;
  }
  return blackListRefusal(snapshot, numbers, context.trace);
}
