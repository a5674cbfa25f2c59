// Balances of accounts, exact over all threads. The cells live in shared memory; an account's slot belongs to
// its name (workers/configuration/slot-registry.ts):
//
//   cell       64 bytes an account, three BigInt64 in units of 10^-8:
//                available   what new reservations may take; no reservation brings it below zero
//                balance     payments less what calls were charged
//                credit      how far the balance may go below zero; one writer: the main thread
//   reserved   one dense row of BigInt64 a writer (0 the main thread, 1 + i worker i): what that writer's
//              calls hold; one writer a row. The main thread's row keeps what a dead worker held until its
//              calls are closed and charged
//   step       one Int32 a writer, odd while it is between two of the writes below
//
// At rest:       available = balance + credit - sum of reserved[writer]
// At any moment: available <= that. Whatever takes is written to `available` first and whatever gives is
// written to it last, so a writer that dies in between leaves money that nobody can use until
// `reconcileBalances` finds it; it never leaves money that could be spent twice.
import { accountSlotsMax, wordsPerLine } from '../../core/admission/line-limits.ts';
import type { SharedMemory } from './shared-memory.ts';

/** BigInt64 from one account's cell to the next. */
const cellWords = 8;
const balanceWord = 1;
const creditWord = 2;
/** Tries to see one account at rest, as for lines. */
const reconcileTriesMax = 1000;

/** The writer of the main thread: configuration, payments, calls of dead workers. */
export const mainPurse = 0;
export const workerPurse = (worker: number): number => 1 + worker;

/** What one writer needs. */
export interface Purse {
  readonly cells: BigInt64Array;
  readonly reserved: BigInt64Array;
  /** One word. */
  readonly step: Int32Array;
}

/** What the main thread needs to read and to reconcile: the rows of all writers. */
export interface BalanceLedger {
  readonly cells: BigInt64Array;
  readonly reserved: readonly BigInt64Array[];
  readonly steps: readonly Int32Array[];
}

export interface AccountState {
  readonly balance: bigint;
  readonly reserved: bigint;
  readonly available: bigint;
  readonly credit: bigint;
}

export function openBalances(memory: Pick<SharedMemory, 'balances' | 'workers'>): BalanceLedger {
  const { balances, workers } = memory;
  const cells = accountSlotsMax * cellWords;
  const writers = Array.from({ length: 1 + workers }, (_, writer) => writer);
  const rowsAt = cells * 8;
  const stepsAt = rowsAt + writers.length * accountSlotsMax * 8;
  return {
    cells: new BigInt64Array(balances, 0, cells),
    reserved: writers.map(
      (writer) =>
        new BigInt64Array(balances, rowsAt + writer * accountSlotsMax * 8, accountSlotsMax),
    ),
    steps: writers.map(
      (writer) => new Int32Array(balances, stepsAt + writer * wordsPerLine * 4, 1),
    ),
  };
}

export function purseOf(ledger: BalanceLedger, writer: number): Purse {
  return {
    cells: ledger.cells,
    reserved: ledger.reserved[writer]!,
    step: ledger.steps[writer]!,
  };
}

/** Takes `units` (not negative) of what the account has available, or nothing. */
export function reserveUnits(purse: Purse, slot: number, units: bigint): boolean {
  const { cells, reserved, step } = purse;
  const word = slot * cellWords;
  const before = enter(step);
  let admitted = false;
  // Lock-free: an exchange fails only because another writer's change went through.
  for (;;) {
    const seen = Atomics.load(cells, word);
    if (seen < units || seen <= 0n) break;
    if (Atomics.compareExchange(cells, word, seen, seen - units) === seen) {
      Atomics.add(reserved, slot, units);
      admitted = true;
      break;
    }
  }
  leave(step, before);
  return admitted;
}

/** Ends a reservation of this writer's: `charged` of it is gone, the rest is available again.
 *  `charged` is at most `units`. */
export function settleUnits(purse: Purse, slot: number, units: bigint, charged: bigint): void {
  const { cells, reserved, step } = purse;
  const word = slot * cellWords;
  const before = enter(step);
  Atomics.sub(reserved, slot, units);
  if (charged !== 0n) Atomics.sub(cells, word + balanceWord, charged);
  Atomics.add(cells, word, units - charged);
  leave(step, before);
}

/** Main thread: a payment, or what calls of a crash cost; a deduction may bring `available` below zero. */
export function addToBalance(purse: Purse, slot: number, units: bigint): void {
  addTo(purse, slot, balanceWord, units);
}

/** Main thread: how far the balance may go below zero, from now on. */
export function setCredit(purse: Purse, slot: number, credit: bigint): void {
  const change = credit - Atomics.load(purse.cells, slot * cellWords + creditWord);
  if (change !== 0n) addTo(purse, slot, creditWord, change);
}

