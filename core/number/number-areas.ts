// Where a number is at home: mobile numbers by the table of mobile areas, others by the area code that they begin
// with.
import { NumberKind } from '../configuration/number-rules.ts';
import { entityAt } from '../configuration/read-text-rows.ts';
import type { Snapshot } from '../configuration/snapshot.ts';
import { gatewayRowOf, longestPrefix } from './prefix-table.ts';

/** A bit of `NumberKind`. */
export function numberKind({ numbers }: Snapshot, number: string): number {
  const entry = longestPrefix(numbers.areas, number);
  if (entry < 0) return NumberKind.other;
  return isMobile(gatewayRowOf(numbers.areas, entry, 0)) ? NumberKind.mobile : NumberKind.city;
}

/** Code of the area that a mobile number belongs to; undefined: it is none that is known. */
export function mobileAreaCode({ numbers }: Snapshot, number: string): string | undefined {
  const entry = longestPrefix(numbers.areas, number);
  if (entry < 0) return undefined;
  const row = gatewayRowOf(numbers.areas, entry, 0);
  if (!isMobile(row)) return undefined;
  return entityAt(numbers.areaCodes, row >>> 1, (parsed) => parsed as string);
}

/** The even rows of the table are mobile prefixes. */
function isMobile(row: number): boolean {
  return (row & 1) === 0;
}
