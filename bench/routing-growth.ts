import type { RoutingResult, StepResult } from './results.ts';

/** CPU of a call on the large plan over that with one gateway, of all turns; NaN where that was not measured. */
export function growth({ single, large }: Pick<RoutingResult, 'single' | 'large'>): number {
  return single === undefined ? Number.NaN : total(large) / total(single);
}

/** The same over a plan of few gateways that are priced, too: what their number alone costs. */
export function growthByNumber({ small, large }: Pick<RoutingResult, 'small' | 'large'>): number {
  return total(large) / total(small);
}

function total(steps: readonly StepResult[]): number {
  return steps.reduce((sum, { systemCpuPerCallUs }) => sum + systemCpuPerCallUs, 0);
}
