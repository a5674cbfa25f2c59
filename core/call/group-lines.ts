// Lines that a gateway shares with the other members of its groups: one of each group for a call, or none.
import type { GroupLines } from '../configuration/snapshot.ts';
import type { AdmissionEffects } from '../effects.ts';

/** `beyond`: whatever the limits. */
export function takeGroupLines(
  effects: AdmissionEffects,
  groups: readonly GroupLines[],
  beyond: boolean,
): boolean {
  for (let place = 0; place < groups.length; place++) {
    const { slot, lineLimit } = groups[place]!;
    if (effects.acquireLine(slot, beyond ? 0 : lineLimit)) continue;
    for (let below = 0; below < place; below++) effects.releaseLine(groups[below]!.slot);
    return false;
  }
  return true;
}

export function giveGroupLinesBack(effects: AdmissionEffects, groups: readonly GroupLines[]): void {
  for (let place = 0; place < groups.length; place++) effects.releaseLine(groups[place]!.slot);
}
