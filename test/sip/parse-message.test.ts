import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, faultStatus, faultText } from '../../core/sip/fault.ts';
import { HeaderId, headerTable } from '../../core/sip/header-id.ts';
import {
  hasOptionTag,
  headerInteger,
  headerTag,
  headerValues,
} from '../../core/sip/header-values.ts';
import { Transport } from '../../core/sip/hop.ts';
import {
  bodyText,
  callIdText,
  createMessage,
  headerText,
  headerTexts,
  methodText,
  requestUriText,
} from '../../core/sip/message.ts';
import { Method, methodNames } from '../../core/sip/method.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { invite, lines, octets, parsed, plainHeaders } from './message-text.ts';

test('a plain INVITE: every field in its place', () => {
  const { message, fault } = parsed(invite());
  assert.equal(fault, Fault.ok);
  assert.equal(message.isRequest, true);
  assert.equal(message.method, Method.INVITE);
  assert.equal(requestUriText(message), 'sip:bob@callee.example');
  assert.equal(message.cseq, 7);
  assert.equal(message.maxForwards, 70);
  assert.equal(message.contentLength, 0);
  assert.equal(callIdText(message), 'call-1@caller.example');
  assert.equal(headerTag(message, HeaderId.from), 'a1');
  assert.equal(headerTag(message, HeaderId.to), '');
  assert.equal(message.headerCount, 7);
  assert.equal(message.viaCount, 1);
});

test('a response takes its method from CSeq', () => {
  const { message, fault } = parsed(lines('SIP/2.0 183 Session Progress', ...plainHeaders, ''));
  assert.equal(fault, Fault.ok);
  assert.equal(message.isRequest, false);
  assert.equal(message.statusCode, 183);
  assert.equal(message.method, Method.INVITE);
  assert.equal(methodText(message), 'INVITE');
});

test('every method is known by its exact spelling only (RFC 3261 7.1)', () => {
  for (let method = 1; method < methodNames.length; method++) {
    const name = methodNames[method]!;
    for (const [spelling, expected] of [
      [name, method],
      [name.toLowerCase(), Method.unknown],
      [`${name}X`, Method.unknown],
    ] as const) {
      const text = invite(`CSeq: 1 ${spelling}`).replace('INVITE sip', `${spelling} sip`);
      const { message, fault } = parsed(text);
      assert.equal(fault, Fault.ok, spelling);
      assert.equal(message.method, expected, spelling);
      assert.equal(methodText(message), spelling);
    }
  }
});

test('every header is found by its name in any case and by its compact form', () => {
  for (const [id, name, compact] of headerTable) {
    if (id <= HeaderId.contentLength) continue;
    const spellings = [name, name.toLowerCase(), name.toUpperCase()];
    if (compact !== '') spellings.push(compact, compact.toUpperCase());
    for (const spelling of spellings) {
      const { message } = parsed(invite(`${spelling} \t: value`));
      assert.equal(headerText(message, id), 'value', spelling);
    }
  }
  const { message, fault } = parsed(
    lines(
      'OPTIONS sip:bob@callee.example SIP/2.0',
      'v: SIP/2.0/UDP h;branch=z9hG4bK1',
      'f: sip:a@b;tag=1',
      't: sip:a@b',
      'i: x',
      'CSEQ: 1 OPTIONS',
      'l: 0',
      '',
    ),
  );
  assert.equal(fault, Fault.ok);
  assert.equal(callIdText(message), 'x');
});

test('smuggling: only SP and HTAB may stand between a header name and its colon', () => {
  for (let octet = 0; octet < 256; octet++) {
    const between = String.fromCharCode(octet);
    const { message } = parsed(invite(`P-Asserted-Identity${between}: <sip:ceo@victim.example>`));
    const text = headerText(message, HeaderId.pAssertedIdentity);
    // A colon there is the header's own, and what follows is a value that is no address.
    if (octet === 32 || octet === 9) assert.equal(text, '<sip:ceo@victim.example>');
    else if (octet === 58) assert.equal(text, ': <sip:ceo@victim.example>');
    else assert.equal(text, undefined, `octet ${octet}`);
  }
});

test('smuggling: a carriage return alone starts no header', () => {
  const { message } = parsed(invite('Subject: x\rP-Asserted-Identity: <sip:ceo@victim.example>'));
  assert.equal(headerText(message, HeaderId.pAssertedIdentity), undefined);
  assert.equal(
    headerText(message, HeaderId.subject),
    'x P-Asserted-Identity: <sip:ceo@victim.example>',
  );
});

test('a name that an object would inherit is a header like any other', () => {
  const { fault } = parsed(invite('__proto__: x', 'constructor: y'));
  assert.equal(fault, Fault.ok);
});

