import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { pack, Unpackr } from 'msgpackr';
import { MsgpackWriter } from '../../workers/cdr/msgpack-writer.ts';

const unpackr = new Unpackr({ useRecords: false });

function written(value: unknown, initialBytes = 64): Buffer {
  const writer = new MsgpackWriter(initialBytes);
  writer.writeValue(value);
  return writer.bytes.subarray(0, writer.at);
}

test('numbers at every border of their encodings come back', () => {
  const borders = [0, 1, 31, 32, 33, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31];
  const large = [2 ** 32 - 1, 2 ** 32, 1_790_000_000_000, 2 ** 53 - 1, 2 ** 53];
  for (const size of [...borders, ...large]) {
    for (const value of [size, 0 - size, size + 0.5]) {
      assert.equal(unpackr.unpack(written(value)), value, `${value}`);
    }
  }
});

test('any number, text, null and array of them is read by msgpackr as it was', () => {
  const byteString = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  const { values } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.integer(),
      fc.double({ noNaN: true }).map((value) => value + 0),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      byteString,
      tie('values'),
    ),
    values: fc.array(tie('value'), { maxLength: 40 }),
  }));
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(unpackr.unpack(written(value)), value);
    }),
  );
});

test('texts of every length class come back, ASCII and not', () => {
  for (const length of [0, 1, 31, 32, 255, 256, 21_845, 21_846, 70_000]) {
    for (const character of ['a', 'é', '☎', '\x7f', '\x80']) {
      const text = character.repeat(length);
      assert.equal(unpackr.unpack(written(text)), text, `${length} of ${character}`);
      const late = `${'a'.repeat(Math.max(0, length - 1))}${character}`;
      assert.equal(unpackr.unpack(written(late)), late, `${length}, last ${character}`);
    }
  }
});

test('arrays of every length class come back', () => {
  for (const length of [0, 15, 16, 65_535, 65_536]) {
    const values = Array.from({ length }, (_, index) => index);
    assert.deepEqual(unpackr.unpack(written(values)), values);
  }
});

test('values of a record are the bytes that msgpackr writes', () => {
  const values = [
    1,
    2,
    20_260_921,
    ['id', 'a'.repeat(40), 1_790_000_000_000, null, 486, 0],
    70_000,
  ];
  assert.deepEqual(written(values), Buffer.from(pack(values)));
});

test('a value that no record has is refused by its type', () => {
  assert.throws(() => written([true]), /boolean in a log record/);
});
