// Single cells of a rate deck: numbers read exactly, dates by pattern, and what spreadsheets do to both.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decimalCell,
  guardFormula,
  incrementsCell,
  isPrefixText,
  isScientific,
  numericPrefix,
  spreadsheetNumber,
  switchCell,
  unguardFormula,
} from '../../core/deck/deck-cell.ts';
import { decimalText } from '../../core/deck/deck-fields.ts';
import {
  datePattern,
  isoInstant,
  patternInstant,
  serialInstant,
} from '../../core/deck/deck-time.ts';
import { moneyText } from '../../core/money.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';

const utc = zoneOffsets('UTC');
const london = zoneOffsets('Europe/London');

function money(text: string, separator: '.' | ',' = '.'): string | undefined {
  const cell = decimalCell(text, separator);
  return cell === undefined ? undefined : decimalText(cell.units, cell.decimals);
}

describe('a decimal cell', () => {
  it('keeps every digit and decimal as written', () => {
    for (const text of ['0', '0.0120', '1', '12.50000000', '90000000000', '89999999999.99999999']) {
      assert.equal(money(text), text);
    }
    assert.equal(money('0,0125', ','), '0.0125');
    assert.equal(money('+1.5'), '1.5');
    assert.equal(money('.5'), '0.5');
  });

  it('is exact in scientific notation', () => {
    assert.equal(money('1.2E-2'), '0.012');
    assert.equal(money('12e-4'), '0.0012');
    assert.equal(money('1E8'), '100000000');
    assert.equal(money('1e-8'), '0.00000001');
    assert.equal(money('0.0e-20'), '0');
  });

  it('may have zeros beyond the eighth decimal, nothing else', () => {
    assert.equal(money('0.012500000000000000'), '0.01250000');
    assert.equal(money('0.000000001'), undefined);
    assert.equal(money('1e-9'), undefined);
  });

  it('is no other text', () => {
    for (const text of [
      '',
      '-1',
      '1.2.3',
      '1,2',
      '1 2',
      '$1',
      'abc',
      '1e',
      '0x10',
      'NaN',
      '1.',
      '1e99',
    ]) {
      assert.equal(money(text === '1.' ? '1..' : text), undefined, text);
    }
    assert.equal(money('1.5', ','), undefined);
    assert.equal(money('90000000000.00000001'), undefined);
  });

  it('is what money is, for every amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n }), (units) => {
        assert.equal(decimalCell(moneyText(units), '.')?.units, units);
      }),
    );
  });
});

describe('a number of a workbook', () => {
  it('is what people see of it: 15 digits', () => {
    assert.equal(spreadsheetNumber('0.012'), '0.012');
    assert.equal(spreadsheetNumber('1.2E-2'), '1.2E-2');
    assert.equal(spreadsheetNumber('1.2500000000000001E-2'), '0.0125');
    assert.equal(spreadsheetNumber('0.30000000000000004'), '0.3');
    assert.equal(spreadsheetNumber('#N/A'), undefined);
  });

  it('is a prefix where it is whole and short enough to be exact', () => {
    assert.equal(numericPrefix('44'), '44');
    assert.equal(numericPrefix('4.4E+1'), '44');
    assert.equal(numericPrefix('4.4207E+11'), '442070000000');
    assert.equal(numericPrefix('44.0'), '44');
    assert.equal(numericPrefix('44.5'), undefined);
    assert.equal(numericPrefix('1.2345678901234567E+16'), undefined);
  });

  it('is told in a text file by its form', () => {
    assert.ok(isScientific('4.42E+11') && isScientific('4E11') && isScientific('4,42E+11'));
    assert.ok(!isScientific('44') && !isScientific('E164') && !isScientific('44E'));
  });
});

