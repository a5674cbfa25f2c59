// A rate table as a file that `import` reads back to the same rates: columns named as the fields are, only
// those that the table uses. Written in pieces, so that no table is held as text.

import { type RateField, rateFields } from '../../core/configuration/rate-template-model.ts';
import { csvCell } from '../../core/deck/csv-rows.ts';
import { guardFormula } from '../../core/deck/deck-cell.ts';
import { sectionsText } from '../../core/deck/deck-fields.ts';
import {
  type PackedRates,
  prefixAt,
  priceTextAt,
  type RateTerms,
} from '../../workers/configuration/packed-rates.ts';

export type ExportField = Exclude<RateField, 'increments'>;

/** What a reader of the file sees as a number, unless it is too long for one. */
export const numberFields: ReadonlySet<ExportField> = new Set([
  'ratePerMinute',
  'ratePerCycle',
  'cycleSeconds',
  'connectionFee',
  'firstIncrementSeconds',
  'nextIncrementSeconds',
  'taxPercent',
]);

/** The columns of a table's file, in order. */
export function exportFields(rates: PackedRates): ExportField[] {
  const uses = (isUsed: (terms: RateTerms) => boolean): boolean => rates.shapeList.some(isUsed);
  const isPerMinute = (terms: RateTerms): boolean => terms.cycleSeconds === undefined;
  const used: Readonly<Record<ExportField, boolean>> = {
    prefix: true,
    area: rates.areaList.length > 1,
    callType: uses((terms) => terms.callType !== 'international'),
    ratePerMinute: uses(isPerMinute),
    ratePerCycle: uses((terms) => !isPerMinute(terms)),
    cycleSeconds: uses((terms) => !isPerMinute(terms)),
    connectionFee: true,
    firstIncrementSeconds: uses(isPerMinute),
    nextIncrementSeconds: uses(isPerMinute),
    sections: uses((terms) => (terms.sections ?? []).length > 0),
    taxPercent: uses((terms) => terms.taxPercent !== '0'),
    locked: uses((terms) => terms.locked),
    effectiveAt: rates.timeList.length > 1,
    expiresAt: rates.timeList.length > 1,
  };
  return rateFields.filter((field): field is ExportField => field !== 'increments' && used[field]);
}

/** Texts of the cells of a row. */
export function exportRow(
  rates: PackedRates,
  row: number,
  fields: readonly ExportField[],
  cells: string[],
): void {
  const terms = rates.shapeList[rates.shapes[row]!]!;
  for (const [at, field] of fields.entries()) cells[at] = cellText(rates, row, terms, field);
}

function cellText(rates: PackedRates, row: number, terms: RateTerms, field: ExportField): string {
  const isPerCycle = terms.cycleSeconds !== undefined;
  switch (field) {
    case 'prefix':
      return guardFormula(prefixAt(rates, row));
    case 'area':
      return guardFormula(rates.areaList[rates.areas[row]!]!);
    case 'ratePerMinute':
      return isPerCycle ? '' : priceTextAt(rates, row);
    case 'ratePerCycle':
      return isPerCycle ? priceTextAt(rates, row) : '';
    case 'effectiveAt':
      return rates.timeList[rates.from[row]!]!;
    case 'expiresAt':
      return rates.timeList[rates.until[row]!]!;
    case 'firstIncrementSeconds':
    case 'nextIncrementSeconds':
      return isPerCycle ? '' : String(terms[field]);
    case 'sections':
      return sectionsText(terms.sections);
    case 'cycleSeconds':
      return isPerCycle ? String(terms.cycleSeconds) : '';
    default:
      return String(terms[field]);
  }
}

export function csvHeader(fields: readonly ExportField[]): string {
  return `${fields.join(',')}\r\n`;
}

/** Rows from `start` to before `end`. */
export function csvText(
  rates: PackedRates,
  fields: readonly ExportField[],
  start: number,
  end: number,
): string {
  const lines: string[] = [];
  const cells: string[] = [];
  for (let row = start; row < end; row++) {
    exportRow(rates, row, fields, cells);
    lines.push(cells.map(csvCell).join(','));
  }
  return lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`;
}
