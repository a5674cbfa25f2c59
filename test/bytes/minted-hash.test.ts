import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mintedHash, mintedHashOf } from '../../core/bytes/minted-hash.ts';
import { octets } from '../sip/message-text.ts';

test('bytes and text give the same hash, whatever they are and however short', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (any) => {
      const text = Buffer.from(any).toString('latin1');
      const bytes = octets(`..${text}..`);
      assert.equal(mintedHash(bytes, 2, 2 + text.length), mintedHashOf(text));
    }),
  );
});

test('only the last eight digits count', () => {
  assert.equal(mintedHashOf('z9hG4bK0123456700c0ffee'), mintedHashOf('another00c0ffee'));
  assert.notEqual(mintedHashOf('z9hG4bK0123456700c0ffee'), mintedHashOf('z9hG4bK0123456700c0ffef'));
});

test('numbers in even steps fill the buckets evenly', () => {
  for (const step of [1, 2, 3, 4, 5, 8, 64, 1024]) {
    const fill = new Uint8Array(4096);
    for (let i = 0; i < 4096; i++) {
      const digits = (i * step).toString(16).padStart(8, '0');
      fill[mintedHashOf(digits) & 4095]!++;
    }
    assert.ok(Math.max(...fill) <= 10, `step ${step}: ${Math.max(...fill)} in one bucket`);
  }
});
