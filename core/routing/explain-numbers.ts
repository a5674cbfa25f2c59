// The numbers of routing analysis: from those that came to those that are routed, why the call would be
// refused before any gateway is looked for, and what each gateway would be shown. Calls go through the same
// functions. Where they take a chance, an explanation takes the first possibility: it says the same each time.
import { byteStringOf, textOfByteString } from '../bytes/utf8-text.ts';
import { accountAt } from '../configuration/open-billing.ts';
import type { MappingGateway, RoutingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { takePoolNumber } from '../number/caller-pool.ts';
import type { NumberContext } from '../number/dial-plans.ts';
import { calleeOutOf, callerOutOf, isTakenBy } from '../number/egress-numbers.ts';
import { ingressNumbers, type RoutedNumbers } from '../number/ingress-numbers.ts';
import { numbersRefusal } from '../number/numbers-refusal.ts';

/** Takes each step with its result, people's text. */
export type Tell = (step: string, result: string) => void;

export interface ExplainedCall {
  readonly snapshot: Snapshot;
  readonly mapping: MappingGateway;
  /** As they are routed. */
  readonly numbers: RoutedNumbers;
  /** Start, ms since 1970. */
  readonly at: number;
  readonly refusal: EndReason | undefined;
}

export function explainNumbers(
  snapshot: Snapshot,
  mapping: MappingGateway,
  { at, ...texts }: { readonly caller: string; readonly callee: string; readonly at: number },
  tell: Tell,
): ExplainedCall {
  const access = { caller: byteStringOf(texts.caller), callee: byteStringOf(texts.callee) };
  const came = { snapshot, mapping, at, numbers: { ...access, emergency: false } };
  if (mapping.locked) return { ...came, refusal: EndReasons.accountLocked };
  if (!access.callee.startsWith(mapping.techPrefix)) {
    const techPrefix = textOfByteString(mapping.techPrefix);
    tell('tech prefix', `${techPrefix} is missing: not this gateway's call`);
    return { ...came, refusal: EndReasons.ipNotAllowed };
  }
  const context = contextOf(at, tell);
  const numbers = ingressNumbers(snapshot, mapping, access, context);
  const refusal =
    numbers.callee === ''
      ? EndReasons.numberEmptyAfterTransform
      : numbersRefusal(snapshot, mapping, numbers, context);
  return { ...came, numbers, refusal };
}

/** Byte strings. */
export interface ExplainedOut {
  readonly calleeOut: string;
  readonly callerOut: string;
  /** Why the gateway is left out for the numbers' sake. */
  readonly skipped: string | undefined;
}

/** What the gateway would be shown. */
export function explainOut(
  call: ExplainedCall,
  gateway: RoutingGateway,
  tell?: Tell,
): ExplainedOut {
  const { snapshot, numbers } = call;
  const context = contextOf(call.at, tell);
  const taken = isTakenBy(snapshot, gateway, numbers, context);
  const calleeOut = calleeOutOf(snapshot, gateway, numbers, context);
  const callerOut = callerOutOf(gateway, numbers.caller, context);
  const emptied = calleeOut === '' ? emptiedReason : undefined;
  return {
    calleeOut,
    callerOut: pooledCaller(call, gateway, context) ?? callerOut,
    skipped: taken ? emptied : untakenReason,
  };
}

const emptiedReason = 'its dial plan leaves nothing of the number';
const untakenReason = 'its number rules do not take the call';

/** The end reason of a call whose last gateway was left out so; undefined: not for the numbers' sake. */
export function numberSkipReason(skipped: string | undefined): EndReason | undefined {
  if (skipped === untakenReason) return EndReasons.noAvailableRouter;
  return skipped === emptiedReason ? EndReasons.numberEmptyAfterTransform : undefined;
}

/** The number that a call would be given if no other was up. */
function pooledCaller(
  { snapshot, mapping, numbers }: ExplainedCall,
  gateway: RoutingGateway,
  { random32, trace }: NumberContext,
): string | undefined {
  const pool = gateway.numbers === null ? null : gateway.numbers.callerPool;
  if (pool === null || numbers.emergency) return undefined;
  const accounts = accountSlots(snapshot, mapping);
  const ports = { acquireLine: () => true, nextPlace: () => 0 };
  return takePoolNumber(snapshot, { pool, accounts, random32, trace }, ports)?.number;
}

/** Of the account that pays and of its agents, nearest first. */
function accountSlots(snapshot: Snapshot, { accountRow }: MappingGateway): number[] {
  const slots: number[] = [];
  for (let row = accountRow; row >= 0; ) {
    const account = accountAt(snapshot, row);
    slots.push(account.slot);
    row = account.agent;
  }
  return slots;
}

function contextOf(at: number, tell?: Tell): NumberContext {
  return {
    at,
    random32: () => 0,
    trace: tell && ((step, result) => tell(step, textOfByteString(result))),
  };
}
