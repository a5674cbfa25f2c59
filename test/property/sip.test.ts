import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../core/sip/fault.ts';
import { createFrameStream, pushChunk } from '../../core/sip/frame-stream.ts';
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
  requestUriText,
} from '../../core/sip/message.ts';
import { Method } from '../../core/sip/method.ts';
import { nameAddrDisplay, nameAddrParam, nameAddrUri } from '../../core/sip/name-addr.ts';
import { parseMessage } from '../../core/sip/parse-message.ts';
import { PeekResult, peekCallId } from '../../core/sip/peek-call-id.ts';
import { writeFaultReply } from '../../core/sip/stateless-reply.ts';
import { parseUri } from '../../core/sip/uri.ts';
import { createViaFields, topVia } from '../../core/sip/via.ts';
import { writeRequest, writeResponseWithBody } from '../../core/sip/write-message.ts';
import { allocate, hop, invite, lines, octets, parsed, plainHeaders } from '../sip/message-text.ts';
import { tortureMessages } from '../torture/messages.ts';

const message = createMessage();

/** Parses, reads everything that can be read, and checks what must hold of any input. */
function readEverything(text: string): void {
  const bytes = octets(text);
  for (const transport of [Transport.udp, Transport.tcp]) {
    const fault = parseMessage(message, bytes, bytes.length, transport);
    assert.ok(Object.values(Fault).includes(fault));
    assert.equal(message.fault, fault);
    assert.ok(message.bodyStart <= message.bodyEnd && message.bodyEnd <= bytes.length);
    for (const [id] of headerTable) {
      headerValues(message, id);
      headerInteger(message, id);
      hasOptionTag(message, id, '100rel');
      const value = headerText(message, id) ?? '';
      nameAddrDisplay(value);
      nameAddrParam(value, 'tag');
      parseUri(nameAddrUri(value));
    }
    headerTag(message, HeaderId.from);
    headerTag(message, HeaderId.to);
    topVia(message, createViaFields());
    bodyText(message);
    for (const line of writeFaultReply(message, 400, hop, '').split('\r\n')) {
      assert.ok(!line.includes('\n') && !line.includes('\r'));
    }
    agreeOnCallId(text);
  }
}

/** The main thread's scan and the parser see the same Call-ID, the same kind, the same newness. */
function agreeOnCallId(text: string): void {
  const bytes = octets(text);
  const span = { start: 0, end: 0 };
  const peeked = peekCallId(bytes, bytes.length, span);
  const fault = parseMessage(message, bytes, bytes.length, Transport.udp);
  if (fault === Fault.notSip || fault === Fault.messageTooLarge) return;
  assert.equal(peeked === PeekResult.keepAlive, fault === Fault.keepAlive);
  if (fault === Fault.keepAlive) return;
  const row = message.firstRow[HeaderId.callId]!;
  const start = row < 0 ? 0 : message.headers[row * 5 + 3]!;
  const end = row < 0 ? 0 : message.headers[row * 5 + 4]!;
  assert.equal(bytes.latin1Slice(span.start, span.end), bytes.latin1Slice(start, end));
  if (start === end) {
    assert.equal(peeked, message.isRequest ? PeekResult.noCallId : PeekResult.nothing);
    return;
  }
  assert.equal(peeked === PeekResult.response, !message.isRequest);
  const isNew = message.method === Method.INVITE && headerTag(message, HeaderId.to) === '';
  assert.equal(peeked === PeekResult.newInvite, message.isRequest && isNew);
}

const anyOctets = fc.uint8Array({ maxLength: 400 }).map((bytes) => String.fromCharCode(...bytes));

test('any octets: a fault or a message, never an exception', () => {
  fc.assert(fc.property(anyOctets, readEverything), { numRuns: 500 });
});

const seeds = [...tortureMessages.map((row) => row.text), invite()];

test('mutated messages: a fault or a message, never an exception', () => {
  const edit = fc.record({
    at: fc.nat(),
    drop: fc.nat({ max: 30 }),
    insert: fc.oneof(
      anyOctets.map((text) => text.slice(0, 8)),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        ' ',
        '\t',
        ':',
        ',',
        ';',
        '"',
        '<',
        '>',
        '\0',
        'i: x\r\n',
      ),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (seed, edits) => {
        let text = seed;
        for (const { at, drop, insert } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + drop);
        }
        readEverything(text);
      },
    ),
    { numRuns: 1500 },
  );
});

test('the Call-ID scan agrees with the parser on odd Call-ID and To lines', () => {
  const odd = fc.constantFrom(
    'Call-ID: a1',
    'call-id : a2',
    'i:a3',
    'I\t:\r\n a4',
    'Call-ID:',
    'Call-ID\x0b: a5',
    'Call-ID',
    ' i: a6',
    'Call-I: a7',
    'X: y\r\n i: a8',
    'X: y\ri: a9',
    'To: <sip:b@c>',
    't: <sip:b@c>;tag=1',
    'To: "tag=1" <sip:b@c;tag=2>',
    'To: sip:b@c;tag=3',
    'To: <sip:b@c',
    '',
    'CSeq: 1 INVITE',
  );
  const startLine = fc.constantFrom(
    'INVITE sip:b@c SIP/2.0',
    'BYE sip:b@c SIP/2.0',
    'invite sip:b@c SIP/2.0',
    'SIP/2.0 200 OK',
    'INVITE  sip:b@c SIP/2.0',
    '\r\nINVITE sip:b@c SIP/2.0',
    '',
  );
  fc.assert(
    fc.property(startLine, fc.array(odd, { maxLength: 8 }), fc.boolean(), (start, rows, bare) => {
      const text = lines(start, ...rows, '');
      agreeOnCallId(bare ? text.replaceAll('\r\n', '\n') : text);
    }),
    { numRuns: 2000 },
  );
});