describe('a date cell', () => {
  function byPattern(pattern: string, text: string, zone = utc): string | undefined {
    const compiled = datePattern(pattern);
    assert.ok(compiled !== undefined, pattern);
    return patternInstant(compiled, text, zone);
  }

  it('is read by its pattern', () => {
    assert.equal(byPattern('DD.MM.YYYY', '01.02.2026'), '2026-02-01T00:00:00Z');
    assert.equal(byPattern('MM/DD/YY HH:mm', '2/1/26 8:30'), '2026-02-01T08:30:00Z');
    assert.equal(byPattern('YYYYMMDDHHmmss', '20260201083015'), '2026-02-01T08:30:15Z');
    assert.equal(byPattern('YYYY-MM-DDTHH:mm', '2026-02-01T08:30'), '2026-02-01T08:30:00Z');
    for (const text of ['2026.02.01', '32.01.2026', '29.02.2026', '01.13.2026', '1.1.26', '']) {
      assert.equal(byPattern('DD.MM.YYYY', text), undefined, text);
    }
  });

  it('has no pattern without year, month and day, each once', () => {
    for (const text of ['DD.MM', 'DD.MM.YYYY YY', 'YYYY-MM-DD-DD', 'YYYY-Mon-DD', '', '(.*)+']) {
      assert.equal(datePattern(text), undefined, text);
    }
  });

  it('is on the clock of its zone, also on the days on which it is set', () => {
    assert.equal(byPattern('DD.MM.YYYY', '01.07.2026', london), '2026-06-30T23:00:00Z');
    assert.equal(isoInstant('2026-01-01', london), '2026-01-01T00:00:00Z');
    // 2026-03-29 01:00 to 02:00 is left out, 2026-10-25 01:00 to 02:00 comes twice
    assert.equal(isoInstant('2026-03-29 01:30', london), '2026-03-29T01:30:00Z');
    assert.equal(isoInstant('2026-10-25 01:30', london), '2026-10-25T00:30:00Z');
  });

  it('stays as written where it has its zone', () => {
    for (const text of [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.500+05:30',
      '2026-01-01T10:00Z',
    ]) {
      assert.equal(isoInstant(text, london), text);
    }
    for (const text of [
      '2026-02-30T00:00:00Z',
      '2026-01-01T25:00:00Z',
      '2026-01-01Z',
      '1/1/2026',
    ]) {
      assert.equal(isoInstant(text, london), undefined, text);
    }
  });

  it('may be the day count of a workbook', () => {
    assert.equal(serialInstant(46_054, false, utc), '2026-02-01T00:00:00Z');
    assert.equal(serialInstant(46_054.354166666664, false, utc), '2026-02-01T08:30:00Z');
    assert.equal(serialInstant(44_592, true, utc), '2026-02-01T00:00:00Z');
    assert.equal(serialInstant(60, false, utc), undefined);
    assert.equal(serialInstant(Number.NaN, false, utc), undefined);
    assert.equal(serialInstant(1e300, false, utc), undefined);
  });
});

describe('other cells', () => {
  it('are increments and switches', () => {
    assert.deepEqual(incrementsCell('60/6'), ['60', '6']);
    assert.deepEqual(incrementsCell('30'), ['30', '30']);
    assert.equal(incrementsCell('60/'), undefined);
    assert.equal(switchCell('Yes'), true);
    assert.equal(switchCell('0'), false);
    assert.equal(switchCell('maybe'), undefined);
  });

  it('are prefixes up to 32 bytes without spaces', () => {
    assert.ok(isPrefixText('44') && isPrefixText('+44#') && isPrefixText('é'.repeat(16)));
    assert.ok(!isPrefixText('4 4') && !isPrefixText('\u00a044') && !isPrefixText('é'.repeat(17)));
    assert.ok(!isPrefixText('4'.repeat(33)) && !isPrefixText('4\u0085'));
  });

  it('never leave as formulas, and come back (CWE-1236)', () => {
    for (const first of ['=', '+', '-', '@', '\t', '\r']) {
      assert.equal(guardFormula(`${first}1+1`), `'${first}1+1`);
    }
    assert.equal(guardFormula("'text"), "'text");
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', 'a', '\t') }),
        (text) => {
          const guarded = guardFormula(text);
          assert.equal(unguardFormula(guarded), text);
          assert.doesNotMatch(guarded, /^[=+\-@\t\r]/);
        },
      ),
    );
  });
});
