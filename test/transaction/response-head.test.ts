// What a response takes from its request (RFC 3261 8.2.6.2), and where it goes (18.2.1, 18.2.2, RFC 3581 4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Hop } from '../../core/sip/hop.ts';
import { createMessage, type SipMessage } from '../../core/sip/message.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { writeResponse } from '../../core/sip/write-message.ts';
import { responseHead, responseHop } from '../../core/transaction/response-head.ts';
import { peerRequest, tcpPeer, udpPeer } from '../doubles/transaction-stage.ts';

function parsed(text: string, hop: Hop = udpPeer): SipMessage {
  const message = createMessage();
  const bytes = Buffer.from(text, 'latin1') as Buffer & MessageBytes;
  assert.equal(parseMessage(message, bytes, bytes.length, hop.transport), 0);
  return message;
}

function viaLinesOf(message: SipMessage, hop: Hop): string[] {
  const lines = responseHead(message, hop).throughTo.split('\r\n');
  return lines.filter((line) => line.startsWith('Via: '));
}

const branch = ';branch=z9hG4bKpeer1';

/** sent-by, Via parameters, source -> top Via of the response, port it goes to. */
const viaRows: readonly [string, string, Partial<Hop>, string, number][] = [
  ['192.0.2.7:5060', '', {}, '192.0.2.7:5060;branch=z9hG4bKpeer1', 5060],
  ['192.0.2.7:5070', '', { port: 40_000 }, '192.0.2.7:5070;branch=z9hG4bKpeer1', 5070],
  ['192.0.2.7', '', { port: 40_000 }, '192.0.2.7;branch=z9hG4bKpeer1', 5060],
  [
    'pbx.example.com:5070',
    '',
    {},
    'pbx.example.com:5070;branch=z9hG4bKpeer1;received=192.0.2.7',
    5070,
  ],
  [
    '10.1.1.1:5070',
    ';maddr=203.0.113.9',
    {},
    '10.1.1.1:5070;branch=z9hG4bKpeer1;maddr=203.0.113.9;received=192.0.2.7',
    5070,
  ],
  [
    '10.1.1.1:5070',
    ';received=203.0.113.9',
    {},
    '10.1.1.1:5070;branch=z9hG4bKpeer1;received=192.0.2.7',
    5070,
  ],
  [
    '[2001:db8::1]:5070',
    '',
    { address: '2001:db8::1', port: 7 },
    '[2001:db8::1]:5070;branch=z9hG4bKpeer1',
    5070,
  ],
];

describe('response hop and Via', () => {
  for (const [sentBy, viaParams, source, via, port] of viaRows) {
    it(`${sentBy}${viaParams} from ${source.address ?? udpPeer.address}:${source.port ?? udpPeer.port}`, () => {
      const hop = { ...udpPeer, ...source };
      const message = parsed(peerRequest({ sentBy, viaParams }));
      assert.deepEqual(viaLinesOf(message, hop), [`Via: SIP/2.0/UDP ${via}`]);
      assert.deepEqual(responseHop(message, hop), { ...hop, port });
    });
  }

  for (const viaParams of [';rport', ';rport=1;received=203.0.113.9']) {
    it(`${viaParams}: to the source port, both parameters as seen (RFC 3581 4)`, () => {
      const hop = { ...udpPeer, port: 41_234 };
      const message = parsed(peerRequest({ sentBy: '192.0.2.7:5070', viaParams }));
      const vias = `${viaLinesOf(message, hop)}\r\n`;
      assert.match(vias, /;rport=41234(;|\r)/);
      assert.match(vias, /;received=192\.0\.2\.7(;|\r)/);
      assert.doesNotMatch(vias, /203\.0\.113\.9|rport=1;/);
      assert.equal(responseHop(message, hop), hop);
    });
  }

  it('a stream: back over the connection', () => {
    const message = parsed(peerRequest({ transport: 'TCP', sentBy: '10.1.1.1:5070' }), tcpPeer);
    assert.equal(responseHop(message, tcpPeer), tcpPeer);
  });
});