test('line ends and folds', () => {
  const bare = invite('Subject: one\r\n two\r\n\t three').replaceAll('\r\n', '\n');
  for (const text of [bare, `\r\n\r\n${bare}`]) {
    const { message, fault } = parsed(text);
    assert.equal(fault, Fault.ok);
    assert.equal(headerText(message, HeaderId.subject), 'one two three');
  }
});

test('a fold directly after the colon belongs to no value', () => {
  const { message, fault } = parsed(invite('To:\r\n sip:bob@callee.example;tag=z \r\n '));
  assert.equal(fault, Fault.ok);
  assert.equal(headerText(message, HeaderId.to), 'sip:bob@callee.example;tag=z');
  assert.equal(headerTag(message, HeaderId.to), 'z');
});

test('tags: not from the URI, the display name or another parameter', () => {
  const rows: [string, string][] = [
    ['"x;tag=no" <sip:a@b;tag=no>;tag=yes', 'yes'],
    ['"x\\";tag=no" <sip:a@b>;TAG = yes', 'yes'],
    ['<sip:a@b;tag=no>', ''],
    ['sip:a@b;tag=yes;x=1', 'yes'],
    ['<sip:a@b>;xtag=no;tag=yes', 'yes'],
    ['<sip:a@b>;x="tag=no;tag=no2";tag=yes', 'yes'],
    ['<sip:a@b>;tag=', ''],
    ['<sip:a@b>;tag', ''],
    ['<sip:a@b>;tag=yes;tag=no', 'yes'],
    ['caller<sip:a@b>;tag=yes', 'yes'],
  ];
  for (const [from, tag] of rows) {
    const { message, fault } = parsed(invite(`From: ${from}`));
    assert.equal(fault, Fault.ok, from);
    assert.equal(headerTag(message, HeaderId.from), tag, from);
  }
});

test('body: Content-Length, the rest of a datagram, octets after it', () => {
  const sdp = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n';
  const rows: [string, Transport, Fault, string][] = [
    [invite(`Content-Length: ${sdp.length}`) + sdp, Transport.udp, Fault.ok, sdp],
    [invite('Content-Length: 3') + sdp, Transport.udp, Fault.ok, 'v=0'],
    [invite().replace('Content-Length: 0\r\n', '') + sdp, Transport.udp, Fault.ok, sdp],
    [invite().replace('Content-Length: 0\r\n', ''), Transport.tcp, Fault.badContentLength, ''],
    [invite('Content-Length: 99') + sdp, Transport.udp, Fault.truncated, sdp],
    [invite('Content-Length: 99') + sdp, Transport.tcp, Fault.truncated, sdp],
  ];
  for (const [text, transport, expected, body] of rows) {
    const { message, fault } = parsed(text, transport);
    assert.equal(fault, expected);
    assert.equal(bodyText(message), body);
  }
});

