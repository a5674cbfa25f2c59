// A document as text in pieces: the same document, however many rates it has.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { documentPieces, yamlRatesMax } from '../../admin/configuration-pieces.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import {
  fullForm,
  type NewTables,
  type StoredDocument,
  storedForm,
} from '../../workers/configuration/stored-document.ts';

interface Made {
  readonly stored: StoredDocument;
  readonly tables: NewTables;
}

function made(...tables: number[]): Made {
  const rateTables = tables.map((count, at) => ({
    name: `t${at} "\n  \\"rateTables\\": []`.replace('\n', ''),
    rates: Array.from({ length: count }, (_, rate) => ({
      prefix: String(rate),
      ratePerMinute: '1',
    })),
  }));
  const parsed = parseDocument({ rateTables, parameters: { SS_MAXCPS: 7 } });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const kept: NewTables = new Map();
  return { stored: storedForm(parsed.document, kept), tables: kept };
}

async function textOf({ stored, tables }: Made, format: 'json' | 'yaml'): Promise<string> {
  let text = '';
  for await (const piece of documentPieces(stored, ({ id }) => tables.get(id)!.rates, format)) {
    text += piece;
  }
  return text;
}

describe('a document in pieces', () => {
  for (const counts of [[], [0], [1, 0, 999], [1000], [2001, 3]]) {
    it(`is the document, with tables of ${counts.join(', ') || 'no'} rates`, async () => {
      const document = made(...counts);
      const whole = JSON.parse(
        JSON.stringify(fullForm(document.stored, ({ id }) => document.tables.get(id)!.rates)),
      ) as unknown;
      assert.deepEqual(JSON.parse(await textOf(document, 'json')), whole);
      assert.deepEqual(parse(await textOf(document, 'yaml')), whole);
    });
  }

  it('is refused as YAML where it has too many rates', async () => {
    const { stored, tables } = made(1);
    const large = {
      ...stored,
      rateTables: [{ ...stored.rateTables[0]!, count: yamlRatesMax + 1 }],
    };
    await assert.rejects(
      textOf({ stored: large, tables }, 'yaml'),
      /expected at most 50000, or json/,
    );
  });
});
