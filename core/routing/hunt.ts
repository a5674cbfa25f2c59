// The walk of one call over its candidates: which comes next, which are ruled out by one that was tried, which
// were passed over because they had no room, and when the protect routes have their turn.
import type { Routes } from './candidate-gateways.ts';
import type { Candidate } from './gateway-ranking.ts';

export interface Hunt {
  candidates: readonly Candidate[];
  next: number;
  /** The candidates are the best of more. */
  cut: boolean;
  /** Candidates of shorter prefixes are out: a gateway in mode `terminate` was tried. */
  prefixLengthMin: number;
  /** Empty once they are the candidates. */
  protect: readonly Candidate[];
  /** Full or offline when their turn came; kept while there are protect routes to wait for. */
  passed: readonly Candidate[];
  /** A candidate was full or offline, so that the call might have gone through at another moment. */
  hadNoRoom: boolean;
  /** When the protect routes may be tried, monotonic milliseconds; 0: the wait has not begun. */
  protectAtMs: number;
}

const noCandidates: readonly Candidate[] = [];

export function startHunt(routes: Pick<Routes, 'normal' | 'protect' | 'cut'>): Hunt {
  return {
    candidates: routes.normal,
    next: 0,
    cut: routes.cut,
    prefixLengthMin: 0,
    protect: routes.protect,
    passed: noCandidates,
    hadNoRoom: false,
    protectAtMs: 0,
  };
}

/** A hunt that is over. */
export const noHunt: Hunt = startHunt({
  normal: noCandidates,
  protect: noCandidates,
  cut: false,
});

/** The next candidate to look at; undefined at the end of the list. */
export function nextCandidate(hunt: Hunt): Candidate | undefined {
  // With a routing policy a longer prefix may come after a shorter one.
  while (hunt.next < hunt.candidates.length) {
    const candidate = hunt.candidates[hunt.next]!;
    hunt.next += 1;
    if (candidate.prefixLength >= hunt.prefixLengthMin) return candidate;
  }
  return undefined;
}

/** To be called when an INVITE is sent to the candidate, not when it is skipped for want of a line: the
 *  other gateways of its prefix length still follow, shorter prefixes do not. */
export function candidateTried(hunt: Hunt, candidate: Candidate): void {
  if (candidate.gateway.prefixMode !== 'terminate') return;
  hunt.prefixLengthMin = Math.max(hunt.prefixLengthMin, candidate.prefixLength);
}

/** It was full or away: it may have room before the protect routes' turn comes. */
export function candidatePassed(hunt: Hunt, candidate: Candidate): void {
  hunt.hadNoRoom = true;
  if (hunt.protect.length > 0) hunt.passed = [...hunt.passed, candidate];
}

/** Of more candidates those that are not among these yet come behind them. */
export function huntFurther(hunt: Hunt, more: readonly Candidate[]): void {
  const known = new Set(hunt.candidates.map(({ gateway }) => gateway));
  hunt.candidates = [...hunt.candidates, ...more.filter(({ gateway }) => !known.has(gateway))];
  hunt.cut = false;
}

/** Those that had no room are the candidates again. */
export function huntPassed(hunt: Hunt): void {
  hunt.candidates = hunt.passed;
  hunt.next = 0;
  hunt.passed = noCandidates;
}

/** The protect routes are the candidates now, in the order of this moment; what normal gateways ruled out does not
 *  bind them. */
export function huntProtect(hunt: Hunt, protect: readonly Candidate[]): void {
  hunt.candidates = protect;
  hunt.next = 0;
  hunt.prefixLengthMin = 0;
  hunt.cut = false;
  hunt.protect = noCandidates;
  hunt.passed = noCandidates;
}
