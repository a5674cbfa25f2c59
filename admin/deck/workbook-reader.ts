// The rows of a sheet of an XLSX workbook (ECMA-376 part 1, 18.2 to 18.4): values only, no formulas, no styles.
// Read from the archive in pieces; only the texts that cells share are held whole, up to a limit.
import type { DeckRow } from '../../core/deck/deck-reader.ts';
import { DeckUnreadable } from './deck-unreadable.ts';
import { attributeOf, unescapeXml, XmlScanner } from './xml-scanner.ts';
import { inflateEntry, type ZipEntries, zipEntries } from './zip-reader.ts';

export interface Workbook {
  readonly entries: ZipEntries;
  readonly sheets: readonly Sheet[];
  /** Days are counted from 1904 (18.2.28). */
  readonly is1904: boolean;
}

interface Sheet {
  readonly name: string;
  readonly path: string;
}

/** Texts that cells share, in characters; beyond it the file is to be saved as CSV. */
const sharedCharsMax = 256 << 20;
const partBytesMax = 64 << 20;
const columnsMax = 16_384;

/** @throws DeckUnreadable */
export async function openWorkbook(file: Buffer): Promise<Workbook> {
  const entries = zipEntries(file);
  const targets = new Map<string, string>();
  await scan(entries, 'xl/_rels/workbook.xml.rels', {
    open: (name, attributes) => {
      if (name !== 'Relationship') return;
      targets.set(attributeOf(attributes, 'Id') ?? '', attributeOf(attributes, 'Target') ?? '');
    },
  });
  const sheets: Sheet[] = [];
  let is1904 = false;
  await scan(entries, 'xl/workbook.xml', {
    open: (name, attributes) => {
      if (name === 'workbookPr') {
        is1904 = ['1', 'true'].includes(attributeOf(attributes, 'date1904') ?? '');
      }
      if (name !== 'sheet') return;
      const target = targets.get(attributeOf(attributes, 'id') ?? '') ?? '';
      const path = target.startsWith('/') ? target.slice(1) : `xl/${target}`;
      sheets.push({ name: attributeOf(attributes, 'name') ?? '', path });
    },
  });
  return { entries, sheets, is1904 };
}

/** `sheetName` undefined: the first. @throws DeckUnreadable */
export async function readSheet(
  workbook: Workbook,
  sheetName: string | undefined,
  row: (row: DeckRow) => void,
): Promise<void> {
  const { entries, sheets } = workbook;
  const sheet = sheetName === undefined ? sheets[0] : sheets.find(({ name }) => name === sheetName);
  if (sheet === undefined) {
    const names = sheets.map(({ name }) => JSON.stringify(name)).join(', ');
    throw new DeckUnreadable(
      `sheet: ${JSON.stringify(sheetName)}: expected one of ${names || 'none'}`,
    );
  }
  const shared = await sharedStrings(entries);
  const reader = new SheetReader(shared, row);
  await scan(entries, sheet.path, reader);
}

async function sharedStrings(entries: ZipEntries): Promise<string[]> {
  const strings: string[] = [];
  if (!entries.has('xl/sharedStrings.xml')) return strings;
  let text = '';
  let chars = 0;
  let inText = false;
  let phonetic = 0;
  await scan(entries, 'xl/sharedStrings.xml', {
    open: (name) => {
      if (name === 'si') text = '';
      else if (name === 'rPh') phonetic++;
      else if (name === 't') inText = phonetic === 0;
    },
    text: (piece) => {
      if (inText) text += unescapeXml(piece);
    },
    close: (name) => {
      if (name === 't') inText = false;
      else if (name === 'rPh') phonetic--;
      else if (name === 'si') {
        chars += text.length;
        if (chars > sharedCharsMax) {
          throw new DeckUnreadable(
            `the workbook shares more than ${sharedCharsMax} characters of text; save it as CSV`,
          );
        }
        strings.push(unescapeText(text));
      }
    },
  });
  return strings;
}

class SheetReader {
  readonly #shared: readonly string[];
  readonly #row: (row: DeckRow) => void;
  #line = 0;
  #cells: string[] = [];
  #numeric: boolean[] = [];
  #column = -1;
  #type = '';
  #value = '';
  #inValue = false;
  #phonetic = 0;
  #inData = false;

  constructor(shared: readonly string[], row: (row: DeckRow) => void) {
    this.#shared = shared;
    this.#row = row;
  }

  open(name: string, attributes: string): void {
    switch (name) {
      case 'sheetData':
        this.#inData = true;
        break;
      case 'row':
        this.#line = Number(attributeOf(attributes, 'r') ?? this.#line + 1);
        this.#cells = [];
        this.#numeric = [];
        this.#column = -1;
        break;
      case 'c':
        this.#column = columnOf(attributes, this.#column + 1);
        this.#type = attributeOf(attributes, 't') ?? 'n';
        this.#value = '';
        break;
      case 'rPh':
        this.#phonetic++;
        break;
      case 'v':
      case 't':
        this.#inValue = this.#phonetic === 0;
        break;
      default:
    }
  }

  text(text: string): void {
    if (this.#inValue) this.#value += text;
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.#inValue = false;
    else if (name === 'rPh') this.#phonetic--;
    else if (name === 'c') this.#endCell();
    else if (name === 'sheetData') this.#inData = false;
    else if (name === 'row' && this.#inData) {
      this.#row({ line: this.#line, cells: this.#cells, numeric: this.#numeric });
    }
  }

  #endCell(): void {
    const column = this.#column;
    if (column >= columnsMax) throw new DeckUnreadable(`line ${this.#line}: a column beyond XFD`);
    while (this.#cells.length <= column) this.#cells.push('');
    const isNumber = this.#type === 'n' && this.#value !== '';
    this.#cells[column] = this.#cellText();
    if (isNumber) this.#numeric[column] = true;
  }

  #cellText(): string {
    const value = unescapeXml(this.#value);
    if (this.#type === 's') return this.#shared[Number(value)] ?? '';
    return this.#type === 'inlineStr' || this.#type === 'str' ? unescapeText(value) : value;
  }
}

/** "AB12" is column 27, from 0. */
function columnOf(attributes: string, next: number): number {
  const reference = attributeOf(attributes, 'r');
  if (reference === undefined) return next;
  let column = 0;
  for (let at = 0; at < reference.length; at++) {
    const letter = reference.charCodeAt(at) - 0x40;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  return column - 1;
}

/** Characters that XML cannot hold are written as _x000D_ (22.9.2.19). */
function unescapeText(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

async function scan(
  entries: ZipEntries,
  path: string,
  sink: {
    open(name: string, attributes: string): void;
    close?(name: string): void;
    text?(text: string): void;
  },
): Promise<void> {
  const entry = entries.get(path);
  if (entry === undefined) {
    throw new DeckUnreadable(`the workbook has no ${path}; expected an XLSX file`);
  }
  const scanner = new XmlScanner({
    open: (name, attributes) => sink.open(name, attributes),
    close: (name) => sink.close?.(name),
    text: (text) => sink.text?.(text),
  });
  const decoder = new TextDecoder('utf-8');
  const isSmall = path === 'xl/workbook.xml' || path.endsWith('.rels');
  for await (const piece of inflateEntry(entry, isSmall ? partBytesMax : undefined)) {
    scanner.write(decoder.decode(piece, { stream: true }));
  }
  scanner.write(decoder.decode());
  scanner.end();
}
