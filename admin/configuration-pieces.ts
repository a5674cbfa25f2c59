// A configuration document as text in pieces: a million rates are no one string, and no one turn of the event
// loop. JSON has each rate on a line of its own; YAML is made in one piece and has a limit.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type PackedRates, rateAt } from '../workers/configuration/packed-rates.ts';
import {
  fullForm,
  type RatesOf,
  type StoredDocument,
} from '../workers/configuration/stored-document.ts';
import { type DocumentFormat, documentText } from './configuration-text.ts';
import { RequestRefused } from './problem.ts';

/** More would be gigabytes while they are turned into YAML. */
export const yamlRatesMax = 50_000;
const pieceRates = 1_000;
/** At the top of a document, where it comes once: a line end within a text is written as \n. */
const noTables = '\n  "rateTables": []';

/** @throws RequestRefused where there are too many rates for YAML */
export function documentPieces(
  stored: StoredDocument,
  ratesOf: RatesOf,
  format: DocumentFormat,
): AsyncIterable<string> {
  const rates = stored.rateTables.reduce((sum, table) => sum + table.count, 0);
  if (format === 'json') return jsonPieces(stored, ratesOf);
  if (rates > yamlRatesMax) {
    throw new RequestRefused(
      'bad-request',
      `format: yaml: the document has ${rates} rates; expected at most ${yamlRatesMax}, or json`,
      [{ path: 'format', value: format, expected: 'json', message: 'too many rates for YAML' }],
    );
  }
  return onePiece(documentText(fullForm(stored, ratesOf), format));
}

async function* onePiece(text: string): AsyncGenerator<string, void, void> {
  yield text;
}

async function* jsonPieces(
  stored: StoredDocument,
  ratesOf: RatesOf,
): AsyncGenerator<string, void, void> {
  const text = `${JSON.stringify({ ...stored, rateTables: [] }, null, 2)}\n`;
  const at = text.indexOf(noTables);
  if (at < 0) throw new Error('the document has no place for rate tables');
  const [before, behind] = [text.slice(0, at), text.slice(at + noTables.length)];
  yield `${before}\n  "rateTables": [`;
  for (const [index, table] of stored.rateTables.entries()) {
    const name = JSON.stringify(table.name);
    yield `${index === 0 ? '' : ','}\n    {\n      "name": ${name},\n      "rates": [`;
    yield* ratePieces(ratesOf(table));
    yield ']\n    }';
  }
  yield `${stored.rateTables.length === 0 ? '' : '\n  '}]${behind}`;
}

async function* ratePieces(rates: PackedRates): AsyncGenerator<string, void, void> {
  for (let start = 0; start < rates.count; start += pieceRates) {
    const lines: string[] = [];
    const end = Math.min(start + pieceRates, rates.count);
    for (let row = start; row < end; row++) lines.push(JSON.stringify(rateAt(rates, row)));
    const comma = start === 0 ? '' : ',';
    yield `${comma}\n        ${lines.join(',\n        ')}${end === rates.count ? '\n      ' : ''}`;
    await nextTurn();
  }
}
