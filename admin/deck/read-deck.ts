// A rate deck from the bytes of a file: a workbook where it is one, else text in rows. Rows go to the reader
// of core/deck one by one; nothing of the file but its bytes is held.
import type {
  RateTemplateDocument,
  TextEncodingName,
} from '../../core/configuration/rate-template-model.ts';
import { guessDelimiter, readCsv } from '../../core/deck/csv-rows.ts';
import { DeckReader, type DeckSink, type NumericPrefixes } from '../../core/deck/deck-reader.ts';
import type { OffsetTable } from '../../core/time/local-time.ts';
import { DeckUnreadable } from './deck-unreadable.ts';
import { openWorkbook, readSheet } from './workbook-reader.ts';

export interface ReadSettings {
  readonly template: RateTemplateDocument | undefined;
  readonly zone: OffsetTable;
  /** '': none. */
  readonly effectiveAt: string;
}

export interface DeckRead {
  /** A header line was found. */
  readonly hasHeader: boolean;
  readonly numericPrefixes: NumericPrefixes;
}

const decodeBytes = 1 << 20;
/** How much of a file is looked at for its delimiter. */
const headBytes = 1 << 16;
const workbookMagic = Buffer.from('PK\u0003\u0004');
/** Of the format before XLSX, and of workbooks with a password. */
const compoundMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** @throws DeckUnreadable */
export async function readDeck(
  file: Buffer,
  settings: ReadSettings,
  sink: DeckSink,
): Promise<DeckRead> {
  if (file.subarray(0, compoundMagic.length).equals(compoundMagic)) {
    throw new DeckUnreadable('an XLS file, or one with a password; expected XLSX or CSV');
  }
  const isWorkbook = file.subarray(0, workbookMagic.length).equals(workbookMagic);
  const reader = isWorkbook
    ? await readWorkbook(file, settings, sink)
    : readText(file, settings, sink);
  return { hasHeader: reader.hasHeader, numericPrefixes: reader.numericPrefixes };
}

async function readWorkbook(
  file: Buffer,
  settings: ReadSettings,
  sink: DeckSink,
): Promise<DeckReader> {
  const workbook = await openWorkbook(file);
  const reader = new DeckReader({ ...settings, is1904: workbook.is1904 }, sink);
  await readSheet(workbook, settings.template?.sheet, (row) => reader.row(row));
  return reader;
}

function readText(file: Buffer, settings: ReadSettings, sink: DeckSink): DeckReader {
  const reader = new DeckReader({ ...settings, is1904: false }, sink);
  const { template } = settings;
  const encoding = template?.encoding ?? encodingOf(file);
  const head = decoderOf(encoding).decode(file.subarray(0, headBytes));
  const headerLine = head.split(/\r\n|\r|\n/, template?.headerLine || 1).at(-1)!;
  const delimiter = template?.delimiter ?? guessDelimiter(headerLine);
  const rows = readCsv(delimiter, {
    row: (line, cells) => reader.row({ line, cells }),
    fault: (line, value, expected) => sink.problem({ line, field: 'prefix', value, expected }),
  });
  const decoder = decoderOf(encoding);
  for (let at = 0; at < file.length; at += decodeBytes) {
    rows.write(decoder.decode(file.subarray(at, at + decodeBytes), { stream: true }));
  }
  rows.write(decoder.decode());
  rows.end();
  return reader;
}

/** By the byte order mark; without one UTF-16 shows by its zeros, and the rest is UTF-8. */
function encodingOf(file: Buffer): TextEncodingName {
  if (file[0] === 0xff && file[1] === 0xfe) return 'utf-16le';
  if (file[0] === 0xfe && file[1] === 0xff) return 'utf-16be';
  if (file.length >= 2 && file[1] === 0 && file[0] !== 0) return 'utf-16le';
  return file.length >= 2 && file[0] === 0 && file[1] !== 0 ? 'utf-16be' : 'utf-8';
}

/** Takes a byte order mark off; what is no text becomes U+FFFD, which the reader refuses line by line. */
function decoderOf(encoding: TextEncodingName): TextDecoder {
  return new TextDecoder(encoding);
}