function addTo({ cells, step }: Purse, slot: number, which: number, units: bigint): void {
  const word = slot * cellWords;
  const before = enter(step);
  if (units < 0n) Atomics.add(cells, word, units);
  Atomics.add(cells, word + which, units);
  if (units > 0n) Atomics.add(cells, word, units);
  leave(step, before);
}

export function accountState(ledger: BalanceLedger, slot: number): AccountState {
  const word = slot * cellWords;
  return {
    balance: Atomics.load(ledger.cells, word + balanceWord),
    reserved: reservedOf(ledger, slot),
    available: Atomics.load(ledger.cells, word),
    credit: Atomics.load(ledger.cells, word + creditWord),
  };
}

/** Nothing of the account is left in its cell: the slot may be another's. */
export function isCellEmpty(ledger: BalanceLedger, slot: number): boolean {
  const { balance, reserved } = accountState(ledger, slot);
  return balance === 0n && reserved === 0n;
}

/** Moves what a worker whose thread has ended holds to the main thread's row, so that nobody can spend it
 *  before its calls are charged: `releaseHeld` then gives it back. By slot. Call it before a new thread
 *  takes the worker's place. */
export function holdForDead(
  ledger: BalanceLedger,
  worker: number,
): { readonly held: Map<number, bigint>; readonly torn: boolean } {
  const row = ledger.reserved[workerPurse(worker)]!;
  const step = ledger.steps[workerPurse(worker)]!;
  const main = ledger.reserved[mainPurse]!;
  const held = new Map<number, bigint>();
  for (let slot = 0; slot < row.length; slot++) {
    if (Atomics.load(row, slot) === 0n) continue;
    const units = Atomics.exchange(row, slot, 0n);
    Atomics.add(main, slot, units);
    held.set(slot, units);
  }
  const atDeath = Atomics.load(step, 0);
  const torn = (atDeath & 1) === 1;
  if (torn) Atomics.store(step, 0, (atDeath + 1) | 0);
  return { held, torn };
}

/** The calls of a dead worker are closed: what they held is given back less what they are charged. */
export function releaseHeld(
  ledger: BalanceLedger,
  held: ReadonlyMap<number, bigint>,
  charges: ReadonlyMap<number, bigint>,
): void {
  const purse = purseOf(ledger, mainPurse);
  for (const [slot, units] of held) {
    const charged = charges.get(slot) ?? 0n;
    settleUnits(purse, slot, units, charged < units ? charged : units);
    if (charged > units) addToBalance(purse, slot, units - charged);
  }
  for (const [slot, charged] of charges) {
    if (!held.has(slot)) addToBalance(purse, slot, -charged);
  }
}

/** Finds what a writer that died between two writes left in no row. `unsettled` accounts were never seen
 *  at rest: call it again. Slots are below `slotsMax`. */
export function reconcileBalances(
  ledger: BalanceLedger,
  slotsMax: number,
): { freed: bigint; unsettled: number } {
  let freed = 0n;
  let unsettled = 0;
  for (let slot = 0; slot < slotsMax; slot++) {
    const leaked = leakedUnits(ledger, slot);
    if (leaked === undefined) unsettled++;
    else if (leaked !== 0n) {
      Atomics.add(ledger.cells, slot * cellWords, leaked);
      freed += leaked;
    }
  }
  return { freed, unsettled };
}

/** What the cell should have available beyond what it has; undefined: it was never seen at rest. */
function leakedUnits(ledger: BalanceLedger, slot: number): bigint | undefined {
  const { steps } = ledger;
  for (let tries = 0; tries < reconcileTriesMax; tries++) {
    let stepSum = 0;
    let atRest = true;
    for (const words of steps) {
      const step = Atomics.load(words, 0);
      if ((step & 1) === 1) atRest = false;
      stepSum = (stepSum + step) | 0;
    }
    if (!atRest) continue;
    const { balance, credit, reserved, available } = accountState(ledger, slot);
    for (const words of steps) stepSum = (stepSum - Atomics.load(words, 0)) | 0;
    // Steps only grow, so an equal sum means that each is equal.
    if (stepSum === 0) return balance + credit - reserved - available;
  }
  return undefined;
}

function reservedOf(ledger: BalanceLedger, slot: number): bigint {
  let sum = 0n;
  for (const row of ledger.reserved) sum += Atomics.load(row, slot);
  return sum;
}

function enter(step: Int32Array): number {
  const before = Atomics.load(step, 0);
  Atomics.store(step, 0, (before + 1) | 0);
  return before;
}

function leave(step: Int32Array, before: number): void {
  Atomics.store(step, 0, (before + 2) | 0);
}
