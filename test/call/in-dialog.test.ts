// Requests inside an answered call: re-INVITE, UPDATE, INFO, REFER, glare, and what forgers try
// (RFC 3261 12.2, 14; RFC 3311; RFC 6086).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  answeredCall,
  callerRequest,
  carrierRequest,
  createStage,
  offer,
  responseTo,
} from '../doubles/switch-stage.ts';

const hold = offer.replace('m=audio', 'a=sendonly\r\nm=audio');
const contact = 'Contact: <sip:15551234@127.0.0.2:5090>\r\n';

describe('re-INVITE', () => {
  it('of the caller: offer across, answer back, ACK on both sides', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, {
        cseq: 2,
        body: hold,
        headers: contact,
      }),
    );
    caller.takeOne('SIP/2.0 100');
    const reinvite = carrierA.takeOne('INVITE sip:127.0.0.3:5060');
    assert.equal(reinvite.body, hold);
    assert.equal(reinvite.header('CSeq'), '2 INVITE');
    assert.equal(reinvite.header('Call-ID'), call.carried.header('Call-ID'));
    carrierA.send(responseTo(reinvite, 200, { body: answer }));
    assert.equal(carrierA.takeOne('ACK').header('CSeq'), '2 ACK');
    assert.equal(caller.takeOne('SIP/2.0 200').body, answer);
    stage.pass(510);
    caller.takeOne('SIP/2.0 200');
    caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2 }));
    stage.pass(5000);
    assert.deepEqual(caller.take(), []);
  });

  it('moves the remote target of later requests (RFC 3261 12.2.2)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, {
        cseq: 2,
        body: hold,
        headers: contact,
      }),
    );
    carrierA.send(responseTo(carrierA.takeOne('INVITE'), 200, { body: answer }));
    caller.take();
    caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2 }));
    carrierA.take();
    carrierA.send(carrierRequest('BYE', call.carried, 'g1', { cseq: 1 }));
    assert.deepEqual(caller.take(), [], 'the BYE goes to the new target');
  });

  it('of the carrier, without an offer: the ACK brings the answer', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    carrierA.send(carrierRequest('INVITE', call.carried, 'g1', { cseq: 1 }));
    carrierA.takeOne('SIP/2.0 100');
    const reinvite = caller.takeOne('INVITE');
    assert.equal(reinvite.body, '');
    caller.send(responseTo(reinvite, 200, { body: offer }));
    assert.deepEqual(caller.take(), []);
    assert.equal(carrierA.takeOne('SIP/2.0 200').body, offer);
    carrierA.send(carrierRequest('ACK', call.carried, 'g1', { cseq: 1, body: answer }));
    assert.equal(caller.takeOne('ACK').body, answer);
  });

  it('glare: a second one while one is open gets 491, or 500 from the same side (RFC 3261 14.2)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, {
        cseq: 2,
        body: hold,
        headers: contact,
      }),
    );
    caller.takeOne('SIP/2.0 100');
    const reinvite = carrierA.takeOne('INVITE');
    carrierA.send(carrierRequest('INVITE', call.carried, 'g1', { cseq: 1, body: hold }));
    carrierA.takeOne('SIP/2.0 491');
    caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, {
        cseq: 3,
        body: hold,
        headers: contact,
      }),
    );
    assert.ok(caller.takeOne('SIP/2.0 500').header('Retry-After') !== '');
    carrierA.send(responseTo(reinvite, 491));
    carrierA.takeOne('ACK');
    assert.equal(stage.effects.ends.length, 0);
  });

  it('refused with 488 leaves the call up; with 481 ends it (RFC 3261 12.2.1.2)', () => {
    for (const [code, ends] of [
      [488, 0],
      [481, 1],
    ] as const) {
      const stage = createStage();
      const { caller, carrierA } = stage;
      const call = answeredCall(stage);
      caller.send(
        callerRequest('INVITE', call.invite, call.callerTag, {
          cseq: 2,
          body: hold,
          headers: contact,
        }),
      );
      carrierA.send(responseTo(carrierA.takeOne('INVITE'), code));
      assert.ok(caller.take().some((message) => message.status === code));
      assert.equal(stage.effects.ends.length, ends);
    }
  });

  it('pending when the BYE comes gets 487 (RFC 3261 15.1.2)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, {
        cseq: 2,
        body: hold,
        headers: contact,
      }),
    );
    caller.take();
    const reinvite = carrierA.takeOne('INVITE');
    carrierA.send(carrierRequest('BYE', call.carried, 'g1', { cseq: 1 }));
    assert.ok(stage.caller.take().every((message) => message.status !== 200));
    carrierA.takeOne('SIP/2.0 200');
    carrierA.send(responseTo(reinvite, 200, { body: answer }));
    carrierA.takeOne('ACK');
    assert.equal(stage.effects.ends.length, 1);
  });
});

