// A document as a version keeps it: the rates of its tables are records of their own, known by the hash of
// what they hold. Versions share a table that they have in common, and a change of a gateway neither reads nor
// writes a million rates.
import type { ListChange } from '../../core/configuration/diff.ts';
import { listedMax, rateText } from '../../core/configuration/diff.ts';
import type { ConfigurationDocument, DocumentOf } from '../../core/configuration/model.ts';
import {
  comparePrefixes,
  type PackedRates,
  rateAt,
  ratesBytes,
  ratesId,
  tableDocument,
  timesMs,
} from './packed-rates.ts';
import { packRates, shapeKey } from './rates-builder.ts';

export interface TableReference {
  readonly name: string;
  /** ratesId of the stored record. */
  readonly id: string;
  /** Rates in it. */
  readonly count: number;
}

export type StoredDocument = DocumentOf<TableReference>;

/** Finds the rates of a table. @throws where its record is not kept */
export type RatesOf = (table: TableReference) => PackedRates;

/** Tables by id that a change brings; stored when it is staged. */
export type NewTables = Map<string, { readonly rates: PackedRates; readonly bytes: Buffer }>;

/** Notes a table for storing. */
export function referTo(name: string, rates: PackedRates, tables: NewTables): TableReference {
  const bytes = ratesBytes(rates);
  const id = ratesId(bytes);
  tables.set(id, { rates, bytes });
  return { name, id, count: rates.count };
}

export function storedForm(document: ConfigurationDocument, tables: NewTables): StoredDocument {
  const rateTables = document.rateTables.map(({ name, rates }) =>
    referTo(name, packRates(rates), tables),
  );
  return { ...document, rateTables };
}

export function fullForm(stored: StoredDocument, ratesOf: RatesOf): ConfigurationDocument {
  const rateTables = stored.rateTables.map((table) => tableDocument(table.name, ratesOf(table)));
  return { ...stored, rateTables };
}

/** Rates that came and went from one form of a table to another. */
export function diffStoredRates(
  before: TableReference,
  after: TableReference,
  ratesOf: RatesOf,
): ListChange | undefined {
  if (before.id === after.id) return undefined;
  return diffRates(ratesOf(before), ratesOf(after));
}

export function diffRates(before: PackedRates, after: PackedRates): ListChange {
  const added: string[] = [];
  const removed: string[] = [];
  let addedCount = 0;
  let removedCount = 0;
  const add = (row: number): void => {
    if (addedCount++ < listedMax) added.push(rateText(rateAt(after, row)));
  };
  const remove = (row: number): void => {
    if (removedCount++ < listedMax) removed.push(rateText(rateAt(before, row)));
  };
  const isEqual = equalRates(before, after);
  const times = [
    timesMs(before, Number.NEGATIVE_INFINITY),
    timesMs(after, Number.NEGATIVE_INFINITY),
  ];
  let left = 0;
  let right = 0;
  while (left < before.count || right < after.count) {
    const order =
      orderOf(before, left, after, right) || beginsBefore(times, before, left, [after, right]);
    if (order === 0 && !isEqual(left, right)) {
      remove(left);
      add(right);
    } else if (order < 0) remove(left);
    else if (order > 0) add(right);
    if (order <= 0) left++;
    if (order >= 0) right++;
  }
  return { field: 'rates', addedCount, removedCount, added, removed };
}

function orderOf(before: PackedRates, left: number, after: PackedRates, right: number): number {
  if (left >= before.count) return 1;
  if (right >= after.count) return -1;
  return comparePrefixes(before, left, after, right);
}

function beginsBefore(
  [leftTimes, rightTimes]: readonly Float64Array[],
  before: PackedRates,
  left: number,
  [after, right]: readonly [PackedRates, number],
): number {
  const leftFrom = leftTimes![before.from[left]!]!;
  const rightFrom = rightTimes![after.from[right]!]!;
  return leftFrom === rightFrom ? 0 : leftFrom < rightFrom ? -1 : 1;
}

/** Whether a row of each is the same rate, to the letter. */
function equalRates(
  before: PackedRates,
  after: PackedRates,
): (left: number, right: number) => boolean {
  const shapes = numbering(before.shapeList.map(shapeKey), after.shapeList.map(shapeKey));
  const areas = numbering(before.areaList, after.areaList);
  const times = numbering(before.timeList, after.timeList);
  return (left, right) =>
    before.prices[left] === after.prices[right] &&
    before.decimals[left] === after.decimals[right] &&
    shapes[before.shapes[left]!] === after.shapes[right] &&
    areas[before.areas[left]!] === after.areas[right] &&
    times[before.from[left]!] === after.from[right] &&
    times[before.until[left]!] === after.until[right];
}

/** For each entry of one list its place in the other; -1: not there. */
export function numbering(from: readonly string[], to: readonly string[]): Int32Array {
  const places = new Map(to.map((key, at) => [key, at]));
  return Int32Array.from(from, (key) => places.get(key) ?? -1);
}
