// Reading the rows of a rate deck by a template: what becomes a rate, and what every bad row is told.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RateTemplateDocument } from '../../core/configuration/rate-template-model.ts';
import { sectionsText } from '../../core/deck/deck-fields.ts';
import { type DeckProblem, type DeckRate, DeckReader } from '../../core/deck/deck-reader.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';

function templateOf(fields: object): RateTemplateDocument {
  const parsed = parseDocument({ rateTemplates: [{ name: 't', ...fields }] });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.document.rateTemplates[0]!;
}

interface Read {
  readonly rates: DeckRate[];
  readonly problems: string[];
  readonly reader: DeckReader;
}

function read(
  template: RateTemplateDocument | undefined,
  rows: readonly (readonly string[])[],
  { numeric, effectiveAt = '' }: { numeric?: boolean[]; effectiveAt?: string } = {},
): Read {
  const rates: DeckRate[] = [];
  const problems: string[] = [];
  const settings = { template, zone: zoneOffsets('UTC'), effectiveAt, is1904: false };
  const reader = new DeckReader(settings, {
    rate: (rate) => rates.push(rate),
    problem: ({ line, field, value, expected }: DeckProblem) =>
      problems.push(`${line} ${field} ${JSON.stringify(value)}: ${expected}`),
  });
  for (const [at, cells] of rows.entries()) {
    reader.row({ line: at + 1, cells, numeric: at === 0 ? undefined : numeric });
  }
  return { rates, problems, reader };
}

const supplier = {
  decimalSeparator: ',',
  headerLine: 2,
  beginLine: 4,
  dateFormat: 'DD.MM.YYYY',
  prefixSeparator: ';',
  columns: {
    prefix: ['Country Code', 'Area  code'],
    ratePerMinute: 'PRICE',
    increments: 4,
    effectiveAt: 'valid from',
    area: 'Destination',
  },
  defaults: { connectionFee: '0,01' },
};
const header = ['Country code', 'area code', 'Price', 'Steps', 'Valid from', 'Destination'];

describe('a deck with a template', () => {
  it('is read from its first line on, columns found by name or number', () => {
    const { rates, problems } = read(templateOf(supplier), [
      ['Supplier Ltd'],
      header,
      ['-----'],
      ['44', '20;7911', '0,0125', '60/6', '01.02.2026', 'UK; London'],
      ['', '', '', '', '', ''],
      ['1', '', '0,1', '1', '', ''],
    ]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rates.map(({ line, prefix, price, decimals, effectiveAt, area }) => [
        line,
        prefix,
        price,
        decimals,
        effectiveAt,
        area,
      ]),
      [
        [4, '4420', 1_250_000n, 4, '2026-02-01T00:00:00Z', 'UK; London'],
        [4, '7911', 1_250_000n, 4, '2026-02-01T00:00:00Z', 'UK; London'],
        [6, '1', 10_000_000n, 1, '', ''],
      ],
    );
    assert.equal(rates[0]!.terms.connectionFee, '0.01');
    assert.equal(rates[0]!.terms.firstIncrementSeconds, 60);
    assert.equal(rates[0]!.terms.nextIncrementSeconds, 6);
  });

  it('names every bad line with field, value and expectation', () => {
    const { rates, problems } = read(templateOf(supplier), [
      [],
      header,
      [],
      ['44', '', '0.0125', '60/6', '2026-02-01', ''],
      ['4 4', '', '1', '0/6', '', ''],
      ['', '', '-1', 'x', '', 'a'.repeat(129)],
      ['4,4E+11', '', '', '1', '', '\ufffd'],
    ]);
    assert.deepEqual(rates, []);
    assert.deepEqual(problems, [
      '4 ratePerMinute "0.0125": a decimal number from 0 to 90000000000 with at most 8 decimals',
      '4 effectiveAt "2026-02-01": a time like DD.MM.YYYY',
      '5 firstIncrementSeconds "0": whole seconds from 1 to 86400',
      '5 prefix "4 4": at most 32 bytes without spaces or control characters',
      '6 increments "x": first and next increment like "60/6"',
      '6 ratePerMinute "-1": a decimal number from 0 to 90000000000 with at most 8 decimals',
      `6 area "${'a'.repeat(60)}": a name of at most 128 bytes`,
      '6 prefix "": a prefix',
      '7 ratePerMinute "": a decimal number from 0 to 90000000000 with at most 8 decimals',
      '7 area "\ufffd": text in the encoding of the file',
      '7 prefix "4,4E+11": all its digits: a spreadsheet has written it as a number; make the column text',
    ]);
  });

  it('is refused as a whole where a column is not there', () => {
    const { problems } = read(templateOf(supplier), [[], ['Code', 'Price'], [], ['44', '1']]);
    assert.deepEqual(problems, [
      '2 prefix "Country Code": a column of that name in line 2, which has "Code", "Price"',
      '2 area "Destination": a column of that name in line 2, which has "Code", "Price"',
      '2 effectiveAt "valid from": a column of that name in line 2, which has "Code", "Price"',
    ]);
  });

  it('finds columns named as the properties of objects are', () => {
    const columns = { prefix: '__proto__', ratePerMinute: 'constructor', area: 'toString' };
    const rows = [
      ['__proto__', 'constructor', 'toString'],
      ['44', '1', '__proto__'],
    ];
    const { rates, problems } = read(templateOf({ columns }), rows);
    assert.deepEqual(problems, []);
    assert.deepEqual([rates[0]?.prefix, rates[0]?.area], ['44', '__proto__']);
    const lacking = read(templateOf({ columns }), [['code', 'price']]);
    assert.equal(lacking.problems.length, 3);
  });

  it('tells of prefixes that a workbook has as numbers, and takes its numbers as people see them', () => {
    const template = templateOf({
      decimalSeparator: ',',
      columns: { prefix: 1, ratePerMinute: 2, effectiveAt: 3 },
    });
    const rows = [
      ['a', 'b', 'c'],
      ['44', '1.2500000000000001E-2', '46054'],
      ['4.4E+1', '0.5', ''],
      ['44.5', '1', ''],
    ];
    const { rates, problems, reader } = read(template, rows, { numeric: [true, true, true] });
    assert.deepEqual(
      rates.map(({ prefix, price, effectiveAt }) => [prefix, price, effectiveAt]),
      [
        ['44', 1_250_000n, '2026-02-01T00:00:00Z'],
        ['44', 50_000_000n, ''],
      ],
    );
    assert.deepEqual(reader.numericPrefixes, { count: 3, firstLine: 2 });
    assert.match(problems[0] ?? '', /^4 prefix "44.5": a whole number of at most 15 digits/);
  });
});

