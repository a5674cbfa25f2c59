// Reads the rows of a rate deck by a template: every row becomes rates, or problems that name line, field,
// value and expectation. Nothing is skipped in silence but empty rows.
import type { RateField, RateTemplateDocument } from '../configuration/rate-template-model.ts';
import type { OffsetTable } from '../time/local-time.ts';
import {
  decimalCell,
  isPrefixText,
  isScientific,
  numericPrefix,
  spreadsheetNumber,
  unguardFormula,
} from './deck-cell.ts';
import { type FieldColumns, findColumns, ownTemplate } from './deck-columns.ts';
import {
  areaExpected,
  checkTerms,
  type DeckTerms,
  type FieldProblem,
  isArea,
  moneyExpected,
  readTerms,
  type TermField,
  termFields,
} from './deck-fields.ts';
import { datePattern, isoInstant, patternInstant, serialInstant } from './deck-time.ts';

export interface DeckProblem extends FieldProblem {
  readonly line: number;
}

export interface DeckRate {
  readonly line: number;
  readonly prefix: string;
  /** Units of 10^-8 per minute, or per cycle where `terms` has one. */
  readonly price: bigint;
  /** Of the price as written. */
  readonly decimals: number;
  /** The same object for rates with the same terms, as long as they come close to each other. */
  readonly terms: DeckTerms;
  readonly area: string;
  /** '': none. */
  readonly effectiveAt: string;
  readonly expiresAt: string;
}

export interface DeckSink {
  rate(rate: DeckRate): void;
  problem(problem: DeckProblem): void;
}

/** A row of a file; `numeric[n]` where a workbook has cell n as a number. */
export interface DeckRow {
  readonly line: number;
  readonly cells: readonly string[];
  readonly numeric?: readonly boolean[] | undefined;
}

export interface DeckSettings {
  /** Undefined: columns are named as the fields are. */
  readonly template: RateTemplateDocument | undefined;
  /** Of times without one. */
  readonly zone: OffsetTable;
  /** For rows without a time of their own. */
  readonly effectiveAt: string;
  /** Days are counted from 1904. */
  readonly is1904: boolean;
}

/** Prefixes that a workbook has as numbers, which keep no leading zeros. */
export interface NumericPrefixes {
  readonly count: number;
  readonly firstLine: number;
}

const keptMax = 10_000;
const valueCharsMax = 60;
/** What a decoder puts where bytes are no text. */
const replacement = '\ufffd';

export class DeckReader {
  readonly #settings: DeckSettings;
  readonly #template: Omit<RateTemplateDocument, 'columns'>;
  readonly #sink: DeckSink;
  readonly #beginLine: number;
  readonly #pattern: ReturnType<typeof datePattern>;
  readonly #terms = new Map<string, DeckTerms>();
  readonly #times = new Map<string, string>();
  #columns: FieldColumns | undefined;
  /** Columns of the fields that make up the terms. */
  #termPlaces: readonly number[] = [];
  #isStopped = false;
  #problems: FieldProblem[] = [];
  #row: DeckRow = { line: 0, cells: [] };
  #numericCount = 0;
  #numericFirst = 0;

  constructor(settings: DeckSettings, sink: DeckSink) {
    this.#settings = settings;
    this.#template = settings.template ?? ownTemplate;
    this.#sink = sink;
    const { headerLine, beginLine, dateFormat } = this.#template;
    this.#beginLine = beginLine ?? headerLine + 1;
    this.#pattern = dateFormat === undefined ? undefined : datePattern(dateFormat);
    if (headerLine === 0) this.#takeHeader(0, undefined);
  }

