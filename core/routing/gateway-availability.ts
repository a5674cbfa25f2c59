// Why a candidate cannot take a call just now: it is away (offline, or asked for a pause), or full. Calls that
// take lines ask `awayReason` and then the line counters; `fullReason` only looks, for routing analysis.
import type { RoutingGateway } from '../configuration/snapshot.ts';
import type { GatewayReadings } from '../effects.ts';
import type { Candidate } from './gateway-ranking.ts';

export type Away = 'offline' | 'closed' | undefined;

export function awayReason(
  state: Pick<GatewayReadings, 'isOffline' | 'closedSeconds'>,
  { slot, optionsCheck }: RoutingGateway,
): Away {
  if (optionsCheck && state.isOffline(slot)) return 'offline';
  return state.closedSeconds(slot) > 0 ? 'closed' : undefined;
}

export function awayText(away: NonNullable<Away>, closedSeconds: number): string {
  if (away === 'offline') return 'offline: does not answer OPTIONS';
  return `asked for no calls for ${closedSeconds} s more (Retry-After)`;
}

export function fullReason(state: GatewayReadings, candidate: Candidate): string | undefined {
  const { gateway, lineLimit } = candidate;
  const used = state.linesUsed(gateway.slot);
  if (lineLimit > 0 && used >= lineLimit) return `full: ${used} of ${lineLimit} lines in use`;
  for (const group of gateway.groups) {
    if (group.lineLimit === 0) continue;
    const usedOfGroup = state.linesUsed(group.slot);
    if (usedOfGroup < group.lineLimit) continue;
    const open = Math.max(group.lineLimit, 0);
    return `group ${group.name} is full: ${usedOfGroup} lines in use, ${open} open to this gateway`;
  }
  return undefined;
}
