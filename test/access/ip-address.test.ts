// IP address text: what is one, and its canonical form (RFC 5952).
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, parseAddressPort } from '../../core/access/ip-address.ts';

describe('an IP address', () => {
  it('has one canonical form', () => {
    const forms: [string, string][] = [
      ['192.0.2.1', '192.0.2.1'],
      ['::', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['2001:DB8::0001', '2001:db8::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:0:db8:0:0:0', '2001::db8:0:0:0'],
      ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:c000:0201', '192.0.2.1'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
      ['fe80::1%eth0', 'fe80::1'],
    ];
    for (const [text, canonical] of forms) assert.equal(canonicalAddress(text), canonical, text);
  });

  it('is nothing else', () => {
    const others = [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4 ',
      'host',
      ':',
      ':::',
      '1::2::3',
    ];
    others.push(
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '12345::',
      'g::',
      '1.2.3.4::',
      '::1.2.3',
      '1:2:3:4:5:6:7:8::',
    );
    for (const text of others) assert.equal(canonicalAddress(text), undefined, text);
  });

  it('agrees with Node on what is one, and stays the same when repeated', () => {
    const part = fc.constantFrom(
      '0',
      '00',
      '1',
      'ffff',
      ':',
      '::',
      'a',
      '12345',
      '.',
      '1.2.3.4',
      '256',
    );
    const text = fc.array(part, { maxLength: 17 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.ipV6(), fc.ipV4()), (address) => {
        const canonical = canonicalAddress(address);
        assert.equal(canonical !== undefined, isIP(address) !== 0, address);
        if (canonical !== undefined) assert.equal(canonicalAddress(canonical), canonical);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an address with an optional port', () => {
  it('is read in every writing', () => {
    const read: [string, string, number | undefined][] = [
      ['192.0.2.1', '192.0.2.1', undefined],
      ['192.0.2.1:5060', '192.0.2.1', 5060],
      ['2001:db8::1', '2001:db8::1', undefined],
      ['[2001:db8::1]', '2001:db8::1', undefined],
      ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
    ];
    for (const [text, address, port] of read) {
      assert.deepEqual(parseAddressPort(text), { address, port }, text);
    }
  });

  it('is refused with a wrong port or brackets', () => {
    const wrong = [
      '192.0.2.1:',
      '192.0.2.1:0',
      '192.0.2.1:65536',
      '192.0.2.1:5e3',
      '[192.0.2.1]:5060',
    ];
    wrong.push('[::1', '[::1]5060', '[::1]:', '::1]:5060', 'host:5060', '', '[fe80::1%eth0]:5060');
    for (const text of wrong) assert.equal(parseAddressPort(text), undefined, text);
  });
});