describe('a deck in the form of an export', () => {
  it('has columns named as the fields are, and may have the empty prefix', () => {
    const { rates, problems } = read(
      undefined,
      [
        ['prefix', 'ratePerCycle', 'cycleSeconds', 'sections', 'locked', 'callType', 'expiresAt'],
        ['', '0.5', '6', '30:0.10 60:0', 'true', 'local', '2026-12-01T00:00:00Z'],
        ["'+44", '0.5', '6', '', '', '', ''],
      ],
      { effectiveAt: '2026-06-01T00:00:00Z' },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(rates[0], {
      line: 2,
      prefix: '',
      price: 50_000_000n,
      decimals: 1,
      terms: {
        callType: 'local',
        cycleSeconds: 6,
        connectionFee: '0',
        firstIncrementSeconds: 1,
        nextIncrementSeconds: 1,
        sections: [
          { seconds: 30, fee: '0.10' },
          { seconds: 60, fee: '0' },
        ],
        taxPercent: '0',
        locked: true,
      },
      area: '',
      effectiveAt: '2026-06-01T00:00:00Z',
      expiresAt: '2026-12-01T00:00:00Z',
    });
    assert.equal(sectionsText(rates[0]?.terms.sections), '30:0.10 60:0');
    assert.equal(rates[1]?.prefix, '+44');
  });

  it('does not take one row for another whose cells look alike when put together', () => {
    const { rates, problems } = read(undefined, [
      ['prefix', 'ratePerMinute', 'connectionFee', 'firstIncrementSeconds', 'nextIncrementSeconds'],
      ['44', '1', '0', '6', '\n 6'],
      ['45', '1', '0', '6\n', '6'],
      ['46', '1', '0\n6', '', '6'],
    ]);
    assert.deepEqual(
      rates.map(({ prefix }) => prefix),
      ['44', '45'],
    );
    assert.match(problems[0] ?? '', /^4 connectionFee "0\\n6": /);
  });

  it('refuses unknown and repeated columns, and fields that exclude each other', () => {
    const { problems } = read(undefined, [['prefix', 'price', 'prefix']]);
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /^1 prefix "price": the name of a field, once/);
    const { problems: excluding } = read(undefined, [
      ['prefix', 'ratePerMinute', 'ratePerCycle', 'cycleSeconds', 'firstIncrementSeconds'],
      ['1', '1', '1', '6', ''],
      ['2', '1', '', '6', ''],
      ['3', '', '1', '6', '60'],
      ['4', '', '1', '', ''],
    ]);
    assert.deepEqual(
      excluding.map((text) => text.slice(0, text.indexOf(':'))),
      [
        '2 ratePerCycle ""',
        '3 cycleSeconds ""',
        '4 firstIncrementSeconds "60"',
        '5 cycleSeconds ""',
      ],
    );
  });
});
