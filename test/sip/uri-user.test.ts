// The user of a URI from the bytes: always what parsing the URI would give.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { uriUser } from '../../core/sip/uri.ts';
import { uriUserAt } from '../../core/sip/uri-user.ts';

function userOf(uri: string): string {
  const bytes = Buffer.from(`<${uri}>0`, 'latin1') as Buffer & MessageBytes;
  return uriUserAt(bytes, 1, 1 + uri.length);
}

const rows: readonly [string, string][] = [
  ['sip:442071234567@192.0.2.1:5060', '442071234567'],
  ['sip:442071234567@192.0.2.1', '442071234567'],
  ['SIP:a.b-c_d@pbx.example.com', 'a.b-c_d'],
  ['sip:+442071234567@192.0.2.1', '+442071234567'],
  ['sip:4420%37@192.0.2.1', '44207'],
  ['sip:4420:secret@192.0.2.1', '4420'],
  ['sip:4420;phone-context=+44@192.0.2.1', '4420'],
  ['sip:4420@192.0.2.1;user=phone', '4420'],
  ['sip:4420@[2001:db8::1]:5060', '4420'],
  ['sip:192.0.2.1:5060', ''],
  ['sip:4420@192.0.2.1:0', ''],
  ['sip:4420@192.0.2.1:', ''],
  ['sip:4420@192.0.2.1:65536', ''],
  ['sip:4420@', ''],
  ['sip:@192.0.2.1', ''],
  ['sip:', ''],
  ['tel:+44-20-7123', '+44207123'],
  ['mailto:a@b', ''],
];

for (const [uri, user] of rows) {
  test(`"${uri}"`, () => {
    assert.equal(userOf(uri), user);
    assert.equal(uriUser(uri), user);
  });
}

test('any URI: as uriUser reads it', () => {
  const piece = fc.constantFrom(
    'sip:',
    '4420',
    '@',
    '192.0.2.1',
    ':',
    '5060',
    ';',
    '%41',
    '?',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const uri = pieces.join('');
      assert.equal(userOf(uri), uriUser(uri));
    }),
  );
});
