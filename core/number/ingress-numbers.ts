// From the numbers as they came to the numbers that are screened, rated and routed: the tech prefix off, then
// the mapping gateway's dial plans.
import type { MappingGateway } from '../configuration/snapshot.ts';
import { type NumberContext, planned } from './dial-plans.ts';

/** Byte strings. */
export interface CallNumbers {
  readonly caller: string;
  readonly callee: string;
}

export function rewritesNumbers(mapping: MappingGateway): boolean {
  return mapping.numbers !== null || mapping.techPrefix !== '';
}

export function ingressNumbers(
  mapping: MappingGateway,
  access: CallNumbers,
  context: NumberContext,
): CallNumbers {
  const dialled = withoutTechPrefix(mapping, access.callee);
  if (mapping.techPrefix !== '') {
    context.trace?.('tech prefix', `${mapping.techPrefix} taken off: ${dialled}`);
  }
  const { numbers } = mapping;
  if (numbers === null) return { caller: access.caller, callee: dialled };
  return {
    caller: planned(numbers.callerPlans, access.caller, context, 'caller'),
    callee: planned(numbers.calleePlans, dialled, context, 'callee'),
  };
}

/** identify-peer.ts saw to it that the number begins with it. */
function withoutTechPrefix({ techPrefix }: MappingGateway, callee: string): string {
  return callee.startsWith(techPrefix) ? callee.slice(techPrefix.length) : callee;
}
