// The search for the highest clean rate, apart from the calls: which rate is tried next, and how. Short steps find
// it, by growth and then by halving; a long one confirms it, for transactions linger 32 s after a call and a short
// step has not seen all of them.

/** The search stops when the gap between clean and unclean is this share of the rate. */
const resolution = 0.05;
/** An unclean step is repeated once: a single hiccup of the machine is not the system's limit. */
const triesMax = 2;
const firstRate = 1000;
const rateMin = 100;
/** Rates are multiples of it. */
const rateStep = 50;
/** A rate that does not confirm goes down by this share, so many times. */
const descent = 0.05;
const descentsMax = 3;

export interface CeilingSearch {
  /** Of the next step. */
  rate: number;
  phase: 'search' | 'confirm' | 'over';
  /** Highest clean rate so far; when over, what was found. 0: none. */
  clean: number;
  /** A long step at `clean` was clean. */
  confirmed: boolean;
  unclean: number;
  /** Unclean steps at `rate`. */
  failures: number;
  descents: number;
  readonly rateMax: number;
}

export function openSearch(rateMax: number): CeilingSearch {
  return {
    rate: firstRate,
    phase: 'search',
    clean: 0,
    confirmed: false,
    unclean: Number.POSITIVE_INFINITY,
    failures: 0,
    descents: 0,
    rateMax,
  };
}

/** Takes the outcome of a step at `search.rate`. */
export function noteStep(search: CeilingSearch, clean: boolean): void {
  if (!clean && ++search.failures < triesMax) return;
  search.failures = 0;
  if (search.phase === 'confirm') noteConfirming(search, clean);
  else noteSearching(search, clean);
}

function noteSearching(search: CeilingSearch, clean: boolean): void {
  if (clean) search.clean = search.rate;
  else search.unclean = search.rate;
  const isOpen = search.unclean === Number.POSITIVE_INFINITY;
  search.rate = rounded(isOpen ? search.rate * 1.5 : (search.clean + search.unclean) / 2);
  if (!isFound(search)) return;
  search.phase = search.clean > 0 ? 'confirm' : 'over';
  search.rate = search.clean;
}

function isFound({ clean, unclean, rate, rateMax }: CeilingSearch): boolean {
  const isNarrow = unclean - clean <= resolution * clean;
  return isNarrow || rate > rateMax || rate <= clean || rate >= unclean || rate < rateMin;
}

function noteConfirming(search: CeilingSearch, clean: boolean): void {
  if (clean) {
    search.confirmed = true;
    search.phase = 'over';
    return;
  }
  search.rate = Math.min(rounded(search.rate * (1 - descent)), search.rate - rateStep);
  search.clean = search.rate;
  if (++search.descents > descentsMax || search.rate < rateMin) search.phase = 'over';
}

function rounded(rate: number): number {
  return Math.round(rate / rateStep) * rateStep;
}
