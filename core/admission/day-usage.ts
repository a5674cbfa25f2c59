// What the calls of one fraud limit have used of a day, exact over all workers: seconds up and money spent. And
// what calls have used of a package in its period, whose number is its day here: free seconds, gift money, money of
// the balance; and whether its rent is paid.
// Cells are BigInt64 of shared memory (workers/memory/fraud-block.ts):
//
//   totals   eight a limit: seconds of four days in turn, money of four days in turn (day modulo 4)
//   held     the same, one row a worker, one writer a row: what its calls that are up have set aside
//
// At rest: total = what ended calls have used + sum of held[worker]. Taking writes the total first, giving back
// writes it last, so a worker that dies in between leaves at most one call's step too much in a total, until
// the day is over; never too little.
//
// A call counts for the day on which it began, so two days are in use around midnight and nobody resets a cell
// that a call may begin on: the main thread empties the cell of the day after tomorrow (fraud-block.ts).

export const usageDays = 4;
/** Cells of one limit: seconds and money. */
export const usageCellsPerLimit: number = 2 * usageDays;

/** What is counted of a day. */
export const UsageKind = { seconds: 0, money: 1 } as const;
export type UsageKind = (typeof UsageKind)[keyof typeof UsageKind];

/** What one worker needs. */
export interface UsageCells {
  readonly totals: BigInt64Array;
  /** Its own row. */
  readonly held: BigInt64Array;
}

/** `day`: days since 1970 of the account's zone. */
export function usageCell(slot: number, kind: UsageKind, day: number): number {
  return (
    slot * usageCellsPerLimit + kind * usageDays + (((day % usageDays) + usageDays) % usageDays)
  );
}

/** Takes so much more unless the total would pass `most` (below 0: no limit). The total after it; -1n: refused. */
export function takeUsage(usage: UsageCells, cell: number, units: bigint, most: bigint): bigint {
  const { totals, held } = usage;
  // Lock-free: an exchange fails only because another change went through.
  for (;;) {
    const seen = Atomics.load(totals, cell);
    const after = seen + units;
    if (most >= 0n && after > most) return -1n;
    if (Atomics.compareExchange(totals, cell, seen, after) !== seen) continue;
    Atomics.add(held, cell, units);
    return after;
  }
}

/** Takes as many whole steps of what is left below `most` as make up `wanted`, itself whole steps; how much. */
export function takeUsageUpTo(
  usage: UsageCells,
  cell: number,
  wanted: bigint,
  { most, step }: { readonly most: bigint; readonly step: bigint },
): bigint {
  const { totals, held } = usage;
  for (;;) {
    const seen = Atomics.load(totals, cell);
    const left = seen >= most ? 0n : ((most - seen) / step) * step;
    const taken = left < wanted ? left : wanted;
    if (taken === 0n) return 0n;
    if (Atomics.compareExchange(totals, cell, seen, seen + taken) !== seen) continue;
    Atomics.add(held, cell, taken);
    return taken;
  }
}

/** Ends a holding of this worker's: `used` of it stays in the total; more than it only where nothing bounds that. */
export function endUsage(usage: UsageCells, cell: number, units: bigint, used: bigint): void {
  Atomics.sub(usage.held, cell, units);
  Atomics.sub(usage.totals, cell, units - used);
}
