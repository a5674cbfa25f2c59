// Session descriptions that break switches: they cross as they came, or are refused, and the next call is one like any
// other. And names that are too long to carry.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  answeredCall,
  begunCall,
  callerRequest,
  createStage,
  inviteText,
  offer,
  plainDocument,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

const mediaLine = 'm=audio 4000 RTP/AVP 0\r\n';
/** A description with so many media. */
const withMedia = (count: number): string => offer + mediaLine.repeat(count - 1);
const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';

const odd: [string, string][] = [
  ['port 0', offer.replace('audio 4000', 'audio 0')],
  ['port 65536', offer.replace('audio 4000', 'audio 65536')],
  ['a port beyond 2^53', offer.replace('audio 4000', 'audio 9007199254740993')],
  ['payload type 4294967296', offer.replace('RTP/AVP 0', 'RTP/AVP 4294967296')],
  ['an origin beyond 2^64', offer.replace('o=- 1 1', `o=- ${'9'.repeat(30)} 1`)],
  ['a NUL in an attribute', `${offer}a=\0fmtp:0 \0\0\r\n`],
  ['no line feed at its end', offer.trimEnd()],
  ['line feeds alone', offer.replaceAll('\r\n', '\n')],
  ['garbage in b= and a=crypto', `${offer}b=AS\r\nb=:\r\na=crypto:1 x inline:\xff|\r\n`],
  ['c=0.0.0.0', offer.replace('c=IN IP4 192.0.2.50', 'c=IN IP4 0.0.0.0')],
  ['the same codec many times', `${offer}${'a=rtpmap:0 PCMU/8000\r\n'.repeat(100)}`],
  ['32 media', withMedia(32)],
  ['nothing but line feeds', '\n'.repeat(2000)],
];

function assertPlainCall(stage: Stage): void {
  answeredCall(stage);
  assert.equal(stage.effects.counted('bugs'), 0);
}

describe('an odd session description', () => {
  for (const [name, body] of odd) {
    it(`crosses both ways as it came: ${name}`, () => {
      const stage = createStage();
      const { invite, carried } = begunCall(stage, { body });
      assert.equal(carried.body, body);
      stage.carrierA.send(responseTo(carried, 200, { tag: 'g', contact, body }));
      const ok = stage.caller.takeOne('SIP/2.0 200');
      assert.equal(ok.body, body);
      const tag = ok.header('To').split(';tag=')[1]!;
      stage.caller.send(callerRequest('ACK', invite, tag, { cseq: 1 }));
      stage.carrierA.takeOne('ACK');
      stage.caller.send(callerRequest('INVITE', invite, tag, { cseq: 2, body }));
      assert.equal(stage.carrierA.takeOne('INVITE').body, body);
      stage.caller.take();
      assertPlainCall(stage);
    });
  }

  for (const [name, body] of [
    ['33 media', withMedia(33)],
    ['200 media', withMedia(200)],
    ['33 media, ended by line feeds alone', withMedia(33).replaceAll('\r\n', '\n')],
    ['33 of the shortest lines', 'm=a 0 b 0\n'.repeat(33)],
  ] as const) {
    it(`is refused with 488 in an INVITE: ${name}`, () => {
      const stage = createStage();
      stage.caller.send(inviteText({ body }).text);
      stage.caller.takeOne('SIP/2.0 488');
      assert.deepEqual(stage.carrierA.take(), []);
      assertPlainCall(stage);
    });
  }

  it('is refused with 488 inside a call, which goes on', () => {
    const stage = createStage();
    const { invite, callerTag } = answeredCall(stage);
    const body = withMedia(200);
    stage.caller.send(callerRequest('INVITE', invite, callerTag, { cseq: 2, body }));
    stage.caller.takeOne('SIP/2.0 488');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.shard.callsAnsweredUp, 1);
  });

  it('of lines that only look like media, or that no session is, is no matter', () => {
    const stage = createStage();
    begunCall(stage, { body: `${offer}${'a=m=x m=y\r\n'.repeat(100)}` });
    const { invite, callerTag } = answeredCall(stage);
    const body = mediaLine.repeat(50);
    const info = callerRequest('INFO', invite, callerTag, { cseq: 2, body });
    stage.caller.send(info.replace('application/sdp', 'text/plain'));
    assert.equal(stage.carrierA.takeOne('INFO').body, body);
  });

  it('of an answer crosses, however many media it has', () => {
    const stage = createStage();
    const { carried } = begunCall(stage);
    const body = answer + mediaLine.repeat(199);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'g', contact, body }));
    assert.equal(stage.caller.takeOne('SIP/2.0 200').body, body);
  });
});

describe('a display name', () => {
  const named = (length: number): string => `"${'n'.repeat(length - 3)}" `;

  it('of 512 octets crosses, a longer one in From or To is answered 400', () => {
    const stage = createStage();
    const { text } = inviteText();
    stage.caller.send(text.replace('"Ann" ', named(512)));
    stage.caller.takeOne('SIP/2.0 100');
    assert.ok(stage.carrierA.takeOne('INVITE').header('From').startsWith(named(512)));
    stage.caller.send(inviteText().text.replace('"Ann" ', named(513)));
    stage.caller.takeOne('SIP/2.0 400');
    stage.caller.send(inviteText().text.replace('To: ', `To: ${named(513)}`));
    stage.caller.takeOne('SIP/2.0 400');
    assert.deepEqual(stage.carrierA.take(), []);
    // Without brackets there is no name.
    const plain = inviteText().text.replace(
      /From: .*;tag/,
      `From: sip:${'5'.repeat(250)}@${'h'.repeat(500)};tag`,
    );
    stage.caller.send(plain);
    stage.caller.takeOne('SIP/2.0 100');
  });

  it('that is longer leaves an identity without it', () => {
    const document = structuredClone(plainDocument) as {
      mappingGateways: Record<string, unknown>[];
    };
    document.mappingGateways[0]!.trusted = true;
    const stage = createStage(document);
    const headers = `P-Asserted-Identity: ${named(600)}<sip:+1@phone.example>\r\n`;
    stage.caller.send(inviteText({ headers }).text);
    const carried = stage.carrierA.takeOne('INVITE');
    assert.equal(carried.header('P-Asserted-Identity'), '<sip:+1@127.0.0.1>');
  });
});
