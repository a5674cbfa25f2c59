// The last minute of figures, kept in the page, for what counters alone do not say: rates, the ASR of
// the last minute, what was lost lately.
import type { CounterName } from '../../core/metrics/counter-layout.ts';
import type { LiveDocument } from '../status-document.ts';

export const historyMax = 61;

interface Moment {
  atMs: number;
  callsUp: number;
  cps: number;
  counters: Record<CounterName, number>;
}

const moments: Moment[] = [];
let startedAt = '';
let cpsPeak = 0;

export function remember(figures: LiveDocument, atMs: number): void {
  // After a restart counters begin again, and differences with before mean nothing.
  if (figures.startedAt !== startedAt) {
    moments.length = 0;
    startedAt = figures.startedAt;
    cpsPeak = 0;
  }
  moments.push({ atMs, callsUp: figures.callsUp, cps: figures.cps, counters: figures.counters });
  if (moments.length > historyMax) moments.shift();
  cpsPeak = Math.max(cpsPeak, figures.cps);
}

export function trendOf(name: 'callsUp' | 'cps'): number[] {
  return moments.map((moment) => moment[name]);
}

export function highestCps(): number {
  return cpsPeak;
}

/** By how much a counter grew within the minute that the page remembers. */
export function grownLately(name: CounterName): number {
  const first = moments[0];
  const last = moments.at(-1);
  return first === undefined || last === undefined ? 0 : last.counters[name] - first.counters[name];
}

const rateMoments = 6;

/** Growth a second over the last few seconds. */
export function perSecond(name: CounterName): number {
  const last = moments.at(-1);
  const before = moments[Math.max(0, moments.length - rateMoments)];
  if (last === undefined || before === undefined || last.atMs === before.atMs) return 0;
  return ((last.counters[name] - before.counters[name]) * 1000) / (last.atMs - before.atMs);
}

/** Percent; undefined while no call was answered or failed. */
export function asrLately(): number | undefined {
  const answered = grownLately('callsAnswered');
  const finished = answered + grownLately('callsFailed');
  return finished === 0 ? undefined : (answered * 100) / finished;
}
