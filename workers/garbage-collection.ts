// How V8 collects in threads. What lives at a collection is copied, so its price is the calls that are up;
// what dies before costs nothing. DECISIONS.md 36 and 145 have the measurements.
import { setFlagsFromString } from 'node:v8';
import type { ResourceLimits } from 'node:worker_threads';

/** Three semi-spaces of 32 MB: at the highest rates a collection comes every quarter of a second, when most short
 *  calls have come and gone. Much smaller, and each call is copied twice and ends in the old generation. */
export const callWorkerLimits: ResourceLimits = { maxYoungGenerationSizeMb: 96 };

/** Two batches of CDRs live while the ledger takes one of them: collected half as often they are copied half as
 *  often. The space grows only behind a backlog. */
export const cdrWriterLimits: ResourceLimits = { maxYoungGenerationSizeMb: 96 };

/** For all threads that start from now on. */
export function setCollectorFlags(): void {
  // V8 sees the first calls survive, while its spaces are small, and from then on allocates their like in the old
  // generation. There they die all the same, and what they point to lives until the next marking.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Two megabytes are copied as fast by the worker alone. Helpers on the other processor double the work.
  setFlagsFromString('--no-parallel-scavenge');
}
