// Which rate a call has: prefixes, times, tables in their order, and against a plain search of the document.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findRate, isRefusal, type LookedIn } from '../../core/billing/rate-lookup.ts';
import { ratePrice, rateRowOf } from '../../core/billing/rate-table.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { rateRowWords } from '../../core/configuration/snapshot-layout.ts';
import { moneyText } from '../../core/money.ts';
import { compileRates } from '../../workers/configuration/compile-rates.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { packTables } from '../../workers/configuration/rates-builder.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const noon = '2026-06-01T12:00:00Z';

/** "table prefix price", or the end reason. */
function rateOf(snapshot: Snapshot, name: string, number: string, at = noon): string {
  const account = accountAt(snapshot, accountRowByName(snapshot, name));
  const found = findRate(snapshot.billing, account, { number, at: Date.parse(at) });
  if (isRefusal(found)) return found.key;
  return `${found.rateTable} ${found.prefix} ${moneyText(found.price)}`;
}

function oneTable(rates: object[], account: object = {}): Snapshot {
  return snapshotOf({
    rateTables: [{ name: 't', rates }],
    accounts: [{ name: 'a', kind: 'customer', rateTable: 't', ...account }],
  });
}

describe('the rate of a call', () => {
  it('is that of the longest prefix', () => {
    const snapshot = oneTable([
      { prefix: '0', ratePerMinute: '1' },
      { prefix: '01', ratePerMinute: '2' },
      { prefix: '0123456', ratePerMinute: '3' },
    ]);
    assert.equal(rateOf(snapshot, 'a', '01117'), 't 01 2');
    assert.equal(rateOf(snapshot, 'a', '0123456'), 't 0123456 3');
    assert.equal(rateOf(snapshot, 'a', '012345'), 't 01 2');
    assert.equal(rateOf(snapshot, 'a', '9'), 'No matching rate');
    assert.equal(rateOf(snapshot, 'a', ''), 'No matching rate');
  });

  it('may be that of the empty prefix, and of prefixes with letters', () => {
    const snapshot = oneTable([
      { prefix: '', ratePerMinute: '9' },
      { prefix: 'S00#', ratePerMinute: '8' },
    ]);
    assert.equal(rateOf(snapshot, 'a', ''), 't  9');
    assert.equal(rateOf(snapshot, 'a', '123456'), 't  9');
    assert.equal(rateOf(snapshot, 'a', 'S00#1'), 't S00# 8');
  });

  it('is the one in effect at the start: a change switches at its second', () => {
    const snapshot = oneTable([
      { prefix: '44', ratePerMinute: '2', effectiveAt: '2026-06-01T12:00:00Z' },
      { prefix: '44', ratePerMinute: '1' },
      { prefix: '44', ratePerMinute: '3', effectiveAt: '2026-06-01T14:00:00+01:00' },
    ]);
    assert.equal(rateOf(snapshot, 'a', '44', '2026-06-01T11:59:59.999Z'), 't 44 1');
    assert.equal(rateOf(snapshot, 'a', '44', '2026-06-01T12:00:00Z'), 't 44 2');
    assert.equal(rateOf(snapshot, 'a', '44', '2026-06-01T12:59:59Z'), 't 44 2');
    assert.equal(rateOf(snapshot, 'a', '44', '2026-06-01T13:00:00Z'), 't 44 3');
  });

  it('is the enclosing one again after a rate expired, else that of a shorter prefix', () => {
    const promotion = { effectiveAt: '2026-06-01T00:00:00Z', expiresAt: '2026-07-01T00:00:00Z' };
    const snapshot = oneTable([
      { prefix: '44', ratePerMinute: '5' },
      { prefix: '44', ratePerMinute: '1', ...promotion },
      { prefix: '4420', ratePerMinute: '7', ...promotion },
    ]);
    assert.equal(rateOf(snapshot, 'a', '442', '2026-06-30T23:59:59Z'), 't 44 1');
    assert.equal(rateOf(snapshot, 'a', '442', '2026-07-01T00:00:00Z'), 't 44 5');
    assert.equal(rateOf(snapshot, 'a', '4420', '2026-06-15T00:00:00Z'), 't 4420 7');
    assert.equal(rateOf(snapshot, 'a', '4420', '2026-07-01T00:00:00Z'), 't 44 5');
  });

  it('refuses the call where it is locked', () => {
    const snapshot = oneTable([
      { prefix: '4', ratePerMinute: '1' },
      { prefix: '44', ratePerMinute: '1', locked: true },
    ]);
    assert.equal(rateOf(snapshot, 'a', '44'), 'Rate locked');
    assert.equal(rateOf(snapshot, 'a', '43'), 't 4 1');
  });

  it('refuses types of call above the level of the account', () => {
    const rates = ['net', 'local', 'national', 'international'].map((callType, index) => ({
      prefix: String(index),
      ratePerMinute: '1',
      callType,
    }));
    const snapshot = oneTable(rates, { callLevel: 'national' });
    assert.deepEqual(
      ['0', '1', '2', '3'].map((number) => rateOf(snapshot, 'a', number)),
      ['t 0 1', 't 1 1', 't 2 1', 'Authorization limited'],
    );
  });

  it('comes from the private table, then the period rate, then the own table of the account', () => {
    const table = (name: string, ...prefixes: string[]): object => ({
      name,
      rates: prefixes.map((prefix) => ({ prefix, ratePerMinute: '1' })),
    });
    const snapshot = snapshotOf({
      rateTables: [
        table('own', '44', '4420', '1'),
        table('private', '4'),
        table('day', '33'),
        table('night', '33', '337'),
      ],
      calendars: [{ name: 'office', timeZone: 'UTC', from: '08:00', to: '18:00' }],
      periodRates: [
        { name: 'p', calendar: 'office', workingRateTable: 'day', nonWorkingRateTable: 'night' },
      ],
      accounts: [
        {
          name: 'a',
          kind: 'customer',
          rateTable: 'own',
          privateRateTable: 'private',
          periodRate: 'p',
        },
        { name: 'b', kind: 'customer' },
        { name: 'c', kind: 'customer', rateTable: 'comes-later' },
      ],
    });
    // The private table counts first, however short its prefix.
    assert.equal(rateOf(snapshot, 'a', '4420'), 'private 4 1');
    // 2026-06-01 is a Monday; both sides of 18:00.
    assert.equal(rateOf(snapshot, 'a', '337', '2026-06-01T17:59:59Z'), 'day 33 1');
    assert.equal(rateOf(snapshot, 'a', '337', '2026-06-01T18:00:00Z'), 'night 337 1');
    assert.equal(rateOf(snapshot, 'a', '1'), 'own 1 1');
    assert.equal(rateOf(snapshot, 'b', '1'), 'No matching rate');
    assert.equal(rateOf(snapshot, 'c', '1'), 'No matching rate');
    const looked: LookedIn[] = [];
    const account = accountAt(snapshot, accountRowByName(snapshot, 'a'));
    const trace = (each: LookedIn): unknown => looked.push(each);
    findRate(snapshot.billing, account, { number: '1', at: Date.parse(noon), trace });
    assert.deepEqual(looked, [
      { source: 'private', rateTable: 'private', prefix: null },
      { source: 'working hours', rateTable: 'day', prefix: null },
      { source: 'account', rateTable: 'own', prefix: '1' },
    ]);
  });
});

