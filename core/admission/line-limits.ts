// Lines (simultaneous calls) per slot, exact over all workers. Counters live in shared memory:
//
//   used   one Int32 a slot, 64 bytes apart: lines taken by all workers together (compare-and-swap); in the
//          words behind it a gateway has the cursors of its number pools (atomic addition)
//   share  one dense row of Int32 a worker, one writer: what that worker holds of each slot
//   step   one Int32 a worker, one writer: odd while the worker is between two of the writes below
//
// Invariant at every instant: used[slot] >= sum of share[worker][slot] over the workers. Taking writes
// `used` first and giving back writes it last, so a worker that dies in between leaves a line too many
// marked as taken, never one too few: a death can refuse a call for a moment, not admit one too many.

/** Slots of lines and CPS windows: the node itself, mapping gateways, routing gateways. */
export const admissionSlotsMax = 16_384;
/** Slots of accounts: those of a configuration, and of earlier ones that still have money or calls. */
export const accountSlotsMax = 131_072;
/** Slots of fraud limits, each one prefix of one account. */
export const fraudSlotsMax = 16_384;
/** Slots of free seconds, each one gift of a package that an account has ordered. */
export const giftSlotsMax = 65_536;
/** Slots of numbers in caller pools: those of a configuration, and of earlier ones that still have calls. */
export const poolSlotsMax = 131_072;
/** Entries of number-watch.ts; power of two. */
export const watchEntriesMax = 65_536;
/** Accounts have lines behind those of the gateways, and no CPS windows; numbers of pools behind those, then
 *  the callers that are watched, then fraud limits. */
export const lineSlotsMax: number =
  admissionSlotsMax + accountSlotsMax + poolSlotsMax + watchEntriesMax + fraudSlotsMax;
/** Int32 words from one slot of `used` to the next, and from one worker's `step` to the next. */
export const wordsPerLine = 16;
/** Tries to see one slot at rest; each lasts as long as a few loads, a change of lines as long. */
const reconcileTriesMax = 1000;

/** What a worker needs of the line counters. */
export interface LineCounters {
  readonly used: Int32Array;
  readonly share: Int32Array;
  /** One word. */
  readonly step: Int32Array;
}

/** What the supervisor needs: the rows of all workers. */
export interface LineLedger {
  readonly used: Int32Array;
  readonly shares: readonly Int32Array[];
  readonly steps: readonly Int32Array[];
}

/** The line slot of an account's slot. */
export function accountLineSlot(slot: number): number {
  return admissionSlotsMax + slot;
}

/** The line slot of a pool number's slot. */
export function poolLineSlot(slot: number): number {
  return admissionSlotsMax + accountSlotsMax + slot;
}

/** The line slot of a watched caller's entry. */
export function watchLineSlot(entry: number): number {
  return admissionSlotsMax + accountSlotsMax + poolSlotsMax + entry;
}

/** Where a pool that goes in turn keeps its place: `which` of the two pools of a gateway's slot. */
export function poolCursor(slot: number, which: 0 | 1): number {
  return slot * wordsPerLine + 1 + which;
}

/** The next place, over all workers; counts on for ever. */
export function nextPlace({ used }: Pick<LineCounters, 'used'>, cursor: number): number {
  return Atomics.add(used, cursor, 1) >>> 0;
}

/** Takes a line of `slot` unless `limit` are taken; limit 0: counted, never refused. */
export function acquireLine(lines: LineCounters, slot: number, limit: number): boolean {
  const { used, share, step } = lines;
  const word = slot * wordsPerLine;
  const stepBefore = Atomics.load(step, 0);
  Atomics.store(step, 0, (stepBefore + 1) | 0);
  const admitted = addBelow(used, word, limit);
  if (admitted) Atomics.add(share, slot, 1);
  Atomics.store(step, 0, (stepBefore + 2) | 0);
  return admitted;
}

/** Gives back a line that this worker took. */
export function releaseLine(lines: LineCounters, slot: number): void {
  const { used, share, step } = lines;
  if (Atomics.load(share, slot) <= 0) {
    throw new RangeError(`line slot ${slot}: released by a worker that holds no line of it`);
  }
  const stepBefore = Atomics.load(step, 0);
  Atomics.store(step, 0, (stepBefore + 1) | 0);
  Atomics.sub(share, slot, 1);
  Atomics.sub(used, slot * wordsPerLine, 1);
  Atomics.store(step, 0, (stepBefore + 2) | 0);
}

