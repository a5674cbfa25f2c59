import type { RoutingResult, StepResult } from './results.ts';

/** CPU of a call on the large plan over that on the small one, of all turns. */
export function growth({ small, large }: Pick<RoutingResult, 'small' | 'large'>): number {
  return total(large) / total(small);
}

function total(steps: readonly StepResult[]): number {
  return steps.reduce((sum, { systemCpuPerCallUs }) => sum + systemCpuPerCallUs, 0);
}
