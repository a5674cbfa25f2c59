// How rate decks of a supplier are read (admin/deck): the part of the configuration document.

/** How the files of one supplier are read: which column holds what, and how it is written. */
export interface RateTemplateDocument {
  name: string;
  /** Name of the sheet of a workbook; absent: the first. */
  sheet?: string | undefined;
  /** Absent: by the byte order mark, else UTF-8. */
  encoding?: TextEncodingName | undefined;
  /** Absent: the one of comma, semicolon, tab and bar that the first line has most of. */
  delimiter?: ',' | ';' | '\t' | '|' | undefined;
  decimalSeparator: '.' | ',';
  /** Line of the column names; 0: there are none. */
  headerLine: number;
  /** First line of rates; absent: the one after the header. */
  beginLine?: number | undefined;
  /** "DD.MM.YYYY HH:mm"; absent: ISO 8601. */
  dateFormat?: string | undefined;
  /** IANA name, for times without a zone; absent: the node's own. */
  timeZone?: string | undefined;
  /** Between several prefixes of one cell. */
  prefixSeparator?: string | undefined;
  columns: RateColumns;
  defaults: RateDefaults;
}

export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

export const rateFields = [
  'prefix',
  'area',
  'callType',
  'ratePerMinute',
  'ratePerCycle',
  'cycleSeconds',
  'connectionFee',
  'firstIncrementSeconds',
  'nextIncrementSeconds',
  'increments',
  'sections',
  'taxPercent',
  'locked',
  'effectiveAt',
  'expiresAt',
] as const;
export type RateField = (typeof rateFields)[number];

/** A column by its name in the header line, or by its number from 1. */
export type RateColumn = string | number;

/** Columns of a prefix are put together, as country code and area code are. */
export type RateColumns = { [Field in Exclude<RateField, 'prefix'>]?: RateColumn | undefined } & {
  prefix: RateColumn | RateColumn[];
};

/** Where the file has no column, or an empty cell. */
export type RateDefaults = { [Field in Exclude<RateField, 'prefix'>]?: string | undefined };