  get numericPrefixes(): NumericPrefixes {
    return { count: this.#numericCount, firstLine: this.#numericFirst };
  }

  /** Undefined where the header line did not come. */
  get hasHeader(): boolean {
    return this.#columns !== undefined || this.#isStopped;
  }

  row(row: DeckRow): void {
    if (this.#isStopped) return;
    const { headerLine } = this.#template;
    if (row.line === headerLine) this.#takeHeader(row.line, row.cells);
    if (row.line <= headerLine || row.line < this.#beginLine) return;
    if (this.#columns === undefined) {
      this.#takeHeader(headerLine, []);
      return;
    }
    if (row.cells.every((cell) => cell.trim() === '')) return;
    this.#row = row;
    this.#problems = [];
    this.#readRow();
    for (const problem of this.#problems) {
      const value = problem.value.slice(0, valueCharsMax);
      this.#sink.problem({ line: row.line, ...problem, value });
    }
  }

  #takeHeader(line: number, cells: readonly string[] | undefined): void {
    const problems: FieldProblem[] = [];
    this.#columns = findColumns(this.#settings.template, cells, problems);
    const columns = this.#columns;
    this.#termPlaces = termFields.flatMap((field) => columns.get(field) ?? []);
    for (const problem of problems) this.#sink.problem({ line, ...problem });
    this.#isStopped = problems.length > 0;
  }

  #readRow(): void {
    const { line } = this.#row;
    const perCycle = this.#text('ratePerCycle');
    const perMinute = this.#text('ratePerMinute');
    const terms = this.#readTerms(perMinute !== '', perCycle !== '');
    const price = this.#price(perCycle === '' ? 'ratePerMinute' : 'ratePerCycle');
    const area = unguardFormula(this.#raw('area'));
    if (!isArea(area)) this.#refuse('area', area, areaExpected);
    if (area.includes(replacement)) this.#refuse('area', area, 'text in the encoding of the file');
    const effectiveAt = this.#time('effectiveAt') || this.#settings.effectiveAt;
    const expiresAt = this.#time('expiresAt');
    const prefixes = this.#prefixes();
    if (
      effectiveAt !== '' &&
      expiresAt !== '' &&
      Date.parse(expiresAt) <= Date.parse(effectiveAt)
    ) {
      this.#refuse('expiresAt', expiresAt, `a time after ${effectiveAt}`);
    }
    if (this.#problems.length > 0 || terms === undefined || price === undefined) return;
    const { units, decimals } = price;
    for (const prefix of prefixes) {
      this.#sink.rate({
        line,
        prefix,
        price: units,
        decimals,
        terms,
        area,
        effectiveAt,
        expiresAt,
      });
    }
  }

  #readTerms(perMinute: boolean, perCycle: boolean): DeckTerms | undefined {
    let key = perMinute ? (perCycle ? 'both' : 'minute') : perCycle ? 'cycle' : 'none';
    // The cells as they are: what they mean does not change within a file.
    const { cells, numeric } = this.#row;
    for (const place of this.#termPlaces) {
      const cell = cells[place] ?? '';
      // With its length: what is in a cell cannot pass for the border of two.
      key += `${numeric?.[place] === true ? '#' : ' '}${cell.length} ${cell}`;
    }
    const known = this.#terms.get(key);
    if (known !== undefined) return known;
    const before = this.#problems.length;
    const texts = Object.fromEntries(termFields.map((field) => [field, this.#text(field)]));
    const { decimalSeparator } = this.#template;
    const terms = readTerms(texts as Record<TermField, string>, decimalSeparator, this.#problems);
    checkTerms(terms, { perMinute, perCycle }, this.#problems);
    if (this.#problems.length > before) return undefined;
    if (this.#terms.size >= keptMax) this.#terms.clear();
    this.#terms.set(key, terms);
    return terms;
  }

  #price(field: 'ratePerMinute' | 'ratePerCycle'): ReturnType<typeof decimalCell> {
    const text = this.#text(field);
    // That there is none is told with the terms.
    if (text === '') return undefined;
    const cell = decimalCell(text, this.#template.decimalSeparator);
    if (cell === undefined) this.#refuse(field, text, moneyExpected);
    return cell;
  }

  #prefixes(): readonly string[] {
    const places = this.#columns!.get('prefix')!;
    const { cells, numeric } = this.#row;
    let text = '';
    for (const place of places) {
      const cell = unguardFormula((cells[place] ?? '').trim());
      text += numeric?.[place] === true ? this.#numeric(cell) : cell;
    }
    const { prefixSeparator } = this.#template;
    const parts = prefixSeparator === undefined ? [text] : text.split(prefixSeparator);
    const prefixes = parts.map((part) => part.trim());
    for (const prefix of prefixes) this.#checkPrefix(prefix);
    return prefixes;
  }

  /** A zero in front is lost where a workbook has a number: counted, to be told. */
  #numeric(text: string): string {
    if (this.#numericCount++ === 0) this.#numericFirst = this.#row.line;
    const digits = numericPrefix(text);
    if (digits !== undefined) return digits;
    const expected = 'a whole number of at most 15 digits; longer prefixes as text';
    this.#refuse('prefix', text, expected);
    return '';
  }

  #checkPrefix(prefix: string): void {
    if (prefix === '' && this.#settings.template === undefined) return;
    if (prefix === '') {
      if (!this.#problems.some(({ field }) => field === 'prefix')) {
        this.#refuse('prefix', prefix, 'a prefix');
      }
    } else if (isScientific(prefix)) {
      const expected =
        'all its digits: a spreadsheet has written it as a number; make the column text';
      this.#refuse('prefix', prefix, expected);
    } else if (!isPrefixText(prefix) || prefix.includes(replacement)) {
      this.#refuse('prefix', prefix, 'at most 32 bytes without spaces or control characters');
    }
  }

  #time(field: 'effectiveAt' | 'expiresAt'): string {
    const isSerial = this.#isNumber(field);
    const text = isSerial ? this.#raw(field).trim() : this.#text(field);
    if (text === '') return '';
    const key = isSerial ? `#${text}` : text;
    const known = this.#times.get(key);
    if (known !== undefined) return known;
    const { zone, is1904 } = this.#settings;
    const instant = isSerial
      ? serialInstant(Number(text), is1904, zone)
      : this.#pattern === undefined
        ? isoInstant(text, zone)
        : patternInstant(this.#pattern, text, zone);
    if (instant === undefined) {
      const { dateFormat = '"2026-01-31T00:00:00Z" or "2026-01-31"' } = this.#template;
      this.#refuse(field, text, `a time like ${dateFormat}`);
      return '';
    }
    if (this.#times.size >= keptMax) this.#times.clear();
    this.#times.set(key, instant);
    return instant;
  }

  /** The cell of a field, or its default where it has none. */
  #text(field: Exclude<RateField, 'prefix'>): string {
    const cell = this.#raw(field).trim();
    if (cell === '') return this.#template.defaults[field] ?? '';
    if (!this.#isNumber(field)) return cell;
    // A number of a workbook is written with a dot, whatever its users write.
    return (spreadsheetNumber(cell) ?? cell).replace('.', this.#template.decimalSeparator);
  }

  #raw(field: RateField): string {
    const places = this.#columns!.get(field);
    return places === undefined ? '' : (this.#row.cells[places[0]!] ?? '');
  }

  #isNumber(field: RateField): boolean {
    const places = this.#columns!.get(field);
    const { numeric, cells } = this.#row;
    if (places === undefined || numeric === undefined) return false;
    return numeric[places[0]!] === true && (cells[places[0]!] ?? '') !== '';
  }

  #refuse(field: RateField, value: string, expected: string): void {
    this.#problems.push({ field, value, expected });
  }
}
