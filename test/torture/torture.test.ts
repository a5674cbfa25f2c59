import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultStatus, faultText } from '../../core/sip/fault.ts';
import { HeaderId } from '../../core/sip/header-id.ts';
import { headerTag, headerValues } from '../../core/sip/header-values.ts';
import { bodyText, headerText, requestUriText, type SipMessage } from '../../core/sip/message.ts';
import { Method } from '../../core/sip/method.ts';
import { nameAddrDisplay, nameAddrUri } from '../../core/sip/name-addr.ts';
import { writeFaultReply } from '../../core/sip/stateless-reply.ts';
import { parseUri, uriUser } from '../../core/sip/uri.ts';
import { createViaFields, topVia } from '../../core/sip/via.ts';
import { hop, parsed } from '../sip/message-text.ts';
import { tortureMessages } from './messages.ts';
import { sdpBody } from './torture-message.ts';

/** RFC 4475: chapter and its messages in their order; 49 in all. */
const chapters: readonly [string, string][] = [
  [
    '3.1.1',
    'wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason noreason',
  ],
  [
    '3.1.2',
    'badinv01 clerr ncl scalar02 scalarlg quotbal ltgtruri lwsruri lwsstart trws escruri baddate regbadct ' +
      'badaspec baddn badvers mismatch01 mismatch02 bigcode',
  ],
  ['3.2', 'badbranch'],
  [
    '3.3',
    'insuf unkscm novelsc unksm2 bext01 invut regaut01 multi01 mcl01 bcast zeromf cparam01 cparam02 ' +
      'regescrt sdp01',
  ],
  ['3.4', 'inv2543'],
];

test('every message of the RFC is there, at its section', () => {
  const wanted = chapters.flatMap(([chapter, names]) =>
    names.split(' ').map((name, index) => `${chapter}.${index + 1} ${name}`),
  );
  assert.equal(wanted.length, 49);
  assert.deepEqual(
    tortureMessages.map(({ section, name }) => `${section} ${name}`),
    wanted,
  );
});

for (const row of tortureMessages) {
  test(`RFC 4475 ${row.section} ${row.name}: ${faultText(row.fault)}`, () => {
    const { message, fault } = parsed(row.text);
    if (row.knownGap !== undefined) {
      assert.notEqual(fault, row.fault, `no longer a gap: ${row.knownGap}`);
      return;
    }
    assert.equal(faultText(fault), faultText(row.fault));
    const status = faultStatus(fault);
    if (status === 0) return;
    const reply = writeFaultReply(message, status, hop, '');
    if (!message.isRequest) {
      assert.equal(reply, '');
      return;
    }
    assert.ok(row.userAnswer.includes(status), `${status} is one of the answers`);
    assert.match(reply, new RegExp(`^SIP/2.0 ${status} .*\r\nVia: `));
  });
}

/** The fields that each case is about. */
const fields: Record<string, (message: SipMessage) => void> = {
  wsinv(message) {
    const via = createViaFields();
    assert.ok(topVia(message, via));
    assert.deepEqual([via.transport, via.host, via.branch], ['UDP', '198.51.100.2', '772qqrt']);
    assert.equal(message.viaCount, 3);
    assert.deepEqual([message.cseq, message.maxForwards], [17, 42]);
    assert.equal(headerTag(message, HeaderId.to), '7716290004k');
    assert.equal(headerTag(message, HeaderId.from), '33zzq9');
    assert.equal(nameAddrDisplay(headerText(message, HeaderId.from)!), 'Q Ito \\"');
    assert.equal(
      nameAddrUri(headerText(message, HeaderId.to)!),
      'sip:maru@registrar.north.example',
    );
    assert.equal(bodyText(message), sdpBody);
  },
  intmeth(message) {
    assert.equal(message.method, Method.unknown);
    assert.equal(uriUser(requestUriText(message)), '7_odd.URI~(may-be!so)&is+it$/wild?,/');
    assert.equal(headerTag(message, HeaderId.from), '_t~1');
  },
  esc01(message) {
    assert.equal(uriUser(requestUriText(message)), 'sips:lee@east.example');
    assert.equal(uriUser(nameAddrUri(headerText(message, HeaderId.to)!)), 'lee');
  },
  escnull(message) {
    assert.equal(uriUser(nameAddrUri(headerText(message, HeaderId.to)!)), 'null-\0-null');
    assert.equal(headerValues(message, HeaderId.contact).length, 2);
  },
  esc02(message) {
    assert.equal(message.method, Method.unknown);
  },
  lwsdisp(message) {
    assert.equal(nameAddrDisplay(headerText(message, HeaderId.from)!), 'kim');
    assert.equal(headerTag(message, HeaderId.from), 'tight');
  },
  longreq(message) {
    assert.equal(message.viaCount, 34);
    assert.equal(bodyText(message), sdpBody);
  },
  dblreq(message) {
    assert.equal(message.method, Method.REGISTER);
    assert.equal(bodyText(message), '');
  },
  semiuri(message) {
    const uri = parseUri(requestUriText(message))!;
    assert.deepEqual(
      [uri.user, uri.userParams, uri.host],
      ['lee', 'q=v%40west.example', 'east.example'],
    );
  },
  transports(message) {
    assert.equal(message.viaCount, 5);
  },
  mpart01(message) {
    assert.equal(bodyText(message).length, message.contentLength);
    assert.ok(bodyText(message).includes('\xff\xfe\x00\x80'));
  },
  unreason(message) {
    assert.equal(message.statusCode, 200);
  },
  noreason(message) {
    assert.equal(message.statusCode, 100);
  },
  unkscm(message) {
    assert.equal(parseUri(requestUriText(message)), undefined);
  },
  novelsc(message) {
    assert.equal(parseUri(requestUriText(message)), undefined);
  },
  zeromf(message) {
    assert.equal(message.maxForwards, 0);
  },
  cparam01(message) {
    assert.equal(uriUser(nameAddrUri(headerText(message, HeaderId.contact)!)), '+12025550123');
  },
  bcast(message) {
    assert.equal(message.viaCount, 2);
  },
  inv2543(message) {
    assert.equal(headerTag(message, HeaderId.from), '');
    assert.equal(message.maxForwards, -1);
    assert.equal(message.topVia.branchEnd, message.topVia.branchStart);
    assert.equal(bodyText(message), sdpBody);
  },
};

for (const [name, check] of Object.entries(fields)) {
  test(`RFC 4475 ${name}: fields`, () => {
    const row = tortureMessages.find((candidate) => candidate.name === name);
    check(parsed(row!.text).message);
  });
}
