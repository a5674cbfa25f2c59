// What routing analysis says of the checks of call setup: what those saw that look at accounts, rates, lines and money, and
// at which one a call is refused.
import { accountLineSlot } from '../admission/line-limits.ts';
import { textOfByteString } from '../bytes/utf8-text.ts';
import type { Snapshot } from '../configuration/snapshot.ts';
import type { EndReason } from '../end-reason.ts';
import { moneyText } from '../money.ts';
import { capacityOf } from '../routing/gateway-ranking.ts';
import type { RouteStep } from '../routing/route-explanation.ts';
import type { Call } from './call.ts';
import { limitOf } from './emergency.ts';
import { moneyOrNull } from './explain-candidates.ts';
import type { CallReadings } from './rehearsed-effects.ts';
import { sellPrice } from './route-prices.ts';

interface Seen {
  readonly snapshot: Snapshot;
  readonly readings: CallReadings;
  /** As it is behind the check. */
  readonly call: Call;
}

/** None for a check that let the call pass and saw nothing to tell of. */
export function setupSteps(seen: Seen, check: string, refusal: EndReason | undefined): RouteStep[] {
  const saw = sawAt(seen, check);
  const steps = saw.map((result) => ({ step: check, result }));
  if (refusal === undefined) return steps;
  return [...steps, { step: check, result: `refused: ${refusal.key} (${refusal.sipCode})` }];
}

function sawAt({ snapshot, readings, call }: Seen, check: string): string[] {
  const { billing, mapping } = call;
  const lines = (name: string, used: number, most: number): string[] =>
    most === 0 ? [] : [`${name}: ${used} of ${Math.max(most, 0)} in use`];
  switch (check) {
    case 'account':
      if (mapping.account === null) return ['none: nobody pays for the call'];
      if (billing === null) return [mapping.account];
      return [billing.accounts.map(({ name }) => name).join(', paid for by its agent ')];
    case 'rate':
      return billing === null ? [] : rateSeen(call);
    case 'gateway lines': {
      const most = limitOf(call, capacityOf(mapping, snapshot, call.cdr.startedAt));
      const own = lines(mapping.name, readings.linesUsed(mapping.slot), most);
      const groups = mapping.groups.map(({ name, slot, lineLimit }) =>
        lines(`group ${name}`, readings.linesUsed(slot), limitOf(call, lineLimit)),
      );
      return [...own, ...groups.flat()];
    }
    case 'account lines':
      return (billing?.accounts ?? []).flatMap(({ name, slot, lineLimit }) =>
        lines(name, readings.linesUsed(accountLineSlot(slot)), limitOf(call, lineLimit)),
      );
    case 'balance':
      return (billing?.payers ?? []).flatMap(({ account, slot }) => {
        const available = readings.available(slot);
        return available === undefined ? [] : [`${account}: ${moneyText(available)} available`];
      });
    default:
      return [];
  }
}

/** `billing.payers` are there once all rates are found. */
function rateSeen({ billing, cdr, emergency }: Call): string[] {
  const number = cdr.calleeBilling === null ? '' : textOfByteString(cdr.calleeBilling);
  if (billing!.free) return [`${number}: free${emergency ? ', a call for help' : ''}`];
  const price = moneyOrNull(sellPrice(billing));
  if (price === null) return [];
  return [`${number}: prefix "${textOfByteString(cdr.ratePrefix ?? '')}", ${price} a minute`];
}
