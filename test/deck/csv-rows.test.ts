// Comma-separated values: RFC 4180 and what files in the field do beyond it; fed whole, and a character at a
// time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csvCell, guessDelimiter, readCsv } from '../../core/deck/csv-rows.ts';

interface Row {
  readonly line: number;
  readonly cells?: string[];
  readonly fault?: string;
}

function rowsOf(pieces: Iterable<string>, delimiter = ','): Row[] {
  const rows: Row[] = [];
  const reader = readCsv(delimiter, {
    row: (line, cells) => rows.push({ line, cells: [...cells] }),
    fault: (line, _value, expected) => rows.push({ line, fault: expected }),
  });
  for (const piece of pieces) reader.write(piece);
  reader.end();
  return rows;
}

function expectRows(text: string, expected: Row[], delimiter = ','): void {
  assert.deepEqual(rowsOf([text], delimiter), expected);
  assert.deepEqual(rowsOf(text, delimiter), expected);
}

const closing = 'a delimiter after the closing quote of a cell';

describe('rows of a CSV file', () => {
  it('end with CRLF, LF, CR, or the file (RFC 4180 2.1, 2.2)', () => {
    expectRows('a,b\r\nc,d\ne,f\rg,h', [
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['c', 'd'] },
      { line: 3, cells: ['e', 'f'] },
      { line: 4, cells: ['g', 'h'] },
    ]);
    expectRows('a,b\r\n', [{ line: 1, cells: ['a', 'b'] }]);
    expectRows('', []);
  });

  it('have quoted cells with delimiters, line ends and quotes (2.5 to 2.7)', () => {
    expectRows('"a,b","c\r\nd","e ""f"""\nnext', [
      { line: 1, cells: ['a,b', 'c\r\nd', 'e "f"'] },
      { line: 3, cells: ['next'] },
    ]);
    expectRows('"",""', [{ line: 1, cells: ['', ''] }]);
  });

  it('have empty cells and empty lines, which count', () => {
    expectRows(',a,\n\n,,', [
      { line: 1, cells: ['', 'a', ''] },
      { line: 2, cells: [''] },
      { line: 3, cells: ['', '', ''] },
    ]);
  });

  it('take a quote inside of a cell as it is', () => {
    expectRows('5" pipe,x', [{ line: 1, cells: ['5" pipe', 'x'] }]);
  });

  it('are told by other delimiters', () => {
    expectRows('a;"b;c";0,5', [{ line: 1, cells: ['a', 'b;c', '0,5'] }], ';');
    assert.equal(guessDelimiter('code;price, net;date'), ';');
    assert.equal(guessDelimiter('"a;b;c",d'), ',');
    assert.equal(guessDelimiter('code\tprice'), '\t');
    assert.equal(guessDelimiter('code'), ',');
  });

  it('are refused where text follows a closing quote, and the next row is read', () => {
    expectRows('"a"b,c\nd', [
      { line: 1, fault: closing },
      { line: 2, cells: ['d'] },
    ]);
  });

  it('are refused where a quote has no end', () => {
    expectRows('a\n"b,c\nd', [
      { line: 1, cells: ['a'] },
      { line: 2, fault: closing },
    ]);
    const long = `a\n"${'b'.repeat(1_200_000)}`;
    const [, fault, ...more] = rowsOf([long, 'c'.repeat(10), '\nd\n']);
    assert.match(fault?.fault ?? '', /a row of at most 1048576 characters/);
    assert.deepEqual(more, []);
  });

  it('come back from what is written of them, cut anywhere', () => {
    const cell = fc.string({
      maxLength: 6,
      unit: fc.constantFrom('a', ',', '"', '\n', '\r', ';', ' '),
    });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(table, fc.array(fc.nat(60), { maxLength: 5 }), (rows, cuts) => {
        const text = rows.map((cells) => cells.map(csvCell).join(',')).join('\r\n');
        const places = [
          0,
          ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b),
          text.length,
        ];
        const pieces = places.slice(1).map((end, at) => text.slice(places[at], end));
        assert.deepEqual(
          rowsOf(pieces).map(({ cells }) => cells),
          rows,
        );
      }),
    );
  });
});
