// Workbooks of other programs: shared and rich texts, phonetic runs, cells with and without references, dates
// of both calendars, and archives that are damaged.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openWorkbook, readSheet } from '../../admin/deck/workbook-reader.ts';
import type { DeckRow } from '../../core/deck/deck-reader.ts';
import { type WorkbookParts, workbookOf } from '../doubles/workbook-of.ts';

async function rowsOf(parts: WorkbookParts, sheet?: string): Promise<DeckRow[]> {
  const rows: DeckRow[] = [];
  await readSheet(await openWorkbook(workbookOf(parts)), sheet, (row) => rows.push(row));
  return rows;
}

function sheet(rows: string): string {
  return `<?xml version="1.0"?><!-- a > b --><worksheet xmlns="m"><sheetData>${rows}</sheetData><pageSetup r="1"/></worksheet>`;
}

describe('a workbook', () => {
  it('has texts of its own and shared ones, rich and phonetic', async () => {
    const rows = await rowsOf({
      sheet: sheet(
        '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="C3" t="s"><v>0</v></c><c r="D3" t="inlineStr"><is><r><t>in</t></r><r><t xml:space="preserve"> line</t></r></is></c><c r="E3" t="str"><f>A1&amp;"x"</f><v>a&lt;b&#233;&#x41;</v></c></row>',
      ),
      sharedStrings:
        '<sst><si><r><rPr><b/></rPr><t>Rich</t></r><r><t> text</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si><si><t><![CDATA[<x> & _x000D_]]></t></si></sst>',
    });
    assert.deepEqual(rows, [
      { line: 3, cells: ['<x> & \r', '', 'Rich text', 'in line', 'a<béA'], numeric: [] },
    ]);
  });

  it('has numbers as they are written, and lines that count', async () => {
    const rows = await rowsOf({
      sheet: sheet(
        '<row><c><v>4.4E+1</v></c><c t="b"><v>1</v></c><c/><c t="n"><v>0.0120</v></c></row><row r="7"><c r="AA7"><v>1</v></c></row><row><c t="e"><v>#N/A</v></c></row>',
      ),
    });
    assert.deepEqual(
      rows.map(({ line, cells, numeric }) => [line, cells.length, cells.at(-1), numeric?.at(-1)]),
      [
        [1, 4, '0.0120', true],
        [7, 27, '1', true],
        [8, 1, '#N/A', undefined],
      ],
    );
    assert.deepEqual(rows[0]?.cells, ['4.4E+1', '1', '', '0.0120']);
  });

  it('has sheets by name, and one of two calendars', async () => {
    const workbook = await openWorkbook(workbookOf({ is1904: true }));
    assert.equal(workbook.is1904, true);
    assert.deepEqual(
      workbook.sheets.map(({ name, path }) => [name, path]),
      [
        ['Rates & more', 'xl/worksheets/one.xml'],
        ['Two', 'xl/two.xml'],
      ],
    );
    await assert.rejects(
      rowsOf({}, 'Three'),
      /sheet: "Three": expected one of "Rates & more", "Two"/,
    );
    await assert.rejects(rowsOf({}, 'Two'), /the workbook has no xl\/two.xml/);
  });

  it('is refused where it is damaged, whatever byte it is', async () => {
    const file = workbookOf({ sheet: sheet('<row><c><v>1</v></c></row>') });
    let refused = 0;
    for (let at = 0; at < file.length; at++) {
      const broken = Buffer.from(file);
      broken[at] = broken[at]! ^ 0xff;
      try {
        await readSheet(await openWorkbook(broken), undefined, () => {});
      } catch (error) {
        assert.equal(
          (error as Error).name,
          'DeckUnreadable',
          `byte ${at}: ${(error as Error).stack}`,
        );
        refused++;
      }
    }
    assert.ok(refused > 100, String(refused));
    for (let length = 0; length < file.length; length += 7) {
      await assert.rejects(openWorkbook(file.subarray(0, length)), { name: 'DeckUnreadable' });
    }
  });

  it('is refused with entities and tags without an end', async () => {
    for (const [xml, expected] of [
      ['<row><c t="str"><v>&evil;</v></c></row>', /the entity &evil;/],
      ['<!ENTITY a "b"><row/>', /a document type or declaration/],
      [`<row ${'a'.repeat(1_100_000)}`, /without an end/],
      ['<row r="1', /an end in the middle of a tag|without an end/],
    ] as const) {
      await assert.rejects(rowsOf({ sheet: xml }), expected);
    }
  });
});
