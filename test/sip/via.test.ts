import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../core/sip/fault.ts';
import { createViaFields, topVia, viaLines } from '../../core/sip/via.ts';
import { hop, invite, parsed } from './message-text.ts';

test('the parts of the top Via', () => {
  const rows: [string, string, string, number, string, boolean][] = [
    ['SIP/2.0/UDP h.example', 'UDP', 'h.example', 0, '', false],
    ['SIP/2.0/udp 192.0.2.1:5070;branch=z9hG4bK1', 'UDP', '192.0.2.1', 5070, 'z9hG4bK1', false],
    ['SIP / 2.0 / TCP  h : 5061 ; branch = z9hG4bK2 ; RPort', 'TCP', 'h', 5061, 'z9hG4bK2', true],
    [
      'SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK3;rport=',
      'UDP',
      '2001:db8::9',
      5070,
      'z9hG4bK3',
      true,
    ],
    ['SIP/2.0/UDP [2001:db8::9]', 'UDP', '2001:db8::9', 0, '', false],
    ['SIP/2.0/SCTP h;x="a;branch=no,b";branch=z9hG4bK4;', 'SCTP', 'h', 0, 'z9hG4bK4', false],
    ['SIP/2.0/UDP h;branch=z9hG4bK5;branch=z9hG4bK6', 'UDP', 'h', 0, 'z9hG4bK5', false],
    [
      'SIP/2.0/UDP h;branch=z9hG4bK7 , SIP/2.0/TCP k;branch=z9hG4bK8',
      'UDP',
      'h',
      0,
      'z9hG4bK7',
      false,
    ],
    ['SIP/2.0\r\n /UDP\r\n\th;branch=\r\n z9hG4bK9', 'UDP', 'h', 0, 'z9hG4bK9', false],
  ];
  for (const [value, transport, host, port, branch, hasRport] of rows) {
    const { message, fault } = parsed(invite(`Via: ${value}`));
    assert.equal(fault, Fault.ok, value);
    const via = createViaFields();
    assert.equal(topVia(message, via), true);
    assert.deepEqual(via, { transport, host, port, branch, hasRport, receivedPresent: false });
  }
});

test('no Via and a malformed Via read as none', () => {
  const without = invite().replace(/Via:.*\r\n/, '');
  assert.equal(topVia(parsed(without).message, createViaFields()), false);
  assert.equal(topVia(parsed(invite('Via: x')).message, createViaFields()), false);
});

test('Via lines of a response: received and rport are what we saw (RFC 3581 4)', () => {
  const rows: [string, string][] = [
    ['SIP/2.0/UDP h;branch=z9hG4bK1', ';branch=z9hG4bK1;received=198.51.100.7'],
    ['SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1', ';branch=z9hG4bK1'],
    [
      'SIP/2.0/UDP 198.51.100.7;rport;branch=z9hG4bK1',
      ';branch=z9hG4bK1;rport=40000;received=198.51.100.7',
    ],
    [
      'SIP/2.0/UDP h;rport=1;branch=z9hG4bK1;received=10.0.0.1;x',
      ';branch=z9hG4bK1;x;rport=40000;received=198.51.100.7',
    ],
    [
      'SIP/2.0/UDP h ; received=10.0.0.1 ; branch=z9hG4bK1 ; rport',
      ' ; branch=z9hG4bK1 ;rport=40000;received=198.51.100.7',
    ],
  ];
  for (const [value, params] of rows) {
    const { message } = parsed(invite(`Via: ${value}`));
    const sentBy = value.startsWith('SIP/2.0/UDP 198')
      ? 'SIP/2.0/UDP 198.51.100.7'
      : 'SIP/2.0/UDP h';
    assert.equal(
      viaLines(message, hop),
      `Via: ${sentBy}${params}\r\n`.replace(' ;rport', ';rport'),
      value,
    );
  }
});

test('all Vias are repeated in order, unfolded', () => {
  const { message } = parsed(
    invite(
      'Via: SIP/2.0/UDP h;branch=z9hG4bK1 ,\r\n SIP/2.0/UDP i;branch=z9hG4bK2',
      'v: SIP/2.0/UDP j;branch=z9hG4bK3, SIP/2.0/UDP k;branch=z9hG4bK4',
    ),
  );
  assert.equal(message.viaCount, 4);
  assert.equal(
    viaLines(message, hop),
    'Via: SIP/2.0/UDP h;branch=z9hG4bK1;received=198.51.100.7, SIP/2.0/UDP i;branch=z9hG4bK2\r\n' +
      'Via: SIP/2.0/UDP j;branch=z9hG4bK3, SIP/2.0/UDP k;branch=z9hG4bK4\r\n',
  );
});