describe('other requests inside a call', () => {
  it('UPDATE and INFO pass with their bodies, OPTIONS is answered, REFER declined', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    carrierA.send(carrierRequest('UPDATE', call.carried, 'g1', { cseq: 1, body: hold }));
    const update = caller.takeOne('UPDATE');
    caller.send(responseTo(update, 200, { body: answer }));
    assert.equal(carrierA.takeOne('SIP/2.0 200').body, answer);
    const info = callerRequest('INFO', call.invite, call.callerTag, {
      cseq: 2,
      headers: 'Info-Package: dtmf\r\n',
      body: 'Signal=5',
    });
    caller.send(info);
    const passed = carrierA.takeOne('INFO');
    assert.equal(passed.body, 'Signal=5');
    assert.equal(passed.header('Info-Package'), 'dtmf');
    carrierA.send(responseTo(passed, 200));
    caller.takeOne('SIP/2.0 200');
    caller.send(callerRequest('OPTIONS', call.invite, call.callerTag, { cseq: 3 }));
    caller.takeOne('SIP/2.0 200');
    caller.send(
      callerRequest('REFER', call.invite, call.callerTag, {
        cseq: 4,
        headers: 'Refer-To: <sip:x@y>\r\n',
      }),
    );
    caller.takeOne('SIP/2.0 603');
    caller.send(callerRequest('SUBSCRIBE', call.invite, call.callerTag, { cseq: 5 }));
    assert.ok(caller.takeOne('SIP/2.0 405').header('Allow').includes('INVITE'));
    caller.send(callerRequest('DANCE', call.invite, call.callerTag, { cseq: 6 }));
    caller.takeOne('SIP/2.0 501');
    caller.send(
      callerRequest('INFO', call.invite, call.callerTag, {
        cseq: 7,
        headers: 'Require: replaces\r\n',
      }),
    );
    assert.equal(caller.takeOne('SIP/2.0 420').header('Unsupported'), 'replaces');
    assert.equal(stage.effects.ends.length, 0);
  });

  it('an INFO the other side never answers is not answered with 408 (RFC 4320)', () => {
    const stage = createStage();
    const call = answeredCall(stage);
    stage.caller.send(callerRequest('INFO', call.invite, call.callerTag, { cseq: 2 }));
    stage.pass(40_000);
    assert.ok(stage.caller.take().every((message) => message.status !== 408));
    assert.equal(stage.effects.ends.length, 0);
  });
});

describe('forged requests', () => {
  it('end and move nothing: wrong tags, wrong Call-ID, wrong source, old CSeq', () => {
    const stage = createStage();
    const { caller, carrierA, stranger, effects, deliver } = stage;
    const call = answeredCall(stage);
    const forgeries = ['BYE', 'INVITE', 'UPDATE', 'INFO'];
    for (const method of forgeries) {
      const body = method === 'BYE' ? '' : hold;
      caller.send(callerRequest(method, call.invite, 'wrongtag', { cseq: 9, body }));
      caller.takeOne('SIP/2.0 481');
      caller.send(
        callerRequest(method, { ...call.invite, fromTag: 'wrong' }, call.callerTag, {
          cseq: 9,
          body,
        }),
      );
      caller.takeOne('SIP/2.0 481');
      caller.send(
        callerRequest(method, { ...call.invite, callId: 'wrong' }, call.callerTag, {
          cseq: 9,
          body,
        }),
      );
      caller.takeOne('SIP/2.0 481');
      deliver(callerRequest(method, call.invite, call.callerTag, { cseq: 9, body }), stranger.hop);
      deliver(
        carrierRequest(method, call.carried, 'g1', { cseq: 9, body, address: '127.0.0.9' }),
        stranger.hop,
      );
      caller.send(callerRequest(method, call.invite, call.callerTag, { cseq: 1, body }));
      caller.take();
      carrierA.send(carrierRequest(method, call.carried, 'wrong', { cseq: 9, body }));
      carrierA.takeOne('SIP/2.0 481');
    }
    assert.equal(effects.ends.length, 0);
    assert.equal(effects.counted('forgedInDialog'), 12);
    caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 2 }));
    caller.takeOne('SIP/2.0 200');
  });
});
