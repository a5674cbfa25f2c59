// Lines that a gateway shares with the other members of its groups: one of each group for a call, or none.
import type { GroupLines } from '../configuration/snapshot.ts';
import type { AdmissionEffects } from '../effects.ts';
import type { Call } from './call.ts';
import { limitOf } from './emergency.ts';

export function takeGroupLines(
  effects: AdmissionEffects,
  call: Call,
  groups: readonly GroupLines[],
): boolean {
  for (let place = 0; place < groups.length; place++) {
    const { slot, lineLimit } = groups[place]!;
    if (effects.acquireLine(slot, limitOf(call, lineLimit))) continue;
    for (let below = 0; below < place; below++) effects.releaseLine(groups[below]!.slot);
    return false;
  }
  return true;
}

export function giveGroupLinesBack(effects: AdmissionEffects, groups: readonly GroupLines[]): void {
  for (let place = 0; place < groups.length; place++) effects.releaseLine(groups[place]!.slot);
}
