import type { RoutingResult } from './results.ts';

/** CPU of a call on the large plan over that on the small one: the middle of the turns. */
export function growth({ small, large }: Pick<RoutingResult, 'small' | 'large'>): number {
  const ratios = large.map((row, turn) => row.systemCpuPerCallUs / small[turn]!.systemCpuPerCallUs);
  return ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
}
