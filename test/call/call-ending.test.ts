// What may end a call and what may not, that its CDR and lines never depend on what comes after, and where
// later requests go (RFC 3261 12.2.1, 13.3.1.4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  answer,
  answeredCall,
  begunCall,
  callerRequest,
  carrierRequest,
  createStage,
  inviteText,
  offer,
  plainDocument,
  responseTo,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';

describe('a failed request', () => {
  it('on a losing fork leaves the answered call alone', () => {
    const stage = createStage();
    const { caller, carrierA, effects } = stage;
    const { invite, carried } = begunCall(stage);
    carrierA.send(responseTo(carried, 183, { tag: 'a', contact }));
    const tag = tagOf(caller.takeOne('SIP/2.0 183').header('To'));
    caller.send(callerRequest('UPDATE', invite, tag, { cseq: 2 }));
    const update = carrierA.takeOne('UPDATE');
    carrierA.send(responseTo(carried, 200, { tag: 'b', contact, body: answer }));
    carrierA.send(responseTo(update, 481));
    assert.equal(effects.ends.length, 0);
  });

  it('to a former gateway leaves the answered call alone', () => {
    const stage = createStage();
    const { caller, carrierA, carrierB, effects } = stage;
    const { invite, carried } = begunCall(stage);
    carrierA.send(responseTo(carried, 183, { tag: 'a', contact }));
    const early = tagOf(caller.takeOne('SIP/2.0 183').header('To'));
    caller.send(callerRequest('UPDATE', invite, early, { cseq: 2 }));
    carrierA.takeOne('UPDATE');
    carrierA.send(responseTo(carried, 503, { tag: 'a' }));
    carrierB.send(responseTo(carrierB.takeOne('INVITE'), 200, { tag: 'b', body: answer }));
    const ok = caller.take().find(({ status }) => status === 200);
    caller.send(callerRequest('ACK', invite, tagOf(ok!.header('To')), { cseq: 1 }));
    stage.pass(40_000);
    assert.equal(effects.ends.length, 0);
  });
});

describe('an exception of ours', () => {
  it('while a call is hung up costs neither its CDR nor its lines', () => {
    const stage = createStage();
    const { caller, effects, shard } = stage;
    const call = answeredCall(stage);
    const { send } = effects;
    effects.send = (hop, text) => {
      if (text.startsWith('BYE')) throw new Error('boom');
      send(hop, text);
    };
    const bye = callerRequest('BYE', call.invite, call.callerTag, { cseq: 2 });
    assert.throws(() => caller.send(bye), /boom/);
    shard.endFaultyCall();
    assert.deepEqual([effects.lines, shard.callsUp, effects.ends.length], [[], 0, 1]);
  });

  it('while an INVITE is read leaves no transaction behind', () => {
    const stage = createStage();
    const bytes = Buffer.prototype as unknown as { latin1Slice: (a: number, b: number) => string };
    const { latin1Slice } = bytes;
    bytes.latin1Slice = function (start, end) {
      const text = latin1Slice.call(this, start, end);
      if (text === offer) throw new Error('boom');
      return text;
    };
    try {
      assert.throws(() => stage.caller.send(inviteText().text), /boom/);
    } finally {
      bytes.latin1Slice = latin1Slice;
    }
    stage.shard.endFaultyCall();
    assert.equal(stage.shard.transactionCount, 0);
  });
});

describe('a fault outside of any call', () => {
  const entries: [string, (stage: Stage) => void][] = [
    ['onConfiguration', ({ shard }) => shard.onConfiguration(snapshotOf(plainDocument, 2))],
    ['hangUpOrphan', ({ shard, effects }) => shard.hangUpOrphan(effects.answers[0]!)],
    ['drain', ({ shard }) => shard.drain()],
    ['onTransportFailure', ({ shard, caller }) => shard.onTransportFailure(caller.hop)],
  ];
  for (const [name, enter] of entries) {
    it(`in ${name} does not end the call that was handled last`, () => {
      const stage = createStage();
      answeredCall(stage);
      enter(stage);
      stage.shard.endFaultyCall();
      assert.equal(stage.effects.ends.length, 0);
    });
  }
});

describe('a 2xx that is never acknowledged', () => {
  it('ends the call after 64*T1, not at the end of a short list of intervals', () => {
    const stage = createStage({
      ...plainDocument,
      parameters: { SS_MAXCPS: 0, SS_SIP_RESEND_INTERVAL: '0.5,1,2,4' },
    });
    const { carried } = begunCall(stage);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer }));
    stage.pass(31_900);
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(200);
    assert.equal(stage.effects.ends[0]!.endReason, 'Session timeout');
  });
});

describe('the route of a dialog', () => {
  const routed = (recordRoute: string) => {
    const stage = createStage();
    const { carried } = begunCall(stage);
    stage.carrierA.send(responseTo(carried, 180, { tag: 'a', contact }));
    const headers = `Record-Route: <${recordRoute}>\r\n`;
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer, headers }));
    return { stage, carried };
  };

  it('is that of the 2xx, also with the Contact known before; its proxy may speak', () => {
    const { stage, carried } = routed('sip:127.0.0.4;lr');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(
      stage.carrierB.takeOne('ACK sip:127.0.0.3:5060').header('Route'),
      '<sip:127.0.0.4;lr>',
    );
    stage.carrierB.send(carrierRequest('BYE', carried, 'a', { cseq: 1, address: '127.0.0.4' }));
    stage.carrierB.takeOne('SIP/2.0 200');
  });

  it('with a strict router is kept for the BYE after a crash (RFC 3261 12.2.1.1)', () => {
    const { stage } = routed('sip:127.0.0.4');
    stage.carrierB.takeOne('ACK sip:127.0.0.4');
    stage.shard.hangUpOrphan(stage.effects.answers[0]!);
    stage.pass(20);
    const bye = stage.carrierB.takeOne('BYE sip:127.0.0.4 SIP/2.0');
    assert.equal(bye.header('Route'), '<sip:127.0.0.3:5060>');
  });

  it('stays with the peer where the target is of the other family, or no address', () => {
    for (const host of ['[2001:db8::1]', '999.1.1.1', '1.2.3.', '1..2.3']) {
      const stage = createStage();
      const { carried } = begunCall(stage);
      const elsewhere = `Contact: <sip:x@${host}:5060>\r\n`;
      stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact: elsewhere, body: answer }));
      stage.carrierA.takeOne('ACK');
    }
  });
});
