// Comma-separated values (RFC 4180) as they come, in pieces: rows of cells, each with the number of the line
// that it begins on. Beyond the RFC: any delimiter, lines that end with CR, LF or both, a quote inside of a
// cell that does not begin with one.

export interface CsvRows {
  write(text: string): void;
  end(): void;
}

export interface CsvSink {
  /** `cells` is the reader's own and filled anew for the next row. */
  row(line: number, cells: readonly string[]): void;
  /** The row cannot be told apart into cells; reading goes on behind it where that is possible. */
  fault(line: number, value: string, expected: string): void;
}

/** A longer row is a quote without its end, not a rate. */
const rowCharsMax = 1 << 20;
const cellsMax = 16_384;
const quote = 0x22;
const cr = 0x0d;
const lf = 0x0a;

export function readCsv(delimiter: string, sink: CsvSink): CsvRows {
  const reader = new CsvReader(delimiter, sink);
  return { write: (text) => reader.write(text), end: () => reader.end() };
}

/** The one of the usual delimiters that a first line has most of, outside of quotes. */
export function guessDelimiter(firstLine: string): string {
  const plain = firstLine.replace(/"[^"]*"/g, '');
  let best = ',';
  let most = 0;
  for (const each of [',', ';', '\t', '|']) {
    const count = plain.split(each).length - 1;
    if (count > most) [best, most] = [each, count];
  }
  return best;
}

export function csvCell(text: string): string {
  return /[",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

class CsvReader {
  readonly #delimiter: number;
  readonly #sink: CsvSink;
  readonly #cells: string[] = [];
  #text = '';
  #line = 1;
  /** Line ends inside of quotes in the row that is being read. */
  #innerLines = 0;
  #badQuote = '';
  #skipping = false;

  constructor(delimiter: string, sink: CsvSink) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#sink = sink;
  }

  write(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
    this.#readRows(false);
    if (this.#text.length <= rowCharsMax) return;
    if (!this.#skipping) {
      this.#sink.fault(
        this.#line,
        this.#text.slice(0, 60),
        `a row of at most ${rowCharsMax} characters, with an end to every quote`,
      );
    }
    // What follows cannot be told from the inside of a quote: nothing more is read.
    this.#skipping = true;
    this.#text = '';
  }

  end(): void {
    this.#readRows(true);
  }

  #readRows(last: boolean): void {
    const text = this.#text;
    if (this.#skipping) {
      this.#text = '';
      return;
    }
    let at = 0;
    while (at < text.length) {
      const next = this.#readRow(text, at, last);
      if (next < 0) break;
      at = next;
    }
    this.#text = at === 0 ? text : text.slice(at);
  }

  /** Where the next row begins; -1: the row has no end yet. */
  #readRow(text: string, start: number, last: boolean): number {
    const cells = this.#cells;
    cells.length = 0;
    this.#innerLines = 0;
    this.#badQuote = '';
    let at = start;
    for (;;) {
      at = text.charCodeAt(at) === quote ? this.#quoted(text, at, last) : this.#plain(text, at);
      if (at < 0) return -1;
      if (at >= text.length) {
        if (!last) return -1;
        break;
      }
      if (text.charCodeAt(at) !== this.#delimiter) break;
      at++;
    }
    let next = at;
    if (text.charCodeAt(next) === cr) {
      if (next + 1 >= text.length && !last) return -1;
      next++;
    }
    if (text.charCodeAt(next) === lf) next++;
    this.#tell();
    return Math.max(next, start + 1);
  }

  #tell(): void {
    const line = this.#line;
    this.#line += 1 + this.#innerLines;
    if (this.#badQuote !== '') {
      this.#sink.fault(line, this.#badQuote, 'a delimiter after the closing quote of a cell');
    } else if (this.#cells.length > cellsMax) {
      this.#sink.fault(line, String(this.#cells.length), `at most ${cellsMax} cells`);
    } else {
      this.#sink.row(line, this.#cells);
    }
  }

  #plain(text: string, start: number): number {
    const delimiter = this.#delimiter;
    let at = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === delimiter || code === lf || code === cr) break;
    }
    this.#cells.push(text.slice(start, at));
    return at;
  }

  /** RFC 4180 2.7: two quotes inside of a quoted cell are one. */
  #quoted(text: string, start: number, last: boolean): number {
    let close = text.indexOf('"', start + 1);
    while (close >= 0 && text.charCodeAt(close + 1) === quote) close = text.indexOf('"', close + 2);
    if (close < 0 || (close + 1 >= text.length && !last)) {
      if (!last || close >= 0) return -1;
      this.#badQuote = text.slice(start, start + 60);
      return text.length;
    }
    const inner = text.slice(start + 1, close);
    this.#cells.push(inner.includes('""') ? inner.replaceAll('""', '"') : inner);
    this.#innerLines += lineEnds(inner);
    const at = close + 1;
    if (at >= text.length) return at;
    const code = text.charCodeAt(at);
    if (code === this.#delimiter || code === cr || code === lf) return at;
    this.#badQuote = text.slice(start, start + 60);
    return this.#plain(text, at);
  }
}

function lineEnds(text: string): number {
  if (!text.includes('\n') && !text.includes('\r')) return 0;
  return text.split(/\r\n|\r|\n/).length - 1;
}
