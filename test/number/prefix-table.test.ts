// The prefix table against a plain search through all prefixes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PrefixTable } from '../../core/configuration/snapshot.ts';
import {
  gatewayCountOf,
  gatewayRowOf,
  longestPrefix,
  prefixLengthOf,
  shorterPrefix,
} from '../../core/number/prefix-table.ts';
import { compilePrefixes } from '../../workers/configuration/compile-prefixes.ts';
import { prefixText } from '../../workers/configuration/prefix-text.ts';

function tableOf(gateways: readonly (readonly string[])[]): PrefixTable {
  return compilePrefixes(gateways.map(prefixText));
}

/** All matches, longest first, each with its gateways. */
function matches(table: PrefixTable, number: string): [number, number[]][] {
  const found: [number, number[]][] = [];
  for (let entry = longestPrefix(table, number); entry >= 0; entry = shorterPrefix(table, entry)) {
    const rows = Array.from({ length: gatewayCountOf(table, entry) }, (_, index) =>
      gatewayRowOf(table, entry, index),
    );
    found.push([prefixLengthOf(table, entry), rows]);
  }
  return found;
}

function plainMatches(
  gateways: readonly (readonly string[])[],
  number: string,
): [number, number[]][] {
  const byLength = new Map<number, number[]>();
  for (const [row, prefixes] of gateways.entries()) {
    for (const prefix of prefixes) {
      const bytes = Buffer.from(prefix).toString('latin1');
      if (!number.startsWith(bytes)) continue;
      byLength.set(bytes.length, [...(byLength.get(bytes.length) ?? []), row]);
    }
  }
  return [...byLength].sort(([left], [right]) => right - left);
}

describe('the prefix table', () => {
  it('finds all prefixes of a number, longest first, with their gateways in order', () => {
    const table = tableOf([
      ['44', '4420', '1'],
      ['', '44'],
      ['44207946', '7', '442'],
    ]);
    assert.deepEqual(matches(table, '442079460000'), [
      [8, [2]],
      [4, [0]],
      [3, [2]],
      [2, [0, 1]],
      [0, [1]],
    ]);
    assert.deepEqual(matches(table, '4'), [[0, [1]]]);
    assert.deepEqual(matches(table, ''), [[0, [1]]]);
  });

  it('finds nothing where nothing matches', () => {
    assert.deepEqual(matches(tableOf([['44']]), '4'), []);
    assert.deepEqual(matches(tableOf([['44']]), '1'), []);
    assert.deepEqual(matches(tableOf([]), '44'), []);
    assert.deepEqual(matches(tableOf([[]]), ''), []);
  });

  it('takes any characters, and compares UTF-8 bytes', () => {
    const table = tableOf([['#31#', '*', '+44', 'abc', 'é', '44%2B', '"', '\\', '\n']]);
    for (const number of ['"1', '\\1', '\n1', '#31#123', '*72', '+4420', 'abcdef', '44%2B1']) {
      assert.equal(matches(table, number).length, 1, number);
    }
    assert.equal(matches(table, Buffer.from('é1').toString('latin1')).length, 1);
    assert.deepEqual(matches(table, '\u00e91'), []);
  });

  it('finds prefixes of the greatest length, and numbers longer than that', () => {
    const longest = '12345678'.repeat(4);
    const table = tableOf([[longest, longest.slice(0, 31), '1']]);
    const found = (number: string): number[] => matches(table, number).map(([length]) => length);
    assert.deepEqual(found(`${longest}999`), [32, 31, 1]);
    assert.deepEqual(found(longest), [32, 31, 1]);
    assert.deepEqual(found(longest.slice(0, 31)), [31, 1]);
    assert.deepEqual(found(`2${longest}`), []);
  });

  it('agrees with a plain search on any prefixes and numbers', () => {
    const digit = fc.constantFrom('0', '1', '"', '\\', 'é');
    const prefix = fc.array(digit, { maxLength: 9 }).map((digits) => digits.join(''));
    const gateway = fc.uniqueArray(prefix, { maxLength: 40 });
    const property = fc.property(
      fc.array(gateway, { maxLength: 12 }),
      fc.array(prefix, { minLength: 1, maxLength: 40 }),
      (gateways, numbers) => {
        const table = tableOf(gateways);
        for (const number of numbers) {
          const bytes = Buffer.from(number).toString('latin1');
          assert.deepEqual(matches(table, bytes), plainMatches(gateways, bytes));
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('holds 200,000 prefixes in at most 64 bytes each and finds every one', () => {
    const prefixes = Array.from({ length: 200_000 }, (_, index) => String(1_000_000 + index * 7));
    const table = tableOf([prefixes]);
    const { slots, entries, lists, keys, lengthMasks } = table;
    const bytes = [slots, entries, lists, keys, lengthMasks].reduce(
      (sum, part) => sum + part.byteLength,
      0,
    );
    assert.ok(bytes / prefixes.length <= 64, `${bytes / prefixes.length} bytes a prefix`);
    for (const prefix of prefixes) {
      const entry = longestPrefix(table, `${prefix}00`);
      assert.equal(entry >= 0 && prefixLengthOf(table, entry), prefix.length);
    }
  });
});
