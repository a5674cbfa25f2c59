import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../core/sip/fault.ts';
import { createMessage } from '../../core/sip/message.ts';
import { writeFaultReply, writeOverloadReply } from '../../core/sip/stateless-reply.ts';
import { hop, invite, lines, octets, parsed, plainHeaders } from './message-text.ts';

test('a new INVITE is refused with 503 and Retry-After', () => {
  const bytes = octets(invite('Via: SIP/2.0/UDP h;branch=z9hG4bKabc'));
  const reply = writeOverloadReply(createMessage(), bytes, bytes.length, {
    hop,
    statusCode: 503,
    retryAfterSeconds: 5,
  });
  const tag = /To: <sip:bob@callee.example>;tag=([0-9a-f]{8})\r\n/.exec(reply)?.[1];
  assert.equal(
    reply,
    lines(
      'SIP/2.0 503 Service Unavailable',
      'Via: SIP/2.0/UDP h;branch=z9hG4bKabc;received=198.51.100.7',
      'From: "Ann" <sip:ann@caller.example>;tag=a1',
      `To: <sip:bob@callee.example>;tag=${tag}`,
      'Call-ID: call-1@caller.example',
      'CSeq: 7 INVITE',
      'Retry-After: 5',
      'Content-Length: 0',
      '',
    ),
  );
  const again = writeOverloadReply(createMessage(), bytes, bytes.length, {
    hop,
    statusCode: 503,
    retryAfterSeconds: 5,
  });
  assert.equal(again, reply, 'the tag is the same for a retransmission (RFC 3261 8.2.7)');
  const stranger = { hop, statusCode: 403, retryAfterSeconds: 5 };
  const refused = writeOverloadReply(createMessage(), bytes, bytes.length, stranger);
  assert.match(refused, /^SIP\/2\.0 403 Forbidden\r\n/);
  assert.doesNotMatch(refused, /Retry-After/);
});

test('what our reply says, the parser reads', () => {
  const { message } = parsed(invite());
  assert.equal(parsed(writeFaultReply(message, 400, hop, '')).fault, Fault.ok);
});

test('a To tag of the peer stays', () => {
  const { message } = parsed(invite('To: <sip:b@c>;tag=theirs'));
  assert.match(writeFaultReply(message, 400, hop, ''), /\r\nTo: <sip:b@c>;tag=theirs\r\n/);
});

test('no reply to an ACK, to a response, to what has no Via, to what is no SIP', () => {
  for (const text of [
    invite('CSeq: 7 ACK').replace('INVITE sip', 'ACK sip'),
    lines('SIP/2.0 200 OK', ...plainHeaders, ''),
    invite().replace(/Via:.*\r\n/, ''),
    'GET / HTTP/1.1\r\nHost: x.example\r\n\r\n',
    '',
  ]) {
    assert.equal(writeFaultReply(parsed(text).message, 400, hop, ''), '');
  }
});

test('a fault of the start line leaves enough to answer with', () => {
  const { message, fault } = parsed(invite().replace(' SIP/2.0\r', ' SIP/9.0\r'));
  assert.equal(fault, Fault.versionNotSupported);
  const reply = writeFaultReply(message, 505, hop, '');
  assert.match(reply, /^SIP\/2.0 505 Version Not Supported\r\nVia: .*\r\nFrom: .*tag=a1\r\n/);
});

test('a malformed Via is repeated as it came; missing headers are left out', () => {
  const { message } = parsed(
    lines('INVITE sip:b@c SIP/2.0', 'Via: SIP/2.0/UDP', 'CSeq: 1 INVITE', ''),
  );
  assert.equal(
    writeFaultReply(message, 400, hop, ''),
    lines('SIP/2.0 400 Bad Request', 'Via: SIP/2.0/UDP', 'CSeq: 1 INVITE', 'Content-Length: 0', ''),
  );
});

test('no line break of the request gets into the reply', () => {
  const { message } = parsed(invite('From: <sip:a@b>;tag=1;x=\r\n y', 'To: <sip:b@c\rX: y>'));
  for (const line of writeFaultReply(message, 400, hop, '').split('\r\n')) {
    assert.doesNotMatch(line, /[\r\n]/);
    assert.doesNotMatch(line, /^X:/);
  }
});
