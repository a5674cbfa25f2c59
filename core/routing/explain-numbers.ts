// The first half of routing analysis: from the numbers as they came to those that are routed, and why the
// call would be refused before any gateway is looked for. Calls go through the same functions.
import { byteStringOf, textOfByteString } from '../bytes/utf8-text.ts';
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import type { NumberContext } from '../number/dial-plans.ts';
import { type CallNumbers, ingressNumbers } from '../number/ingress-numbers.ts';
import { numbersRefusal } from '../number/numbers-refusal.ts';

export interface ExplainedNumbers {
  /** As they are routed. */
  readonly numbers: CallNumbers;
  readonly refusal: EndReason | undefined;
}

/** `tell`: takes each step with its result, people's text. */
export function explainNumbers(
  snapshot: Snapshot,
  mapping: MappingGateway,
  { at, ...access }: { readonly caller: string; readonly callee: string; readonly at: number },
  tell: (step: string, result: string) => void,
): ExplainedNumbers {
  const numbers = { caller: byteStringOf(access.caller), callee: byteStringOf(access.callee) };
  if (mapping.locked) return { numbers, refusal: EndReasons.accountLocked };
  if (!numbers.callee.startsWith(mapping.techPrefix)) {
    tell(
      'tech prefix',
      `${textOfByteString(mapping.techPrefix)} is missing: not this gateway's call`,
    );
    return { numbers, refusal: EndReasons.ipNotAllowed };
  }
  const context = explainingContext(at, tell);
  const routed = ingressNumbers(snapshot, mapping, numbers, context);
  if (routed.callee === '') {
    return { numbers: routed, refusal: EndReasons.numberEmptyAfterTransform };
  }
  return { numbers: routed, refusal: numbersRefusal(snapshot, mapping, routed, context) };
}

/** Where calls take a chance, an explanation takes the first possibility: it says the same each time. */
export function explainingContext(
  at: number,
  tell?: (step: string, result: string) => void,
): NumberContext {
  return {
    at,
    random32: () => 0,
    trace: tell && ((step, result) => tell(step, textOfByteString(result))),
  };
}
