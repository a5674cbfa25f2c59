// Which INVITEs are let in at a full ring: those of customers to emergency numbers, as they dial them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEmergencyInvite } from '../../core/access/emergency-invite.ts';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const mappingGateways = [
  { name: 'plain', addresses: ['192.0.2.1'] },
  { name: 'tech', addresses: ['192.0.2.2:5070'], techPrefix: '99' },
  { name: 'locked', addresses: ['192.0.2.3'], locked: true },
];
const snapshot = snapshotOf({
  parameters: { SS_EMERGENCY_E164S: ['112', '0044*'] },
  mappingGateways,
});

function asked(text: string, address = '192.0.2.1', port = 5060, within = snapshot): boolean {
  const bytes = Buffer.from(text, 'latin1') as Buffer & MessageBytes;
  return isEmergencyInvite(within, bytes, bytes.length, { address, port });
}
const invite = (uri: string): string => `INVITE ${uri} SIP/2.0\r\nTo: <sip:x@y>\r\n\r\n`;

describe('a call for help', () => {
  const rows: [string, string, number, boolean][] = [
    ['sip:112@192.0.2.9', '192.0.2.1', 5060, true],
    ['sip:112@192.0.2.9:5060;user=phone', '192.0.2.1', 9, true],
    ['sip:%31%31%32@192.0.2.9', '192.0.2.1', 9, true],
    ['tel:112', '192.0.2.1', 9, true],
    ['sip:0044999@192.0.2.9', '192.0.2.1', 9, true],
    ['sip:1120@192.0.2.9', '192.0.2.1', 9, false],
    ['sip:99112@192.0.2.9', '192.0.2.2', 5070, true],
    ['sip:112@192.0.2.9', '192.0.2.2', 5070, false],
    ['sip:99112@192.0.2.9', '192.0.2.1', 9, false],
    ['sip:112@192.0.2.9', '192.0.2.3', 5060, false],
    ['sip:112@192.0.2.9', '198.51.100.1', 5060, false],
    [`sip:112@${'x'.repeat(300)}`, '192.0.2.1', 5060, false],
  ];
  for (const [uri, address, port, expected] of rows) {
    it(`${expected ? 'is' : 'is not'} ${uri.slice(0, 40)} from ${address}:${port}`, () => {
      assert.equal(asked(invite(uri), address, port), expected);
      assert.equal(asked(`\r\n\r\n${invite(uri)}`, address, port), expected);
    });
  }

  it('is nothing that cannot be read, and nobody is asked where no number is set', () => {
    for (const text of ['', 'INVITE', 'INVITE ', 'INVITE sip:112@x', '\r\n']) {
      assert.equal(asked(text), false, text);
    }
    const without = snapshotOf({ mappingGateways });
    assert.equal(asked(invite('sip:112@192.0.2.9'), '192.0.2.1', 5060, without), false);
  });
});
