import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeekResult, peekCallId } from '../../core/sip/peek-call-id.ts';
import { invite, lines, octets, plainHeaders } from './message-text.ts';

const rows: [string, string, PeekResult, string][] = [
  ['new INVITE', invite(), PeekResult.newInvite, 'call-1@caller.example'],
  ['re-INVITE', invite('To: <sip:b@c>;tag=x'), PeekResult.request, 'call-1@caller.example'],
  [
    'tag in the URI only',
    invite('To: <sip:b@c;tag=x>'),
    PeekResult.newInvite,
    'call-1@caller.example',
  ],
  [
    'To after Call-ID, compact',
    invite('t: <sip:b@c>;tag=x').replace(/To:.*\r\n/, ''),
    PeekResult.request,
    'call-1@caller.example',
  ],
  ['BYE', invite().replace('INVITE sip', 'BYE sip'), PeekResult.request, 'call-1@caller.example'],
  [
    'invite',
    invite().replace('INVITE sip', 'invite sip'),
    PeekResult.request,
    'call-1@caller.example',
  ],
  ['compact', invite('i: short').replace(/Call-ID:.*\r\n/, ''), PeekResult.newInvite, 'short'],
  ['white space and a fold', invite('CALL-id \t :\r\n  odd  '), PeekResult.newInvite, 'odd'],
  ['twice: the first', invite('Call-ID: one', 'i: two'), PeekResult.newInvite, 'one'],
  [
    'an octet before the colon',
    invite('Call-ID\x01: one'),
    PeekResult.newInvite,
    'call-1@caller.example',
  ],
  [
    'only in the body',
    `${invite().replace(/Call-ID:.*\r\n/, '')}Call-ID: x\r\n`,
    PeekResult.noCallId,
    '',
  ],
  ['empty', invite('Call-ID:'), PeekResult.noCallId, ''],
  ['leading line breaks', `\r\n\r\n${invite()}`, PeekResult.newInvite, 'call-1@caller.example'],
  [
    'response',
    lines('SIP/2.0 200 OK', ...plainHeaders, ''),
    PeekResult.response,
    'call-1@caller.example',
  ],
  ['response without', lines('SIP/2.0 200 OK', 'CSeq: 1 INVITE', ''), PeekResult.nothing, ''],
  ['no SIP', '\0\0\0\0 and more than sixteen octets', PeekResult.nothing, ''],
  ['keep-alive', '\r\n\r\n', PeekResult.keepAlive, ''],
  ['short', 'hello', PeekResult.keepAlive, ''],
  ['empty datagram', '', PeekResult.keepAlive, ''],
];

for (const [what, text, expected, callId] of rows) {
  test(`peek: ${what}`, () => {
    const bytes = octets(text);
    const span = { start: -1, end: -1 };
    assert.equal(peekCallId(bytes, bytes.length, span), expected);
    assert.equal(bytes.latin1Slice(span.start, span.end), callId);
  });
}
