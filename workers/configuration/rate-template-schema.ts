// The schema of a rate template: how one supplier's files are read.
import { z } from 'zod';
import {
  type RateTemplateDocument,
  rateFields,
} from '../../core/configuration/rate-template-model.ts';
import { datePattern } from '../../core/deck/deck-time.ts';
import { integer, name } from './field-schemas.ts';
import { isTimeZone } from './time-zones.ts';

/** As a workbook has them at most. */
const columnsMax = 16_384;
const columnNameMax = 256;
const linesMax = 1_000;
const cellMax = 1_024;

const columnError = `the name of a column, or its number from 1 to ${columnsMax}`;
const column = z.union(
  [z.string().min(1).max(columnNameMax), z.number().int().min(1).max(columnsMax)],
  columnError,
);
const prefixColumns = z.union(
  [column, z.array(column).min(1).max(4)],
  `${columnError}; or a list of up to 4, whose cells are put together`,
);

/** The same words as in a cell; numbers and switches may be written as such. */
const cellError = `a text of at most ${cellMax} characters`;
const cell = z
  .union([z.string().max(cellMax), z.number().int(), z.boolean()], cellError)
  .transform(String);

const others = rateFields.filter((field) => field !== 'prefix');
type Other = Exclude<(typeof rateFields)[number], 'prefix'>;

function forEachField<Schema extends z.ZodType>(
  schema: Schema,
): { [Field in Other]: z.ZodOptional<Schema> } {
  return Object.fromEntries(others.map((field) => [field, schema.optional()])) as never;
}

const separatorError = 'one to three characters that are no letters, digits or spaces';
const zoneError = 'the name of a time zone like "Europe/London"';
const formatError = 'a pattern of YYYY, YY, MM, DD, HH, mm and ss like "DD.MM.YYYY HH:mm"';

export const rateTemplate: z.ZodType<RateTemplateDocument> = z
  .strictObject(
    {
      name,
      sheet: z.string('the name of a sheet').min(1).max(columnNameMax).optional(),
      encoding: z
        .enum(['utf-8', 'utf-16le', 'utf-16be', 'latin1'], 'utf-8, utf-16le, utf-16be or latin1')
        .optional(),
      delimiter: z.enum([',', ';', '\t', '|'], 'one of , ; | and the tab').optional(),
      decimalSeparator: z.enum(['.', ','], '"." or ","').default('.'),
      headerLine: integer(0, linesMax).default(1),
      beginLine: integer(1, linesMax).optional(),
      dateFormat: z
        .string(formatError)
        .refine((text) => datePattern(text) !== undefined, formatError)
        .optional(),
      timeZone: z.string(zoneError).refine(isTimeZone, zoneError).optional(),
      prefixSeparator: z
        .string(separatorError)
        .regex(/^[^\p{L}\p{N}\s]{1,3}$/u, separatorError)
        .optional(),
      columns: z.strictObject(
        { prefix: prefixColumns, ...forEachField(column) },
        { error: 'an object of columns by field' },
      ),
      defaults: z
        .strictObject(forEachField(cell), { error: 'an object of values by field' })
        .default({}),
    },
    { error: 'an object' },
  )
  .superRefine((template, context) => {
    const { headerLine, beginLine, columns, decimalSeparator, delimiter } = template;
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (beginLine !== undefined && beginLine <= headerLine) {
      refuse('beginLine', `a line after the header line ${headerLine}`);
    }
    const named = Object.values(columns).flat();
    if (headerLine === 0 && named.some((each) => typeof each === 'string')) {
      refuse('headerLine', 'the line of the column names, as columns are named');
    }
    if (decimalSeparator === ',' && delimiter === ',') {
      refuse('delimiter', 'another delimiter than the decimal separator');
    }
  });
