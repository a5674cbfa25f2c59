// Number groups: sets of hundreds of thousands of numbers in shared tables. One lookup finds all groups that
// a number is in.
import { entityAt } from '../configuration/read-text-rows.ts';
import type { NumberTables, Snapshot } from '../configuration/snapshot.ts';
import { entryOf, gatewayCountOf, gatewayRowOf } from './prefix-table.ts';

export function isInGroups(
  { numbers }: Snapshot,
  names: readonly string[],
  number: string,
): boolean {
  const entry = entryOf(numbers.groups, number);
  if (entry < 0) return false;
  const rows = groupRows(numbers);
  for (const name of names) {
    const row = rows.get(name);
    // A gateway of an earlier version may name a group that is gone.
    if (row !== undefined && hasRow(numbers, entry, row)) return true;
  }
  return false;
}

/** Bits of `NumberList` of the lists of the system that have the number. */
export function listsOf({ numbers }: Snapshot, number: string): number {
  const entry = entryOf(numbers.groups, number);
  if (entry < 0) return 0;
  let lists = 0;
  const count = gatewayCountOf(numbers.groups, entry);
  for (let index = 0; index < count; index++) {
    lists |= numbers.groupLists[gatewayRowOf(numbers.groups, entry, index)]!;
  }
  return lists;
}

function hasRow({ groups }: NumberTables, entry: number, row: number): boolean {
  const count = gatewayCountOf(groups, entry);
  for (let index = 0; index < count; index++) {
    if (gatewayRowOf(groups, entry, index) === row) return true;
  }
  return false;
}

function groupRows(numbers: NumberTables): ReadonlyMap<string, number> {
  if (numbers.groupRows === undefined) {
    const { groupNames } = numbers;
    const count = groupNames.rows.length / 2;
    const rows = new Map<string, number>();
    for (let row = 0; row < count; row++) {
      rows.set(
        entityAt(groupNames, row, (parsed) => parsed as string),
        row,
      );
    }
    numbers.groupRows = rows;
  }
  return numbers.groupRows;
}
