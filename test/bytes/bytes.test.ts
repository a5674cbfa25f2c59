import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalsFolded, lineWhiteEnd, tokenEnd } from '../../core/bytes/character-class.ts';
import { digitsValue, hex32, hexValue, parseDecimal } from '../../core/bytes/digits.ts';
import { keyedHash, keyedHashText } from '../../core/bytes/keyed-hash.ts';
import { octets } from '../sip/message-text.ts';

test('token characters are those of RFC 3261 25.1', () => {
  const token = /[A-Za-z0-9\-.!%*_+`'~]/;
  for (let octet = 0; octet < 256; octet++) {
    const isToken = tokenEnd(Uint8Array.of(octet), 0, 1) === 1;
    assert.equal(isToken, octet < 128 && token.test(String.fromCharCode(octet)), String(octet));
    const isWhite = lineWhiteEnd(Uint8Array.of(octet), 0, 1) === 1;
    assert.equal(isWhite, [9, 10, 13, 32].includes(octet));
  }
});

test('folding touches letters only', () => {
  assert.equal(equalsFolded(octets('TaG'), 0, 3, 'tag'), true);
  assert.equal(equalsFolded(octets('\r'), 0, 1, '-'), false);
  assert.equal(equalsFolded(octets('@['), 0, 2, '`{'), false);
});

test('numbers stop at their maximum', () => {
  const rows: [string, number, number][] = [
    ['0', 9, 0],
    ['0009', 9, 9],
    ['10', 9, -1],
    ['', 9, -1],
    ['4294967295', 4_294_967_295, 4_294_967_295],
    ['4294967296', 4_294_967_295, -1],
    ['9'.repeat(400), 4_294_967_295, -1],
  ];
  for (const [text, max, expected] of rows) {
    assert.equal(digitsValue(octets(text), 0, text.length, max), expected, text);
    assert.equal(parseDecimal(text, max), expected, text);
  }
  assert.equal(parseDecimal('1x', 99), -1);
  assert.equal(hex32(0xdeadbeef), 'deadbeef');
  assert.equal(hexValue(octets('deadbeef'), 0, 8), 0xdeadbeef);
  assert.equal(hexValue(octets('DEADBEEF'), 0, 8), -1);
});

test('HalfSipHash-1-3 against the values of the Linux kernel self-test', () => {
  const key = Uint32Array.of(0x03020100, 0x07060504);
  const expected = [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b];
  const input = Uint8Array.from({ length: 16 }, (_, i) => i);
  const text = String.fromCharCode(...input);
  expected.forEach((hash, length) => {
    assert.equal(hex32(keyedHash(input, 0, length, key)), hex32(hash), `${length} octets`);
  });
  for (let length = 0; length <= 16; length++) {
    assert.equal(keyedHashText(text.slice(0, length), key), keyedHash(input, 0, length, key));
  }
});
