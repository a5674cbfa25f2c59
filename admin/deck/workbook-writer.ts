// A rate table as an XLSX workbook of one sheet (ECMA-376 part 1, 18.3), in pieces. Prefixes and texts are
// written as text, so that zeros in front stay and nothing is a formula; prices as numbers where 15 digits hold
// them, written with the decimals that they have.
import { crc32, deflateRawSync, constants as zlibConstants } from 'node:zlib';
import type { PackedRates } from '../../workers/configuration/packed-rates.ts';
import { type ExportField, exportRow, numberFields } from './write-deck.ts';

/** Rows of a sheet, the header among them. */
export const sheetRowsMax = 1_048_576;

const sheetPath = 'xl/worksheets/sheet1.xml';
const parts: readonly (readonly [string, string])[] = [
  [
    '[Content_Types].xml',
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
  ],
  [
    '_rels/.rels',
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
  ],
  [
    'xl/workbook.xml',
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="rates" sheetId="1" r:id="rId1"/></sheets></workbook>',
  ],
  [
    'xl/_rels/workbook.xml.rels',
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
  ],
];
const sheetStart =
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>';
const sheetEnd = '</sheetData></worksheet>';

/** One piece of the sheet, deflated by itself: pieces put one behind the other are one deflate stream. */
export interface SheetPiece {
  readonly deflated: Uint8Array;
  readonly bytes: number;
  readonly crc: number;
}

/** Rows from `start` to before `end`; the first piece has the header, the last one ends the sheet. */
export function sheetPiece(
  rates: PackedRates,
  fields: readonly ExportField[],
  { start, end, crc }: { readonly start: number; readonly end: number; readonly crc: number },
): SheetPiece {
  const rows: string[] = start === 0 ? [sheetStart, rowXml(fields, fields.map(textCell))] : [];
  const cells: string[] = [];
  for (let row = start; row < end; row++) {
    exportRow(rates, row, fields, cells);
    rows.push(
      rowXml(
        fields,
        cells.map((text, at) => cellXml(fields[at]!, text)),
      ),
    );
  }
  const isLast = end >= rates.count;
  if (isLast) rows.push(sheetEnd);
  const text = Buffer.from(rows.join(''));
  const finishFlush = isLast ? zlibConstants.Z_FINISH : zlibConstants.Z_SYNC_FLUSH;
  const deflated = deflateRawSync(text, { level: 1, finishFlush });
  return { deflated, bytes: text.length, crc: crc32(text, crc) };
}

/** The archive around the pieces of the sheet (APPNOTE 4.3): sizes follow the data, as they come to be known. */
export async function* workbookBytes(
  pieces: AsyncIterable<SheetPiece>,
): AsyncGenerator<Uint8Array, void, void> {
  const entries: ArchiveEntry[] = [];
  let at = 0;
  for (const [name, text] of parts) {
    const content = Buffer.from(text);
    const entry = {
      name,
      at,
      method: 0,
      crc: crc32(content),
      packed: content.length,
      bytes: content.length,
    };
    const bytes = Buffer.concat([localHeader(entry, 0), content]);
    entries.push(entry);
    at += bytes.length;
    yield bytes;
  }
  const sheet = { name: sheetPath, at, method: 8, crc: 0, packed: 0, bytes: 0 };
  entries.push(sheet);
  const head = localHeader(sheet, descriptorFlag);
  yield head;
  for await (const piece of pieces) {
    sheet.crc = piece.crc;
    sheet.packed += piece.deflated.length;
    sheet.bytes += piece.bytes;
    yield piece.deflated;
  }
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(sheet.crc, 4);
  descriptor.writeUInt32LE(sheet.packed, 8);
  descriptor.writeUInt32LE(sheet.bytes, 12);
  yield descriptor;
  yield centralDirectory(entries, at + head.length + sheet.packed + descriptor.length);
}

interface ArchiveEntry {
  readonly name: string;
  readonly at: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly bytes: number;
}

const descriptorFlag = 8;
const versionNeeded = 20;
/** 1980-01-01: files of the same rates are the same bytes. */
const dosDate = 33;

function localHeader(entry: ArchiveEntry, flags: number): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(versionNeeded, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(entry.method, 8);
  header.writeUInt16LE(dosDate, 12);
  header.writeUInt32LE(entry.crc, 14);
  header.writeUInt32LE(entry.packed, 18);
  header.writeUInt32LE(entry.bytes, 22);
  header.writeUInt16LE(entry.name.length, 26);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}

function centralDirectory(entries: readonly ArchiveEntry[], at: number): Buffer {
  const records = entries.map((entry) => {
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(versionNeeded, 4);
    record.writeUInt16LE(versionNeeded, 6);
    record.writeUInt16LE(entry.name === sheetPath ? descriptorFlag : 0, 8);
    record.writeUInt16LE(entry.method, 10);
    record.writeUInt16LE(dosDate, 14);
    record.writeUInt32LE(entry.crc, 16);
    record.writeUInt32LE(entry.packed, 20);
    record.writeUInt32LE(entry.bytes, 24);
    record.writeUInt16LE(entry.name.length, 28);
    record.writeUInt32LE(entry.at, 42);
    return Buffer.concat([record, Buffer.from(entry.name)]);
  });
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([directory, end]);
}

function rowXml(fields: readonly ExportField[], cells: readonly string[]): string {
  return `<row>${cells.slice(0, fields.length).join('')}</row>`;
}

/** Cells have no references: the next one is in the next column, an empty one too. */
function cellXml(field: ExportField, text: string): string {
  if (text === '') return '<c/>';
  const isNumber = numberFields.has(field) && text.replace(/[^0-9]/g, '').length <= 15;
  return isNumber ? `<c><v>${text}</v></c>` : textCell(text);
}

function textCell(text: string): string {
  return `<c t="inlineStr"><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

function escapeXml(text: string): string {
  if (!/[&<>]|_x|[^ -~]/.test(text)) return text;
  return text
    .replace(/_x([0-9A-Fa-f]{4}_)/g, '_x005F_x$1')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (char) => {
      if (char === '\t' || char === '\n') return char;
      return `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
    });
}
