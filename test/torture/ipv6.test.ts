// The points of RFC 5118 4 (IPv6 in SIP), text of our own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, faultText } from '../../core/sip/fault.ts';
import { HeaderId } from '../../core/sip/header-id.ts';
import { headerValues } from '../../core/sip/header-values.ts';
import { bodyText, headerText, requestUriText } from '../../core/sip/message.ts';
import { nameAddrUri } from '../../core/sip/name-addr.ts';
import { parseUri } from '../../core/sip/uri.ts';
import { createViaFields, topVia } from '../../core/sip/via.ts';
import { begunCall, createStage } from '../doubles/switch-stage.ts';
import { parsed } from '../sip/message-text.ts';
import { requestHead, sipText } from './torture-message.ts';

function options(requestUri: string, changes: string[] = [], body = ''): string {
  const length = `Content-Length: ${body.length}`;
  return sipText(requestHead('OPTIONS', requestUri, 'ipv6', [...changes, length]), body);
}

test('4.1 and 4.2: an IPv6 address in the Request-URI needs its brackets', () => {
  const { message, fault } = parsed(options('sip:[2001:db8:7::20]'));
  assert.equal(fault, Fault.ok);
  assert.equal(parseUri(requestUriText(message))?.host, '2001:db8:7::20');
  assert.equal(
    faultText(parsed(options('sip:2001:db8:7::20')).fault),
    faultText(Fault.badRequestUri),
  );
});

test('4.3 and 4.4: a last group that looks like a port is part of the address', () => {
  const ambiguous = parsed(options('sip:[2001:db8:7::20:5070]')).message;
  assert.deepEqual(
    [parseUri(requestUriText(ambiguous))?.host, parseUri(requestUriText(ambiguous))?.port],
    ['2001:db8:7::20:5070', 0],
  );
  const clear = parsed(options('sip:[2001:db8:7::20]:5070')).message;
  assert.equal(parseUri(requestUriText(clear))?.port, 5070);
});

test('4.5: received with and without brackets', () => {
  for (const received of ['[2001:db8:7::9:255]', '2001:db8:7::9:255']) {
    const via = `Via: SIP/2.0/UDP [2001:db8:7::9]:5070;received=${received};branch=z9hG4bKv6`;
    const { message, fault } = parsed(options('sip:[2001:db8:7::20]', [via]));
    assert.equal(fault, Fault.ok);
    const fields = createViaFields();
    assert.ok(topVia(message, fields));
    assert.deepEqual(
      [fields.host, fields.port, fields.branch, fields.receivedPresent],
      ['2001:db8:7::9', 5070, 'z9hG4bKv6', true],
    );
  }
});

test('4.6: IPv6 in a body passes as it is', () => {
  const body = 'v=0\r\no=- 1 1 IN IP6 2001:db8:7::20\r\nc=IN IP6 2001:db8:7::20\r\n';
  const { message } = parsed(
    options('sip:[2001:db8:7::20]', ['Content-Type: application/sdp'], body),
  );
  assert.equal(bodyText(message), body);
});

test('4.7: addresses of both families in the headers of one message', () => {
  const { message, fault } = parsed(
    options('sip:lee@[2001:db8:7::20]', [
      'Via: SIP/2.0/UDP [2001:db8:7::9:1]:6050;branch=z9hG4bKv61',
      'Via: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKv62',
      'Contact: <sip:kim@198.51.100.9:5070>, <sip:kim@[2001:db8:7::9]:5080>',
    ]),
  );
  assert.equal(fault, Fault.ok);
  assert.equal(message.viaCount, 2);
  const hosts = headerValues(message, HeaderId.contact).map((value) => {
    const uri = parseUri(nameAddrUri(value));
    return [uri?.host, uri?.port];
  });
  assert.deepEqual(hosts, [
    ['198.51.100.9', 5070],
    ['2001:db8:7::9', 5080],
  ]);
});

test('4.8: connection lines of both families in one session description pass as they are', () => {
  const body =
    'v=0\r\no=- 1 1 IN IP6 2001:db8:7::20\r\ns=-\r\nc=IN IP6 2001:db8:7::20\r\nt=0 0\r\n' +
    'm=audio 30000 RTP/AVP 8\r\nc=IN IP4 198.51.100.9\r\nm=video 30002 RTP/AVP 31\r\n';
  const stage = createStage();
  const { carried } = begunCall(stage, { body });
  assert.equal(carried.body, body);
  assert.equal(stage.effects.ends.length, 0);
});

test('4.9: an IPv4-mapped address', () => {
  const contact = 'Contact: "K" <sip:kim@[::ffff:198.51.100.20]:5061>';
  const { message, fault } = parsed(options('sip:lee@[::FFFF:198.51.100.9]', [contact]));
  assert.equal(fault, Fault.ok);
  const uri = parseUri(nameAddrUri(headerText(message, HeaderId.contact)!));
  assert.deepEqual([uri?.user, uri?.host, uri?.port], ['kim', '::ffff:198.51.100.20', 5061]);
});

test('4.10: three colons, as old grammars allowed, do not break anything', () => {
  const via =
    'Via: SIP/2.0/UDP [2001:db8:7::9]:5070;received=[2001:db8:::198.51.100.1];branch=z9hG4bKv7';
  assert.equal(parsed(options('sip:[2001:db8:::198.51.100.1]', [via])).fault, Fault.ok);
});

test('a whole switch answers each of them: 400 without the brackets, 200 else', () => {
  for (const [requestUri, status] of [
    ['sip:[2001:db8:7::20]', 200],
    ['sip:2001:db8:7::20', 400],
    ['sip:[2001:db8:7::20:5070]', 200],
    ['sip:[2001:db8:7::20]:5070', 200],
    ['sip:lee@[::FFFF:198.51.100.9]', 200],
    ['sip:[2001:db8:::198.51.100.1]', 200],
  ] as const) {
    const stage = createStage();
    stage.deliver(
      options(requestUri, ['Via: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKv8']),
      stage.caller.hop,
    );
    stage.caller.takeOne(`SIP/2.0 ${status}`);
  }
});