const faultRows: [string, Fault][] = [
  [invite('Content-Length: -1'), Fault.badContentLength],
  [invite('Content-Length: 1x'), Fault.badContentLength],
  [invite('Content-Length:'), Fault.badContentLength],
  [invite('Content-Length: 2147483648'), Fault.badContentLength],
  [invite('Content-Length: 4294967328'), Fault.badContentLength],
  [invite('Content-Length: 9007199254740993'), Fault.badContentLength],
  [invite('Content-Length: 0', 'l: 5'), Fault.badContentLength],
  [invite('Content-Length: 0', 'Content-Length: 0'), Fault.badContentLength],
  [invite('Max-Forwards: x'), Fault.badMaxForwards],
  [invite('Max-Forwards: -1'), Fault.badMaxForwards],
  [invite('Max-Forwards: 1', 'Max-Forwards: 2'), Fault.duplicateHeader],
  [invite('From: <sip:a@b>;tag=1', 'f: <sip:a@b>;tag=2'), Fault.duplicateHeader],
  [invite('To: <sip:a@b>', 'To: <sip:a@b>'), Fault.duplicateHeader],
  [invite('Call-ID: a', 'i: b'), Fault.duplicateHeader],
  [invite('CSeq: 1 INVITE', 'CSeq: 1 INVITE'), Fault.duplicateHeader],
  [invite('CSeq: 2147483648 INVITE'), Fault.badCseq],
  [invite('CSeq: 9007199254740993 INVITE'), Fault.badCseq],
  [invite('CSeq: 1 invite'), Fault.badCseq],
  [invite('CSeq: 1INVITE'), Fault.badCseq],
  [invite('CSeq: INVITE'), Fault.badCseq],
  [invite('CSeq: 1 BYE'), Fault.badCseq],
  [invite('CSeq: 1 INVITE x'), Fault.badCseq],
  [invite('Call-ID:'), Fault.badCallId],
  [invite('Call-ID: a b'), Fault.badCallId],
  [invite('Call-ID: a\r\n b'), Fault.badCallId],
  [invite('Call-ID: a\0b'), Fault.badCallId],
  [invite('From:'), Fault.badAddress],
  [invite('From: <>'), Fault.badAddress],
  [invite('From: <sip:a@b'), Fault.badAddress],
  [invite('From: <sip:a@b> x'), Fault.badAddress],
  [invite('From: <sip:a@b>, <sip:c@d>'), Fault.badAddress],
  [invite('To: "Bob <sip:a@b>'), Fault.badAddress],
  [invite('To: ;tag=1'), Fault.badAddress],
  [invite('Via:'), Fault.badVia],
  [invite('Via: SIP/2.0 h'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP h:99999'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP [2001:db8::1;branch=z9hG4bK1'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP h;branch=z9hG4bK'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP h;branch='), Fault.badVia],
  [invite('Via: SIP/2.0/UDP h;branch=z9hG4bK1,'), Fault.badVia],
  [invite('Via: SIP/2.0/UDP h;branch=z9hG4bK1', 'Via: ,'), Fault.badVia],
  [invite('Route: <sip:a;lr>,,<sip:b;lr>'), Fault.badRoute],
  [invite('Route: <sip:a;lr'), Fault.badRoute],
  [invite().replace('sip:bob', '  sip:bob'), Fault.badStartLine],
  [invite().replace(' SIP/2.0\r', ' SIP/2.0 \r'), Fault.badStartLine],
  [invite().replace(' SIP/2.0\r', '\r'), Fault.badStartLine],
  [invite().replace(' SIP/2.0\r', ' SIP/2.0\rX\r'), Fault.badStartLine],
  [invite().replace(' SIP/2.0\r', ' SIP/3.0\r'), Fault.versionNotSupported],
  [invite().replace('sip:bob@callee.example SIP', 'bob SIP'), Fault.badRequestUri],
  [invite().replace('sip:bob@callee.example SIP', '<sip:bob@h> SIP'), Fault.badRequestUri],
  [invite().replace('sip:bob@callee.example SIP', 'sip:bob@h?Route=x SIP'), Fault.badRequestUri],
  [invite().replace('sip:bob@', `sip:${'b'.repeat(1024)}@`), Fault.uriTooLong],
  ...[
    'sip:',
    'sip:@h',
    'sip:a@b@c',
    'sip:a@h:0',
    'sip:a@h:65536',
    'sip:a@h:5060x',
    'sip:a@[2001:db8::1',
    'sip:a@2001:db8::1',
  ].map((uri): [string, Fault] => [
    invite().replace('sip:bob@callee.example SIP', `${uri} SIP`),
    Fault.badRequestUri,
  ]),
  ['GET / HTTP/1.1\r\nHost: x.example\r\n\r\n', Fault.notSip],
  ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 more of it', Fault.notSip],
  ['\r\n\r\n', Fault.keepAlive],
  ['', Fault.keepAlive],
  ['\0\0\0\0', Fault.keepAlive],
  ['jaK', Fault.keepAlive],
  [invite().slice(0, -2), Fault.truncated],
  [invite().slice(0, 200), Fault.truncated],
  ['INVITE sip:bob@callee.example SIP/2.0\r\n\r\n', Fault.missingHeader],
  [lines('SIP/2.0 99 Low', ...plainHeaders, ''), Fault.badStartLine],
  [lines('SIP/2.0 700 High', ...plainHeaders, ''), Fault.badStartLine],
  [lines('SIP/2.0 2000 Long', ...plainHeaders, ''), Fault.badStartLine],
  [lines('SIP/2.1 200 OK', ...plainHeaders, ''), Fault.versionNotSupported],
];

test('faults', () => {
  for (const [text, expected] of faultRows) {
    const { fault } = parsed(text);
    assert.equal(faultText(fault), faultText(expected), text.slice(0, 300));
  }
});

test('each mandatory header is missed', () => {
  for (const row of plainHeaders) {
    if (row.startsWith('Max-Forwards') || row.startsWith('Content-Length')) continue;
    const { fault } = parsed(invite().replace(`${row}\r\n`, ''));
    assert.equal(fault, Fault.missingHeader, row);
  }
  const { message, fault } = parsed(invite().replace('Max-Forwards: 70\r\n', ''));
  assert.equal(fault, Fault.ok);
  assert.equal(message.maxForwards, -1);
});