const word = fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/);
const bodies = fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes));

test('what is written reads back: requests', () => {
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom(Method.INVITE, Method.BYE, Method.UPDATE, Method.PRACK),
        user: word,
        callId: word,
        tag: word,
        cseq: fc.nat({ max: 2 ** 31 - 1 }),
        maxForwards: fc.nat({ max: 255 }),
        body: bodies,
      }),
      ({ method, user, callId, tag, cseq, maxForwards, body }) => {
        const from = `"${user}" <sip:${user}@h>;tag=${tag}`;
        const text = writeRequest(
          {
            method,
            requestUri: `sip:${user}@h`,
            sentBy: 'SIP/2.0/UDP 192.0.2.1:5060',
            branch: `z9hG4bK${tag}`,
            from,
            to: `<sip:${user}@h>`,
            callId,
            cseq,
            routes: 'Route: <sip:p;lr>\r\n',
            maxForwards,
          },
          'Supported: 100rel\r\n',
          body,
        );
        const read = parsed(text, Transport.tcp).message;
        assert.equal(read.fault, Fault.ok);
        assert.equal(read.method, method);
        assert.equal(requestUriText(read), `sip:${user}@h`);
        assert.equal(headerText(read, HeaderId.from), from);
        assert.equal(headerTag(read, HeaderId.from), tag);
        assert.equal(callIdText(read), callId);
        assert.equal(read.cseq, cseq);
        assert.equal(read.maxForwards, maxForwards);
        assert.deepEqual(headerTexts(read, HeaderId.route), ['<sip:p;lr>']);
        assert.equal(bodyText(read), body);
        const via = createViaFields();
        topVia(read, via);
        assert.deepEqual(
          [via.host, via.port, via.branch, via.hasRport],
          ['192.0.2.1', 5060, `z9hG4bK${tag}`, true],
        );
      },
    ),
  );
});

test('what is written reads back: responses', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 100, max: 699 }), bodies, (name, statusCode, body) => {
      const text = writeResponseWithBody(
        {
          throughTo:
            `Via: SIP/2.0/UDP h;branch=z9hG4bK${name}\r\n` +
            'From: <sip:a@b>;tag=f\r\nTo: <sip:c@d>',
          afterTo: `\r\nCall-ID: ${name}\r\nCSeq: 3 INVITE\r\n`,
          toTagged: false,
          recordRoutes: '',
          timestamp: '',
        },
        statusCode,
        name,
        { lines: '', body },
      );
      const read = parsed(text, Transport.tcp).message;
      assert.equal(read.fault, Fault.ok);
      assert.equal(read.statusCode, statusCode);
      assert.equal(headerTag(read, HeaderId.to), name);
      assert.equal(callIdText(read), name);
      assert.equal(bodyText(read), body);
    }),
  );
});

test('a stream cut anywhere gives the same messages', () => {
  fc.assert(
    fc.property(
      fc.array(bodies, { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 90 })),
      (texts, cuts) => {
        const sent = texts.map((body) => invite(`Content-Length: ${body.length}`) + body);
        const frames: string[] = [];
        const stream = createFrameStream(
          {
            onFrame: (bytes, end) => frames.push(bytes.latin1Slice(0, end)),
            onPing: () => {},
            onFault: (fault) => assert.fail(`fault ${fault}`),
          },
          allocate,
        );
        const all = octets(sent.join('\r\n'));
        let at = 0;
        for (const cut of [...cuts, all.length]) {
          pushChunk(stream, all.subarray(at, at + cut));
          at += cut;
        }
        assert.deepEqual(frames, sent);
      },
    ),
  );
});

// Linear: an algorithm that goes over these octets again and again would not end here at all.
test('64 KiB of one character in every place', () => {
  const places = [
    ...headerTable.map(([, name]) => `${name}: `),
    ...headerTable.map(([, name]) => `${name}: "`),
    'Via: SIP/2.0/UDP h;branch=z9hG4bK1;x=',
    'From: <sip:a@b>;',
    'X',
  ];
  for (const character of [
    'a',
    '0',
    ' ',
    '\t',
    '"',
    '\\',
    '<',
    '>',
    ',',
    ';',
    '=',
    '%',
    '@',
    ':',
    '\r',
    '\n',
    '\0',
    '/',
    '[',
  ]) {
    const run = character.repeat(65_000);
    for (const place of places) {
      for (const text of [
        lines('INVITE sip:b@c SIP/2.0', place + run, ...plainHeaders, ''),
        lines('INVITE sip:b@c SIP/2.0', ...plainHeaders.slice(0, 6), place + run),
      ]) {
        const bytes = octets(text);
        parseMessage(message, bytes, bytes.length, Transport.udp);
        peekCallId(bytes, bytes.length, { start: 0, end: 0 });
      }
    }
    for (const text of [run, `INVITE ${run} SIP/2.0\r\n`, `INVITE sip:${run}`, `SIP/2.0 ${run}`]) {
      readEverything(text);
      readEverything(text + invite());
    }
    readEverything(lines('INVITE sip:b@c SIP/2.0', `Subject: ${run}`, `To: ${run}`, ''));
    readEverything(lines('INVITE sip:b@c SIP/2.0', ...plainHeaders, `Contact: ${run}`, ''));
  }
});