/** Lines of `slot` taken by all workers together. */
export function linesUsed(lines: { readonly used: Int32Array }, slot: number): number {
  return Atomics.load(lines.used, slot * wordsPerLine);
}

/** The line slot of a fraud limit's slot. */
export function fraudLineSlot(slot: number): number {
  return lineSlotsMax - fraudSlotsMax + slot;
}

/** The usage slot of a gift's slot: behind those of fraud limits. */
export function giftUsageSlot(slot: number): number {
  return fraudSlotsMax + slot;
}

function addBelow(used: Int32Array, word: number, limit: number): boolean {
  if (limit === 0) {
    Atomics.add(used, word, 1);
    return true;
  }
  // Lock-free: an exchange fails only because another worker's change went through.
  for (;;) {
    const seen = Atomics.load(used, word);
    if (seen >= limit) return false;
    if (Atomics.compareExchange(used, word, seen, seen + 1) === seen) return true;
  }
}

/** Gives back all lines of a worker whose thread has ended; returns how many. May be called again.
 *  Call it before a new thread takes the worker's place; when it died inside a step (`torn`), call
 *  `reconcileLines` afterwards until it returns 0 unsettled. */
export function returnWorkerLines(
  ledger: LineLedger,
  worker: number,
): { returned: number; torn: boolean } {
  const share = ledger.shares[worker]!;
  const step = ledger.steps[worker]!;
  let returned = 0;
  for (let slot = 0; slot < share.length; slot++) {
    if (Atomics.load(share, slot) === 0) continue;
    // Share to zero first, as `releaseLine` does.
    const held = Atomics.exchange(share, slot, 0);
    Atomics.sub(ledger.used, slot * wordsPerLine, held);
    returned += held;
  }
  const stepAtDeath = Atomics.load(step, 0);
  const torn = (stepAtDeath & 1) === 1;
  if (torn) Atomics.store(step, 0, (stepAtDeath + 1) | 0);
  return { returned, torn };
}

/** Frees lines that nobody holds: what a worker that died inside a step left in `used`. `unsettled`
 *  slots were never seen at rest (a live worker changed them all the time): call it again. */
export function reconcileLines(ledger: LineLedger): { freed: number; unsettled: number } {
  let freed = 0;
  let unsettled = 0;
  const slots = ledger.used.length / wordsPerLine;
  for (let slot = 0; slot < slots; slot++) {
    if (Atomics.load(ledger.used, slot * wordsPerLine) === 0) continue;
    const leaked = leakedLines(ledger, slot);
    if (leaked < 0) unsettled++;
    if (leaked <= 0) continue;
    // A leak is nobody's line: no worker gives it back, so it is still there now.
    Atomics.sub(ledger.used, slot * wordsPerLine, leaked);
    freed += leaked;
  }
  return { freed, unsettled };
}

/** `used` less the sum of the shares, seen at one instant: no worker was inside a step before the
 *  reading and none has moved after it. -1: no such instant was found. */
function leakedLines(ledger: LineLedger, slot: number): number {
  const { used, shares, steps } = ledger;
  for (let tries = 0; tries < reconcileTriesMax; tries++) {
    let stepSum = 0;
    let atRest = true;
    let held = 0;
    for (let worker = 0; worker < shares.length; worker++) {
      const step = Atomics.load(steps[worker]!, 0);
      if ((step & 1) === 1) atRest = false;
      stepSum = (stepSum + step) | 0;
      held += Atomics.load(shares[worker]!, slot);
    }
    if (!atRest) continue;
    const leaked = Atomics.load(used, slot * wordsPerLine) - held;
    for (let worker = 0; worker < shares.length; worker++) {
      stepSum = (stepSum - Atomics.load(steps[worker]!, 0)) | 0;
    }
    // Steps only grow, so an equal sum means that each is equal.
    if (stepSum === 0) return leaked;
  }
  return -1;
}
