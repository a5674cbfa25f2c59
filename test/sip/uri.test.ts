import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitHeaderValues } from '../../core/sip/header-list.ts';
import { nameAddrDisplay, nameAddrParam, nameAddrUri } from '../../core/sip/name-addr.ts';
import { hasParam, paramValue } from '../../core/sip/params.ts';
import { parseRack } from '../../core/sip/rack.ts';
import { isLooseRouter, parseUri, uriParam, uriUser } from '../../core/sip/uri.ts';

test('parts of a SIP URI', () => {
  const uri = parseUri(
    'SIPS:+1%2d555;phone-context=x:secret@Example.COM:5071;Transport=TCP;lr?a=b',
  );
  assert.deepEqual(uri, {
    scheme: 'sips',
    user: '+1-555',
    userParams: 'phone-context=x',
    host: 'example.com',
    port: 5071,
    params: 'Transport=TCP;lr',
    headers: 'a=b',
  });
  assert.equal(uriParam(uri!, 'transport'), 'TCP');
  assert.equal(uriParam(uri!, 'lr'), '');
  assert.equal(uriParam(uri!, '__proto__'), undefined);
  assert.equal(isLooseRouter(uri!), true);
  assert.equal(isLooseRouter(parseUri('sip:h;lrx')!), false);
});

test('hosts and ports (RFC 5118 for IPv6)', () => {
  const rows: [string, string, number][] = [
    ['sip:192.0.2.1', '192.0.2.1', 0],
    ['sip:a@[2001:db8::10]:5070', '2001:db8::10', 5070],
    ['sip:[2001:db8::10]', '2001:db8::10', 0],
    ['sip:[2001:db8::10:5070]', '2001:db8::10:5070', 0],
    ['sip:[::ffff:192.0.2.10]', '::ffff:192.0.2.10', 0],
    ['sip:gw_1.example:65535', 'gw_1.example', 65_535],
  ];
  for (const [text, host, port] of rows) {
    const uri = parseUri(text);
    assert.deepEqual([uri?.host, uri?.port], [host, port], text);
  }
});

test('what is no URI of ours', () => {
  for (const text of [
    '',
    'sip:',
    'sip',
    'bob@host',
    'sip:bob@',
    'sip:@host',
    'sip:a@b@c',
    'sip:a@h:0',
    'sip:a@h:65536',
    'sip:a@h:x',
    'sip:a@h:',
    'sip:a@2001:db8::1',
    'sip:a@[2001:db8::1',
    'sip:a@[2001:db8::1]x',
    'sip:a@[]',
    'sip:a@h o',
    'sip:a@<h>',
    'sip:a@h\r\nX: y',
    'tel:',
    'tel:()',
    'http://h',
  ]) {
    assert.equal(parseUri(text), undefined, text);
  }
});

test('the number called or calling', () => {
  const rows: [string, string][] = [
    ['sip:4930@h', '4930'],
    ['sip:%34930@h', '4930'],
    ['sip:+49(30)-1@h;user=phone', '+49(30)-1'],
    ['sip:4930;npdi;rn=1@h', '4930'],
    ['sip:4930:pw@h', '4930'],
    ['sip:100%@h', '100%'],
    ['sip:1%zz@h', '1%zz'],
    ['sip:h', ''],
    ['tel:+49-30.(123)4;phone-context=x', '+49301234'],
    ['tel:911', '911'],
    ['isbn:123', ''],
  ];
  for (const [text, user] of rows) assert.equal(uriUser(text), user, text);
});

test('name-addr', () => {
  const quoted = '"A \\"B\\" <sip:no@no>;tag=no, C" <sip:a@b;tag=no>;x="1;tag=no";tag=yes';
  assert.equal(nameAddrUri(quoted), 'sip:a@b;tag=no');
  assert.equal(nameAddrDisplay(quoted), 'A "B" <sip:no@no>;tag=no, C');
  assert.equal(nameAddrParam(quoted, 'tag'), 'yes');
  assert.equal(nameAddrUri('sip:a@b;tag=1'), 'sip:a@b');
  assert.equal(nameAddrParam('sip:a@b;tag=1', 'tag'), '1');
  assert.equal(nameAddrDisplay('sip:a@b'), '');
  assert.equal(nameAddrDisplay('<sip:a@b>'), '');
  assert.equal(nameAddrDisplay('Ann Lee <sip:a@b>'), 'Ann Lee');
  assert.equal(nameAddrUri('"x" <sip:a@b'), '');
  assert.equal(nameAddrParam('<sip:a@b', 'tag'), undefined);
});

test('parameters and lists', () => {
  assert.equal(paramValue(' A = "x;y" ; flag ;b=2', 'a'), 'x;y');
  assert.equal(paramValue(';;b=', 'b'), '');
  assert.equal(hasParam('a=1;flag', 'flag'), true);
  assert.equal(hasParam('a=flag', 'flag'), false);
  assert.deepEqual(splitHeaderValues('"a,b" <sip:x,y>, <sip:z;q="1"> ,, c'), [
    '"a,b" <sip:x,y>',
    '<sip:z;q="1">',
    'c',
  ]);
  assert.deepEqual(splitHeaderValues('  '), []);
  assert.deepEqual(splitHeaderValues('"open, <x'), ['"open, <x']);
});

test('RAck', () => {
  assert.deepEqual(parseRack('776656 1 \tINVITE'), { rseq: 776_656, cseq: 1, method: 'INVITE' });
  for (const value of [
    '',
    '1 2',
    '0 1 INVITE',
    '1 2 INVITE x',
    'x 1 INVITE',
    '4294967296 1 INVITE',
  ]) {
    assert.equal(parseRack(value), undefined, value);
  }
});