test('Max-Forwards over 255 counts as 255', () => {
  for (const value of ['255', '256', '0300', '9'.repeat(5000)]) {
    const { message, fault } = parsed(invite(`Max-Forwards: ${value}`));
    assert.equal(fault, Fault.ok);
    assert.equal(message.maxForwards, 255);
  }
});

test('limits: each one reached is fine, one more is a fault', () => {
  const many = (count: number, row: string): string[] => Array(count).fill(row) as string[];
  const rows: [string, string, Fault][] = [
    [invite(...many(249, 'X: y')), invite(...many(250, 'X: y')), Fault.tooManyHeaders],
    [
      invite(...many(64, 'Via: SIP/2.0/UDP h;branch=z9hG4bK1')),
      invite(`Via: ${many(65, 'SIP/2.0/UDP h;branch=z9hG4bK1').join(',')}`),
      Fault.tooManyVias,
    ],
    [
      invite(`Route: ${many(64, '<sip:a;lr>').join(',')}`),
      invite(...many(65, 'Route: <sip:a;lr>')),
      Fault.tooManyRoutes,
    ],
    [
      invite(`Subject: ${'x'.repeat(65_536 - invite('Subject: ').length)}`),
      invite(`Subject: ${'x'.repeat(65_537 - invite('Subject: ').length)}`),
      Fault.messageTooLarge,
    ],
    [
      invite().replace('sip:bob@callee.example', `sip:${'b'.repeat(1020)}`),
      invite().replace('sip:bob@callee.example', `sip:${'b'.repeat(1021)}`),
      Fault.uriTooLong,
    ],
  ];
  for (const [within, over, expected] of rows) {
    assert.equal(parsed(within).fault, Fault.ok, faultText(expected));
    assert.equal(parsed(over).fault, expected);
  }
  assert.equal(faultStatus(Fault.messageTooLarge), 513);
  assert.equal(faultStatus(Fault.uriTooLong), 414);
});

test('octets of an earlier message after the end are not read', () => {
  const message = createMessage();
  const bytes = octets(invite());
  for (let end = 0; end < bytes.length; end++) {
    const whole = parseMessage(message, bytes, end, Transport.udp);
    const cut = parsed(bytes.latin1Slice(0, end));
    assert.equal(whole, cut.fault);
    assert.deepEqual(
      headerTexts(message, HeaderId.callId),
      headerTexts(cut.message, HeaderId.callId),
    );
  }
});

test('what was read out stays right when the buffer is filled again', () => {
  const message = createMessage();
  const bytes = octets(invite());
  parseMessage(message, bytes, bytes.length, Transport.udp);
  const read = [callIdText(message), headerText(message, HeaderId.from), requestUriText(message)];
  bytes.fill(0);
  assert.deepEqual(read, [
    'call-1@caller.example',
    '"Ann" <sip:ann@caller.example>;tag=a1',
    'sip:bob@callee.example',
  ]);
});

test('nothing of the message before remains in a message that is used again', () => {
  const message = createMessage();
  const full = octets(invite('Require: 100rel', 'Contact: <sip:a@b>'));
  parseMessage(message, full, full.length, Transport.udp);
  const plain = octets(invite());
  parseMessage(message, plain, plain.length, Transport.udp);
  assert.equal(headerText(message, HeaderId.require), undefined);
  assert.equal(headerText(message, HeaderId.contact), undefined);
  assert.deepEqual({ ...message, headers: 0 }, { ...parsed(invite()).message, headers: 0 });
});

test('option tags, list values and numbers', () => {
  const { message } = parsed(
    invite('Require: timer , 100REL', 'Require: path', 'Supported: 100relx', 'RSeq: 4294967295'),
  );
  assert.equal(hasOptionTag(message, HeaderId.require, '100rel'), true);
  assert.equal(hasOptionTag(message, HeaderId.require, 'path'), true);
  assert.equal(hasOptionTag(message, HeaderId.require, 'rel'), false);
  assert.equal(hasOptionTag(message, HeaderId.supported, '100rel'), false);
  assert.deepEqual(headerValues(message, HeaderId.require), ['timer', '100REL', 'path']);
  assert.equal(headerInteger(message, HeaderId.rseq), 4_294_967_295);
  const numbers: [string, number][] = [
    ['1800;refresher=uac', 1800],
    ['90 (busy)', 90],
    ['4294967296', -1],
    ['x', -1],
    ['12x', -1],
    ['', -1],
  ];
  for (const [value, expected] of numbers) {
    const read = parsed(invite(`Session-Expires: ${value}`)).message;
    assert.equal(headerInteger(read, HeaderId.sessionExpires), expected, value);
  }
  assert.equal(headerInteger(message, HeaderId.minSe), -1);
});
