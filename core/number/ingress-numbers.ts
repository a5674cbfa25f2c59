// From the numbers as they came to the numbers that are screened, rated and routed: the tech prefix off, the
// caller by the transform table, the mapping gateway's dial plans, a routing prefix by chance.
import type { IngressNumbers, PrefixShare } from '../configuration/number-rules.ts';
import type { MappingGateway, Snapshot } from '../configuration/snapshot.ts';
import { randomBelow } from './dial-plan.ts';
import { type NumberContext, planned } from './dial-plans.ts';
import { mobileAreaCode } from './number-areas.ts';
import { matchesAny } from './number-pattern.ts';
import { transformedCaller } from './number-transform.ts';

/** Byte strings. */
export interface CallNumbers {
  readonly caller: string;
  readonly callee: string;
}

export interface RoutedNumbers extends CallNumbers {
  /** SS_EMERGENCY_E164S has the number called: limits do not matter. */
  readonly emergency: boolean;
}

export function rewritesNumbers(snapshot: Snapshot, mapping: MappingGateway): boolean {
  return (
    mapping.numbers !== null ||
    mapping.techPrefix !== '' ||
    snapshot.parameters.SS_EMERGENCY_E164S.length > 0
  );
}

export function ingressNumbers(
  snapshot: Snapshot,
  mapping: MappingGateway,
  access: CallNumbers,
  context: NumberContext,
): RoutedNumbers {
  const { trace } = context;
  const { numbers, techPrefix } = mapping;
  const dialled = withoutTechPrefix(mapping, access.callee);
  if (techPrefix !== '') trace?.('tech prefix', `${techPrefix} taken off: ${dialled}`);
  let { caller } = access;
  let callee = dialled;
  if (numbers !== null) {
    caller = planned(
      numbers.callerPlans,
      insideCaller(snapshot, numbers, caller, context),
      context,
      'caller',
    );
    callee = planned(numbers.calleePlans, dialled, context, 'callee');
    callee = withAreaCode(snapshot, numbers, callee, context);
  }
  const patterns = snapshot.parameters.SS_EMERGENCY_E164S;
  const emergency = matchesAny(patterns, dialled) || matchesAny(patterns, callee);
  if (emergency) {
    // A dial plan that leaves nothing of it does not stop it.
    if (callee === '') callee = dialled;
    trace?.('emergency', `${callee} is an emergency number: no limits, first of all`);
  } else if (numbers !== null && callee !== '') {
    callee = shared(numbers.shares, callee, context);
  }
  return { caller, callee, emergency };
}

/** identify-peer.ts saw to it that the number begins with it. */
export function withoutTechPrefix({ techPrefix }: MappingGateway, callee: string): string {
  return callee.startsWith(techPrefix) ? callee.slice(techPrefix.length) : callee;
}

function insideCaller(
  snapshot: Snapshot,
  { transforms }: IngressNumbers,
  caller: string,
  { trace }: NumberContext,
): string {
  if (!transforms) return caller;
  const inside = transformedCaller(snapshot, caller);
  trace?.('caller transform', inside === caller ? `${caller} stays` : `${caller} is ${inside}`);
  return inside;
}

/** Mobile numbers of the areas that the gateway names. */
function withAreaCode(
  snapshot: Snapshot,
  { areaCodes }: IngressNumbers,
  callee: string,
  { trace }: NumberContext,
): string {
  if (areaCodes === null) return callee;
  const code = mobileAreaCode(snapshot, callee);
  if (code === undefined || areaCodes.codes.members.has(code) !== areaCodes.allow) return callee;
  trace?.('area code', `${callee} is a mobile number of ${code}: ${code}${callee}`);
  return code + callee;
}

/** By chance, each prefix in its proportion. */
function shared(
  shares: readonly PrefixShare[],
  callee: string,
  { random32, trace }: NumberContext,
): string {
  const last = shares.at(-1);
  if (last === undefined) return callee;
  const drawn = randomBelow(last.upTo, random32);
  const { prefix } = shares.find(({ upTo }) => drawn < upTo)!;
  trace?.(
    'proportional prefix',
    `${prefix === '' ? 'none' : prefix}, one of ${shares.length} by chance`,
  );
  return prefix + callee;
}
