// A carrier answers a call that went down with its worker while it rang (RFC 3261 13.2.2.4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  answeredCall,
  begunCall,
  createStage,
  methodsOf,
  responseTo,
  type Seen,
} from '../doubles/switch-stage.ts';

const contact = 'Contact: <sip:bob@127.0.0.3:5060>\r\n';

/** An INVITE that a switch sent, and the switch that stands in its place after a restart. */
function restarted() {
  const { carried } = begunCall(createStage());
  return { carried, stage: createStage() };
}

function ok(carried: Seen, headers = '', tag = 'g1'): string {
  return responseTo(carried, 200, { tag, contact, headers, body: answer });
}

describe('the answer to a call that is gone', () => {
  it('is acknowledged and hung up in the dialog that it names', () => {
    const { carried, stage } = restarted();
    const routes =
      'Record-Route: <sip:127.0.0.3;lr;n=2>\r\nRecord-Route: <sip:127.0.0.3;lr;n=1>\r\n';
    stage.carrierA.send(ok(carried, routes));
    const [ack, bye] = stage.carrierA.take() as [Seen, Seen];
    assert.equal(ack.startLine, 'ACK sip:bob@127.0.0.3:5060 SIP/2.0');
    assert.equal(bye.startLine, 'BYE sip:bob@127.0.0.3:5060 SIP/2.0');
    const cseq = Number(carried.header('CSeq').split(' ')[0]);
    assert.deepEqual([ack.header('CSeq'), bye.header('CSeq')], [`${cseq} ACK`, `${cseq + 1} BYE`]);
    for (const request of [ack, bye]) {
      assert.equal(request.header('Call-ID'), carried.header('Call-ID'));
      assert.equal(request.header('From'), carried.header('From'));
      assert.equal(request.header('To'), `${carried.header('To')};tag=g1`);
      assert.deepEqual(request.headers('Route'), [
        '<sip:127.0.0.3;lr;n=1>',
        '<sip:127.0.0.3;lr;n=2>',
      ]);
    }
    stage.carrierA.send(responseTo(bye, 200));
    stage.pass(10_000);
    assert.equal(stage.shard.transactionCount, 0);
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.effects.counted('orphanAnswers'), 1);
    assert.equal(stage.effects.ends.length, 0);
  });

  it('goes where its Contact is, and its BYE is repeated until it is answered', () => {
    const { carried, stage } = restarted();
    stage.carrierA.send(ok(carried).replace('bob@127.0.0.3', 'bob@127.0.0.7'));
    const bob = stage.peerAt('bob', '127.0.0.7');
    assert.deepEqual(methodsOf(bob.take()), ['ACK', 'BYE']);
    stage.pass(600);
    assert.deepEqual(methodsOf(bob.take()), ['BYE']);
  });

  it('is acknowledged again when it comes again, with one BYE for all; each fork has its own', () => {
    const { carried, stage } = restarted();
    stage.carrierA.send(ok(carried));
    stage.carrierA.send(ok(carried));
    const [, first] = stage.carrierA.take();
    stage.carrierA.send(ok(carried));
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['ACK']);
    stage.carrierA.send(ok(carried, '', 'g2'));
    const [, second] = stage.carrierA.take();
    assert.notEqual(first!.header('Via'), second!.header('Via'));
    assert.equal(stage.effects.counted('orphanAnswers'), 2);
  });

  it('is not believed of anybody else, nor with a Call-ID that we have not minted', () => {
    const { carried, stage } = restarted();
    const callId = carried.header('Call-ID');
    const other = `${callId.slice(0, 12)}${callId[12] === '0' ? '1' : '0'}${callId.slice(13)}`;
    stage.stranger.send(ok(carried));
    stage.caller.send(ok(carried));
    stage.carrierA.send(ok(carried).replace(callId, other));
    stage.carrierA.send(ok(carried).replace(/;tag=g1/, ''));
    stage.carrierA.send(ok(carried).replace('INVITE', 'UPDATE'));
    stage.carrierA.send(responseTo(carried, 180, { tag: 'g1', contact }));
    stage.carrierA.send(responseTo(carried, 486, { tag: 'g1' }));
    for (const { take } of [stage.stranger, stage.caller, stage.carrierA]) {
      assert.deepEqual(take(), []);
    }
    assert.equal(stage.effects.counted('strayResponses'), 7);
    assert.equal(stage.shard.transactionCount, 0);
  });

  it('is none while the call is up, however late it comes again', () => {
    const stage = createStage();
    const { carried } = answeredCall(stage);
    stage.pass(60_000);
    stage.carrierA.send(ok(carried));
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.shard.callsAnsweredUp, 1);
  });

  it('waits for a repeat of its own where too many come in one second', () => {
    const { carried, stage } = restarted();
    for (let fork = 0; fork < 600; fork++) stage.carrierA.send(ok(carried, '', `f${fork}`));
    assert.equal(stage.effects.counted('orphanAnswers'), 500);
    stage.carrierA.take();
    stage.pass(1000);
    stage.carrierA.take();
    stage.carrierA.send(ok(carried, '', 'f599'));
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['ACK', 'BYE']);
  });
});
