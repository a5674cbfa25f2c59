// The walk of one call over its candidates: which comes next, which are ruled out by one that was tried, which
// were passed over because they had no room, and when the protect routes have their turn.
import type { Routes } from './candidate-gateways.ts';
import type { Candidate } from './gateway-ranking.ts';

export interface Hunt {
  candidates: readonly Candidate[];
  next: number;
  /** Candidates of shorter prefixes are out: a gateway in mode `terminate` was tried. */
  prefixLengthMin: number;
  /** Empty once they are the candidates. */
  protect: readonly Candidate[];
  /** Full or offline when their turn came; kept while there are protect routes to wait for. */
  passed: readonly Candidate[];
  /** When the protect routes may be tried, monotonic milliseconds; 0: the wait has not begun. */
  protectAtMs: number;
}

const noCandidates: readonly Candidate[] = [];

export function startHunt(routes: Pick<Routes, 'normal' | 'protect'>): Hunt {
  return {
    candidates: routes.normal,
    next: 0,
    prefixLengthMin: 0,
    protect: routes.protect,
    passed: noCandidates,
    protectAtMs: 0,
  };
}

/** A hunt that is over. */
export const noHunt: Hunt = startHunt({ normal: noCandidates, protect: noCandidates });

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
  if (hunt.protect.length > 0) hunt.passed = [...hunt.passed, candidate];
}

/** Those that had no room are the candidates again. */
export function huntPassed(hunt: Hunt): void {
  hunt.candidates = hunt.passed;
  hunt.next = 0;
  hunt.passed = noCandidates;
}

/** The protect routes are the candidates now; what normal gateways ruled out does not bind them. */
export function huntProtect(hunt: Hunt): void {
  hunt.candidates = hunt.protect;
  hunt.next = 0;
  hunt.prefixLengthMin = 0;
  hunt.protect = noCandidates;
  hunt.passed = noCandidates;
}
