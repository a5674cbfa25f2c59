// Which column of a deck holds which field: by number, or by the name that the header line has it under.
import {
  type RateColumn,
  type RateField,
  type RateTemplateDocument,
  rateFields,
} from '../configuration/rate-template-model.ts';

/** Places of the columns of each field, from 0; more than one for a prefix in parts. */
export type FieldColumns = ReadonlyMap<RateField, readonly number[]>;

export interface ColumnProblem {
  readonly field: RateField;
  readonly value: string;
  readonly expected: string;
}

/** A file whose columns are named as the fields are: what `tandem rates export` writes. */
export const ownTemplate: Omit<RateTemplateDocument, 'columns'> = {
  name: '',
  decimalSeparator: '.',
  headerLine: 1,
  defaults: {},
};

const listedMax = 12;

/** `header`: cells of the header line; undefined where there is none. `template`: undefined for our own form. */
export function findColumns(
  template: RateTemplateDocument | undefined,
  header: readonly string[] | undefined,
  problems: ColumnProblem[],
): FieldColumns {
  const names = (header ?? []).map(columnKey);
  if (template === undefined) return ownColumns(header ?? [], names, problems);
  const columns = new Map<RateField, readonly number[]>();
  for (const field of rateFields) {
    const wanted = template.columns[field];
    if (wanted === undefined) continue;
    const places = (Array.isArray(wanted) ? wanted : [wanted]).map((column) =>
      placeOf(column, names),
    );
    const missing = places.indexOf(-1);
    if (missing >= 0) {
      const value = String(Array.isArray(wanted) ? wanted[missing] : wanted);
      const expected = `a column of that name in line ${template.headerLine}, which has ${listed(header ?? [])}`;
      problems.push({ field, value, expected });
    }
    columns.set(field, places);
  }
  return columns;
}

function ownColumns(
  header: readonly string[],
  names: readonly string[],
  problems: ColumnProblem[],
): FieldColumns {
  const columns = new Map<RateField, readonly number[]>();
  for (const field of rateFields) {
    const place = names.indexOf(field.toLowerCase());
    if (place >= 0) columns.set(field, [place]);
  }
  for (const [place, name] of names.entries()) {
    const field = rateFields.find((each) => each.toLowerCase() === name);
    if (name !== '' && (field === undefined || names.indexOf(name) !== place)) {
      const expected = `the name of a field, once (${rateFields.join(', ')}); or give a template`;
      problems.push({ field: field ?? 'prefix', value: header[place]!, expected });
    }
  }
  if (!columns.has('prefix')) {
    problems.push({
      field: 'prefix',
      value: '',
      expected: `a column "prefix" in line 1, which has ${listed(header)}; or give a template`,
    });
  }
  return columns;
}

function placeOf(column: RateColumn, names: readonly string[]): number {
  return typeof column === 'number' ? column - 1 : names.indexOf(columnKey(column));
}

/** People see no difference in case and spaces. */
function columnKey(name: string): string {
  return name.trim().replace(/\s+/g, ' ').toLowerCase();
}

function listed(header: readonly string[]): string {
  const shown = header.slice(0, listedMax).map((name) => JSON.stringify(name.slice(0, 40)));
  const more = header.length > listedMax ? ` and ${header.length - listedMax} more` : '';
  return shown.length === 0 ? 'none' : shown.join(', ') + more;
}
