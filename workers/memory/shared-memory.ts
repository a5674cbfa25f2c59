// Every SharedArrayBuffer of the engine is allocated here, once, by the main thread, and drawn here.
// The object goes to each thread in its workerData; the views are made there by the files beside this
// one. Fresh pages are zero and cost no memory until touched, so the sizes are generous.
//
// Word = Int32. Two words that different threads write lie at least 64 bytes (a cache line) apart.

import { cpsArenaWordsMin, cpsDirectoryWords } from '../../core/admission/cps-window.ts';
import {
  accountSlotsMax,
  admissionSlotsMax,
  fraudSlotsMax,
  type LineCounters,
  type LineLedger,
  lineSlotsMax,
  watchEntriesMax,
  wordsPerLine,
} from '../../core/admission/line-limits.ts';
import { type NumberWatch, watchWords } from '../../core/admission/number-watch.ts';
import { callsPerMinuteAllMax } from '../../core/configuration/limits.ts';
import { countersMax, gaugesMax } from '../../core/metrics/counter-layout.ts';
import { stateWordsPerSlot } from '../../core/routing/gateway-state.ts';
import { fraudAlarmBytes, fraudUsageBytes } from './fraud-block.ts';

// ingressRings[i]   main thread -> worker i          mainRings[i]   worker i -> main thread
//
//   byte 0          64         128                                        128 + capacity
//   | written ...   | read ... | records, each whole, a multiple of 8 bytes      |
//     producer        consumer
//   Cursors count bytes modulo 2^32; place = cursor & (capacity - 1). Empty: written = read.
//   Invariant: 0 <= written - read <= capacity. spsc-ring.ts draws a record.
export const ringControlBytes = 128;
export const ringWrittenWord = 0;
export const ringReadWord = 16;

// signals           one line a consumer: 0 the main thread, 1 + i worker i
//   | asleep (0/1)  ... | asleep ... |
//   Set by its consumer before it sleeps, cleared by the first producer that finds it set.
export const mainSignal = 0;
export const workerSignal = (worker: number): number => 1 + worker;

// counters          one block a writer: 0 the main thread, 1 + i worker i; Float64, exact to 2^53
//   | counters 0..127 | gauges 128..191 | counters ... |
//   A block outlives its worker: a restarted worker goes on where the dead one stopped.
export const counterBlockSlots: number = countersMax + gaugesMax;

// lines             (see core/admission/line-limits.ts)
//   | used: lineSlotsMax lines of 64 bytes | step: a line a worker | share: lineSlotsMax words a worker |
//
// cpsWindows        (see core/admission/cps-window.ts)
//   | directory: slotsMax words | arena of windows: head, limit, limit time stamps; head, ... |
//   Directory and limits: main thread. Heads and time stamps: any worker, by compare-and-swap.
//
// balances          (see balance-block.ts)
//   | cell: a line of 64 bytes an account | reserved: a word of 64 bits an account and writer | step: a line a writer |
//
// minuteWindows     as cpsWindows, by slots of fraud limits; their span is a minute
//
// fraudUsage, fraudAlarms   (see fraud-block.ts)
//
// numberWatch       (see core/admission/number-watch.ts)
//   | keys: 64 bits an entry | words: 320 bytes an entry |
//
// gateways          (see core/routing/gateway-state.ts)
//   | counts and marks: a line a slot | what the main thread works out of them: a line a slot | ... |
//   Counts: any worker, by atomic addition.
//
// snapshotEpochs    one line a worker: the epoch of the configuration it runs on, 0 none
//   | epoch ... | epoch ... |      the main thread writes it only while the worker has no thread

export const workersMax = 64;
const kibibyte = 1024;
/** A record of 64 KiB always finds room in an empty ring of this size, wherever its cursors stand. */
export const ringBytesMin: number = 256 * kibibyte;
export const ringBytesMax: number = kibibyte * kibibyte * kibibyte;
/** The sum of all callsPerMinute, twice over for changes. */
const minuteArenaWords: number = 2 * (callsPerMinuteAllMax + 4 * fraudSlotsMax);
const cpsCellsMax = 268_435_456;

export interface SharedMemoryOptions {
  readonly workers: number;
  /** Power of two; 16 MiB hold about 20,000 datagrams of a call setup. */
  readonly ingressRingBytes?: number;
  /** Power of two. */
  readonly mainRingBytes?: number;
  /** Words for all CPS windows together: sum of the limits and two a window, twice over for changes. */
  readonly cpsArenaWords?: number;
}

/** A plain object of shared buffers; survives structured cloning. */
export interface SharedMemory {
  readonly workers: number;
  readonly ingressRings: readonly SharedArrayBuffer[];
  readonly mainRings: readonly SharedArrayBuffer[];
  readonly signals: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly lines: SharedArrayBuffer;
  readonly cpsWindows: SharedArrayBuffer;
  readonly balances: SharedArrayBuffer;
  readonly minuteWindows: SharedArrayBuffer;
  readonly fraudUsage: SharedArrayBuffer;
  readonly fraudAlarms: SharedArrayBuffer;
  readonly numberWatch: SharedArrayBuffer;
  readonly gateways: SharedArrayBuffer;
  readonly snapshotEpochs: SharedArrayBuffer;
}

