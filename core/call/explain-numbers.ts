// The numbers that routing analysis tells of: what each gateway would be shown. Calls go through the same functions.
// Where they take a chance, an explanation takes the first possibility: it says the same each time.
import { textOfByteString } from '../bytes/utf8-text.ts';
import type { RoutingGateway } from '../configuration/snapshot.ts';
import { type EndReason, EndReasons } from '../end-reason.ts';
import { calleeOutOf, callerOutOf } from '../number/egress-numbers.ts';
import { numberContext, numbersOut } from './numbers-out.ts';
import { takePoolNumbers } from './pool-numbers.ts';
import type { RehearsedCall } from './rehearsed-call.ts';

/** Takes each step with its result, people's text. */
export type Tell = (step: string, result: string) => void;

/** Byte strings. */
export interface ExplainedOut {
  readonly calleeOut: string;
  readonly callerOut: string;
}

/** What the gateway would be shown, whether it takes the call or not. */
export function explainOut(
  rehearsed: RehearsedCall,
  gateway: RoutingGateway,
  tell: Tell,
): ExplainedOut {
  const { env, call, effects, traceNumbers } = rehearsed;
  traceNumbers((step, result) => tell(step, textOfByteString(result)));
  const context = numberContext(env, call);
  call.calleeOut = '';
  const taken = numbersOut(env, call, gateway);
  const isEmptied = call.numbersRefused === EndReasons.numberEmptyAfterTransform;
  const calleeOut =
    taken || isEmptied
      ? call.calleeOut
      : calleeOutOf(
          env.snapshot,
          gateway,
          { callee: call.calleeRouted, emergency: call.emergency },
          context,
        );
  const callerOut = taken ? call.callerOut : callerOutOf(gateway, call.callerRouted, context);
  const pooled = takePoolNumbers(env, call, gateway);
  if (pooled.caller !== undefined) effects.releaseLine(pooled.caller.line);
  traceNumbers(undefined);
  return { calleeOut, callerOut: pooled.caller?.number ?? callerOut };
}

/** Why a gateway is left out for the numbers' sake. */
export function numbersSkipText(reason: EndReason | undefined): string {
  return reason === EndReasons.numberEmptyAfterTransform
    ? 'its dial plan leaves nothing of the number'
    : 'its number rules do not take the call';
}
