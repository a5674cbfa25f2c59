// A table of watched numbers in memory of its own.
import { watchLineSlot, wordsPerLine } from '../../core/admission/line-limits.ts';
import { type NumberWatch, watchWords } from '../../core/admission/number-watch.ts';

export function watchOf(entries: number): NumberWatch {
  return {
    keys: new BigInt64Array(new SharedArrayBuffer(entries * 8)),
    words: new Int32Array(new SharedArrayBuffer(entries * watchWords * 4)),
    used: new Int32Array((watchLineSlot(entries) + 1) * wordsPerLine),
    hashKey: Uint32Array.of(7, 9),
  };
}