describe('response head', () => {
  it('repeats Via values in order, From, To, Call-ID, CSeq, Record-Route and Timestamp', () => {
    const text = peerRequest({ branch }).replace(
      'Max-Forwards: 70\r\n',
      'v: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bKb, SIP/2.0/UDP 198.51.100.2;branch=z9hG4bKa\r\n' +
        'Record-Route: <sip:198.51.100.1;lr>\r\nRecord-Route: <sip:198.51.100.2;lr>,\r\n <sip:198.51.100.3;lr>\r\n' +
        'Timestamp: 54.21\r\nMax-Forwards: 70\r\n',
    );
    const head = responseHead(parsed(text), udpPeer);
    assert.equal(
      writeResponse(head, 180, 'ours', head.recordRoutes),
      'SIP/2.0 180 Ringing\r\n' +
        'Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKpeer1\r\n' +
        'Via: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bKb, SIP/2.0/UDP 198.51.100.2;branch=z9hG4bKa\r\n' +
        'From: "A. Caller" <sip:100@192.0.2.7>;tag=peer\r\n' +
        'To: <sip:442071234567@192.0.2.1>;tag=ours\r\n' +
        'Call-ID: peer-call@192.0.2.7\r\nCSeq: 1 INVITE\r\n' +
        'Record-Route: <sip:198.51.100.1;lr>\r\n' +
        'Record-Route: <sip:198.51.100.2;lr>, <sip:198.51.100.3;lr>\r\n' +
        'Content-Length: 0\r\n\r\n',
    );
    assert.equal(head.timestamp, 'Timestamp: 54.21\r\n');
  });

  // However the request's lines are written, in whatever order: the response has them all, once.
  const via = 'Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKpeer1\r\n';
  const below = 'Via: SIP/2.0/UDP 198.51.100.2;branch=z9hG4bKa\r\n';
  const from = 'From: <sip:100@192.0.2.7>;tag=peer\r\n';
  const to = 'To: <sip:200@192.0.2.1>\r\n';
  const callId = 'Call-ID: peer-call@192.0.2.7\r\n';
  const cseq = 'CSeq: 1 INVITE\r\n';
  const other = 'Max-Forwards: 70\r\n';
  const layouts: readonly [string, string[], string[]][] = [
    ['Via and the rest in one block', [via, from, to, callId, cseq, other], []],
    ['a header between Via and From', [via, other, from, to, callId, cseq], []],
    ['To last', [via, cseq, from, callId, to, other], []],
    ['a header inside the block', [via, from, other, to, callId, cseq], []],
    ['two Via lines', [via, below, from, to, callId, cseq, other], []],
    ['a Via line after the others', [via, from, to, callId, cseq, below, other], []],
    ['Via after the others', [from, to, callId, cseq, via, other], []],
    ['a folded To', [via, from, to, callId, cseq, other], [to, 'To:\r\n <sip:200@192.0.2.1>\r\n']],
    ['a folded Call-ID', [via, from, to, callId, cseq], [callId, callId.replace(' ', ' \r\n ')]],
    ['compact names', [via, from, to, callId, cseq, other], [from, from.replace('From', 'f')]],
    ['a blank before the colon', [via, from, to, callId, cseq], [cseq, 'CSeq : 1 INVITE\r\n']],
    ['no blank after the colon', [via, from, to, callId, cseq], [to, to.replace(': ', ':')]],
    ['bare line feeds', [via, from, to, callId, cseq], [from, from.replace('\r', '')]],
    ['blanks at the end of a line', [via, from, to, callId, cseq], [to, to.replace('\r', ' \r')]],
  ];
  for (const [title, lines, [line, written]] of layouts) {
    it(title, () => {
      const sent = lines.map((each) => (each === line ? written : each)).join('');
      const message = parsed(
        `INVITE sip:200@192.0.2.1 SIP/2.0\r\n${sent}Content-Length: 0\r\n\r\n`,
      );
      const head = responseHead(message, udpPeer);
      assert.equal(head.toTagged, false);
      const response = writeResponse(head, 180, 'ours', '').split('\r\n');
      const tagged = 'To: <sip:200@192.0.2.1>;tag=ours\r\n';
      const repeated = lines.filter((each) => each !== other);
      const wanted = repeated.map((each) => (each === to ? tagged : each).slice(0, -2));
      assert.equal(response[0], 'SIP/2.0 180 Ringing');
      assert.deepEqual(response.slice(1).sort(), [...wanted, 'Content-Length: 0', '', ''].sort());
      const vias = wanted.filter((each) => each.startsWith('Via'));
      assert.deepEqual(response.slice(1, 1 + vias.length), vias);
    });
  }

  it('repeats no bare CR, which some peers take for the end of a line', () => {
    const text = peerRequest().replace(';tag=peer', '\r;tag=peer');
    const response = writeResponse(responseHead(parsed(text), udpPeer), 180, 'ours', '');
    assert.doesNotMatch(response, /\r(?!\n)/);
    assert.match(response, /^From: .+ ;tag=peer\r$/m);
  });

  it('a To that has a tag keeps it', () => {
    const head = responseHead(parsed(peerRequest({ toTag: 'there' })), udpPeer);
    assert.ok(head.toTagged);
    assert.match(writeResponse(head, 200, 'ours', ''), /^To: <[^>]+>;tag=there\r$/m);
  });
});
