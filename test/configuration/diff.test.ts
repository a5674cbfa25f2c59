// The difference between two documents, and how it reads.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeDiff, isEmptyDiff, listedMax } from '../../core/configuration/diff.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { diffFull } from '../doubles/diff-full.ts';

function documentOf(input: unknown): ConfigurationDocument {
  const parsed = parseDocument(input);
  assert.ok(parsed.ok);
  return parsed.document;
}

function linesOf(before: unknown, after: unknown): string[] {
  return describeDiff(diffFull(documentOf(before), documentOf(after)));
}

describe('a configuration diff', () => {
  it('is empty between equal documents, in any order of entities', () => {
    const accounts = [
      { name: 'a', kind: 'agent' },
      { name: 'b', kind: 'customer' },
    ];
    const diff = diffFull(
      documentOf({ accounts }),
      documentOf({ accounts: accounts.toReversed() }),
    );
    assert.equal(isEmptyDiff(diff), true);
    assert.deepEqual(describeDiff(diff), []);
  });

  it('tells parameters that were set, changed, reordered and unset', () => {
    const before = { SS_MAXCPS: 1, SS_SIP_TIMER_B: 32, SS_SIP_RESEND_INTERVAL: [1, 2] };
    const after = { SS_MAXCPS: 2, SS_SIP_TIMER_T1: 500, SS_SIP_RESEND_INTERVAL: [2, 1] };
    assert.deepEqual(linesOf({ parameters: before }, { parameters: after }), [
      '~ parameters.SS_MAXCPS: 1 -> 2',
      '~ parameters.SS_SIP_TIMER_B: 32 -> default',
      '~ parameters.SS_SIP_RESEND_INTERVAL: [1,2] -> [2,1]',
      '~ parameters.SS_SIP_TIMER_T1: default -> 500',
    ]);
    const longer = { SS_SIP_RESEND_INTERVAL: [1, 2, 4] };
    assert.deepEqual(
      linesOf({ parameters: { SS_SIP_RESEND_INTERVAL: [1, 2] } }, { parameters: longer }),
      ['~ parameters.SS_SIP_RESEND_INTERVAL: [1,2] -> [1,2,4]'],
    );
  });

  it('tells rates by prefix, price, increments and time', () => {
    const rate = { prefix: '44', ratePerMinute: '0.01' };
    const table = (...rates: object[]): unknown => ({ rateTables: [{ name: 't', rates }] });
    const diff = diffFull(
      documentOf(table(rate)),
      documentOf(table({ ...rate, effectiveAt: '2026-01-01T00:00:00Z' })),
    );
    assert.deepEqual(diff.rateTables.changed[0]?.lists, [
      {
        field: 'rates',
        addedCount: 1,
        removedCount: 1,
        added: ['44 0.01+0 1/1 from 2026-01-01T00:00:00Z'],
        removed: ['44 0.01+0 1/1'],
      },
    ]);
  });

  it('counts what it does not spell out', () => {
    const gateways = (count: number): unknown => ({
      routingGateways: Array.from({ length: count }, (_, index) => ({
        name: `r${index}`,
        address: '192.0.2.1',
        prefixes: ['1'],
      })),
    });
    const lines = linesOf({}, gateways(listedMax + 5));
    assert.equal(lines.length, listedMax + 1);
    assert.equal(lines.at(-1), '+ routingGateways: and 5 more');
  });
});
