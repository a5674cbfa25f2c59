// The transform table: at ingress a caller stands for a number inside, at egress a number called leaves as
// another. Exact numbers; gateways that want it say so.

import { transformRowWords } from '../configuration/number-layout.ts';
import { asciiText } from '../configuration/read-text-rows.ts';
import type { NumberTables, Snapshot } from '../configuration/snapshot.ts';
import { entryOf, gatewayRowOf } from './prefix-table.ts';

export function transformedCaller({ numbers }: Snapshot, caller: string): string {
  return transformed(numbers, `c${caller}`, 0) ?? caller;
}

export function transformedCallee({ numbers }: Snapshot, callee: string): string {
  return transformed(numbers, `e${callee}`, 2) ?? callee;
}

/** `word`: of the row, where the text that it becomes is found. */
function transformed(numbers: NumberTables, key: string, word: number): string | undefined {
  const entry = entryOf(numbers.transforms, key);
  if (entry < 0) return undefined;
  const at = gatewayRowOf(numbers.transforms, entry, 0) * transformRowWords + word;
  const start = numbers.transformRows[at]!;
  return asciiText(numbers.transformText, start, numbers.transformRows[at + 1]!);
}
