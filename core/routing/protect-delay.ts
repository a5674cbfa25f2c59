// Seconds from the end of the normal gateways to the turn of the protect routes.
import type { Parameters } from '../configuration/model.ts';
import type { MappingGateway } from '../configuration/snapshot.ts';

export function protectDelay(
  { SS_TRY_PROTECT_ROUTE_DELAY: system }: Parameters,
  { protectDelaySeconds: own }: MappingGateway,
): number {
  return own < 0 ? system : own;
}