describe('compiled rates', () => {
  const aRate = fc.record({
    // Rows hold prefixes of up to eight digits themselves.
    prefix: fc.string({ unit: fc.constantFrom('0', '0', '0', '0', '1', 'é'), maxLength: 11 }),
    from: fc.integer({ min: 0, max: 5 }),
  });
  const tables = fc.array(
    fc.uniqueArray(aRate, { selector: ({ prefix, from }) => `${prefix} ${from}`, maxLength: 40 }),
    { minLength: 1, maxLength: 4 },
  );
  const question = fc.record({
    text: fc.string({ unit: fc.constantFrom('0', '0', '0', '0', '1', 'é'), maxLength: 13 }),
    at: fc.integer({ min: 1, max: 6 }),
  });
  const dayOf = (day: number): string => `2026-01-0${day}T00:00:00Z`;

  it('give what a search through the document gives', () => {
    fc.assert(
      fc.property(tables, fc.array(question, { minLength: 20, maxLength: 20 }), (decks, asked) => {
        const input = decks.map((rates, index) => ({
          name: `t${index}`,
          rates: rates.map(({ prefix, from }, place) => ({
            prefix,
            ratePerMinute: `${index}.${place}`,
            ...(from === 0 ? {} : { effectiveAt: dayOf(from) }),
          })),
        }));
        const parsed = parseDocument({ rateTables: input });
        assert.ok(parsed.ok);
        const compiled = compileRates(packTables(parsed.document.rateTables));
        for (const { text, at } of asked) {
          for (const [table, { rates }] of input.entries()) {
            const best = rates
              .filter(({ prefix }) => text.startsWith(prefix))
              .filter(({ effectiveAt }) => effectiveAt === undefined || effectiveAt <= dayOf(at))
              .sort(
                (left, right) =>
                  right.prefix.length - left.prefix.length ||
                  ((right.effectiveAt ?? '') < (left.effectiveAt ?? '') ? -1 : 1),
              )[0];
            const number = Buffer.from(text).toString('latin1');
            const row = rateRowOf(compiled, table, number, Date.parse(dayOf(at)) / 1000);
            const price = row < 0 ? undefined : moneyText(ratePrice(compiled, row));
            assert.equal(price, best && String(Number(best.ratePerMinute)));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('take at most 64 bytes a rate', () => {
    const rates = Array.from({ length: 20_000 }, (_, index) => ({
      prefix: String(100_000_000 + index * 37),
      ratePerMinute: `0.${String(index).padStart(5, '0')}`,
      connectionFee: '0',
      callType: 'international' as const,
      taxPercent: '0',
      locked: false,
      firstIncrementSeconds: 1 + (index % 60),
      nextIncrementSeconds: 1 + (index % 6),
    }));
    const compiled = compileRates(packTables([{ name: 't', rates }]));
    const { slots, rows, keys, tables: starts, lengthMasks } = compiled;
    const bytes = [slots, rows, keys, starts, lengthMasks].reduce(
      (sum, table) => sum + table.byteLength,
      JSON.stringify(compiled.shapes, (_, each) =>
        typeof each === 'bigint' ? each.toString() : each,
      ).length,
    );
    assert.ok(bytes / rates.length <= 64, `${bytes / rates.length}`);
    assert.equal(rows.length, rates.length * rateRowWords);
  });
});