export function allocateSharedMemory(options: SharedMemoryOptions): SharedMemory {
  const workers = within('workers', options.workers, 1, workersMax);
  const arenaWords = options.cpsArenaWords ?? 4 * kibibyte * kibibyte;
  within('cpsArenaWords', arenaWords, cpsArenaWordsMin, cpsCellsMax);
  const ingressRingBytes = options.ingressRingBytes ?? 16 * kibibyte * kibibyte;
  const mainRingBytes = options.mainRingBytes ?? 4 * kibibyte * kibibyte;
  within('ingressRingBytes', ingressRingBytes, ringBytesMin, ringBytesMax);
  within('mainRingBytes', mainRingBytes, ringBytesMin, ringBytesMax);
  return {
    workers,
    ingressRings: Array.from({ length: workers }, () => allocateRing(ingressRingBytes)),
    mainRings: Array.from({ length: workers }, () => allocateRing(mainRingBytes)),
    signals: new SharedArrayBuffer((1 + workers) * wordsPerLine * 4),
    counters: new SharedArrayBuffer((1 + workers) * counterBlockSlots * 8),
    lines: new SharedArrayBuffer(lineWords(workers) * 4),
    cpsWindows: new SharedArrayBuffer((cpsDirectoryWords + arenaWords) * 4),
    balances: new SharedArrayBuffer(balanceBytes(workers)),
    minuteWindows: new SharedArrayBuffer((cpsDirectoryWords + minuteArenaWords) * 4),
    fraudUsage: new SharedArrayBuffer(fraudUsageBytes(workers)),
    fraudAlarms: new SharedArrayBuffer(fraudAlarmBytes),
    numberWatch: new SharedArrayBuffer(watchEntriesMax * (8 + watchWords * 4)),
    gateways: new SharedArrayBuffer(admissionSlotsMax * stateWordsPerSlot * 4),
    snapshotEpochs: new SharedArrayBuffer(workers * wordsPerLine * 4),
  };
}

/** One ring; below `ringBytesMin` a long record may find no room for ever. */
export function allocateRing(capacityBytes: number): SharedArrayBuffer {
  within('ring bytes', capacityBytes, kibibyte, ringBytesMax);
  if ((capacityBytes & (capacityBytes - 1)) !== 0) {
    throw new RangeError(`ring bytes: ${capacityBytes}; expected a power of two`);
  }
  return new SharedArrayBuffer(ringControlBytes + capacityBytes);
}

/** The line counters as worker `worker` writes them. */
export function workerLines(memory: SharedMemory, worker: number): LineCounters {
  const ledger = lineLedger(memory);
  return { used: ledger.used, share: ledger.shares[worker]!, step: ledger.steps[worker]! };
}

/** The line counters as the supervisor sees them. */
export function lineLedger(memory: Pick<SharedMemory, 'lines' | 'workers'>): LineLedger {
  const { lines, workers } = memory;
  const usedBytes = lineSlotsMax * wordsPerLine * 4;
  const stepBytes = wordsPerLine * 4;
  const shareBytes = lineSlotsMax * 4;
  const sharesStart = usedBytes + workers * stepBytes;
  const each = Array.from({ length: workers }, (_, worker) => worker);
  return {
    used: new Int32Array(lines, 0, usedBytes / 4),
    steps: each.map((worker) => new Int32Array(lines, usedBytes + worker * stepBytes, 1)),
    shares: each.map(
      (worker) => new Int32Array(lines, sharesStart + worker * shareBytes, lineSlotsMax),
    ),
  };
}

/** The watched numbers, as every worker sees them. */
export function numberWatch(
  memory: Pick<SharedMemory, 'numberWatch' | 'lines'>,
  hashKey: Uint32Array,
): NumberWatch {
  const keyBytes = watchEntriesMax * 8;
  return {
    keys: new BigInt64Array(memory.numberWatch, 0, watchEntriesMax),
    words: new Int32Array(memory.numberWatch, keyBytes, watchEntriesMax * watchWords),
    used: new Int32Array(memory.lines, 0, lineSlotsMax * wordsPerLine),
    hashKey,
  };
}

/** The CPS windows, for `acquireCps`. */
export function cpsWords(memory: Pick<SharedMemory, 'cpsWindows'>): Int32Array {
  return new Int32Array(memory.cpsWindows);
}

/** The records of gateway-state.ts. */
export function gatewayWords(memory: Pick<SharedMemory, 'gateways'>): Int32Array {
  return new Int32Array(memory.gateways);
}

function lineWords(workers: number): number {
  return lineSlotsMax * wordsPerLine + workers * (wordsPerLine + lineSlotsMax);
}

function balanceBytes(workers: number): number {
  const writers = 1 + workers;
  return accountSlotsMax * (64 + writers * 8) + writers * wordsPerLine * 4;
}

function within(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name}: ${value}; expected an integer from ${min} to ${max}`);
  }
  return value;
}
