// The engine's figures as `GET /api/v1/status`, `tandem status` and the live page show them: the same
// words, times in ISO 8601, and the answer-seizure ratio worked out.
import type { EngineFigures, GatewayFigures } from '../workers/admin-messages.ts';

export interface StatusDocument extends Omit<EngineFigures, 'startedAt'> {
  startedAt: string;
  /** Answered of all calls that were answered or failed since the start, percent; null before the first. */
  asrPercent: number | null;
}

export function statusDocument(figures: EngineFigures): StatusDocument {
  const { startedAt, ...rest } = figures;
  return { ...rest, startedAt: new Date(startedAt).toISOString(), asrPercent: asr(figures) };
}

function asr(figures: EngineFigures): number | null {
  const { callsAnswered, callsFailed } = figures.counters;
  const finished = callsAnswered + callsFailed;
  return finished === 0 ? null : Math.round((callsAnswered / finished) * 1000) / 10;
}

/** Gateways that the live page is sent each second; of more, those with the most lines in use. */
export const liveGatewaysMax = 100;

export interface LiveDocument extends StatusDocument {
  gatewaysTotal: number;
}

export function liveDocument(figures: EngineFigures): LiveDocument {
  const all = figures.gateways;
  const gateways = all.length <= liveGatewaysMax ? all : busiest(all);
  return { ...statusDocument({ ...figures, gateways }), gatewaysTotal: all.length };
}

function busiest(all: readonly GatewayFigures[]): GatewayFigures[] {
  return all.toSorted((a, b) => b.linesUsed - a.linesUsed).slice(0, liveGatewaysMax);
}
