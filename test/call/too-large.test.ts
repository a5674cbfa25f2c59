// Messages longer than their transport carries: 65,507 bytes in a datagram, 64 KiB on a stream.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Hop, Transport } from '../../core/sip/hop.ts';
import { datagramBytesMax } from '../../core/sip/message-size.ts';
import {
  answeredCall,
  callerRequest,
  createStage,
  inviteText,
  offer,
  plainDocument,
} from '../doubles/switch-stage.ts';

const overTcp: Hop = {
  transport: Transport.tcp,
  listener: 1,
  connection: 7,
  address: '127.0.0.2',
  port: 5060,
};

/** A session description of this length. */
const long = (bytes: number): string => {
  const start = `${offer}a=x-padding:`;
  return `${start.padEnd(bytes - 2, 'p')}\r\n`;
};
/** Bytes before a body of five digits' length in the INVITE to the first gateway. */
function headBytes(): number {
  const { caller, carrierA } = createStage();
  caller.send(inviteText({ body: long(40_000) }).text);
  return carrierA.takeOne('INVITE').text.length - 40_000;
}

const routing = plainDocument.routingGateways as Record<string, unknown>[];

describe('an INVITE of a caller on TCP, too long for a datagram', () => {
  it('towards UDP gateways only: 513, its own end reason, counted, no line held', () => {
    const stage = createStage();
    stage.deliver(inviteText({ body: long(65_100) }).text, overTcp);
    assert.deepEqual([stage.carrierA.take(), stage.carrierB.take()], [[], []]);
    const statuses = stage.caller.take().map(({ status }) => status);
    assert.deepEqual(statuses, [100, 513]);
    const [cdr] = stage.effects.ends;
    const reason = 'SIP 513 Message Too Large';
    assert.deepEqual([cdr!.endReason, cdr!.sipCode, cdr!.endedBy], [reason, 513, 'server']);
    assert.deepEqual(
      cdr!.attempts.map(({ gateway, endReason }) => [gateway, endReason]),
      [
        ['alpha', reason],
        ['beta', reason],
      ],
    );
    assert.equal(stage.effects.counted('sendTooLarge'), 2);
    assert.deepEqual(stage.effects.lines, []);
    stage.pass(120_000);
    assert.deepEqual([stage.shard.transactionCount, stage.shard.timerCount], [0, 0]);
  });

  it('goes on to a gateway on TCP', () => {
    const stage = createStage({
      ...plainDocument,
      routingGateways: [
        { ...routing[0], calleePrefix: '0'.repeat(20) },
        { ...routing[1], address: 'tcp://127.0.0.4:5060' },
      ],
    });
    // The prefix stands in the Request-URI and in To.
    const body = long(datagramBytesMax - headBytes() - 20);
    stage.deliver(inviteText({ body }).text, overTcp);
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.carrierB.takeOne('INVITE').body, body);
    assert.equal(stage.effects.counted('sendTooLarge'), 1);
  });

  it('passes up to the last byte of a datagram', () => {
    const stage = createStage();
    stage.deliver(inviteText({ body: long(datagramBytesMax - headBytes()) }).text, overTcp);
    assert.equal(stage.carrierA.takeOne('INVITE').text.length, datagramBytesMax);
    assert.equal(stage.effects.counted('sendTooLarge'), 0);
  });
});

describe('a request inside a call, too long for the other leg', () => {
  it('is answered 513 and leaves the call up', () => {
    const stage = createStage();
    const call = answeredCall(stage);
    const body = long(65_150);
    const update = callerRequest('UPDATE', call.invite, call.callerTag, { cseq: 2, body });
    stage.deliver(update, overTcp);
    stage.caller.takeOne('SIP/2.0 513');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.effects.counted('sendTooLarge'), 1);
    assert.equal(stage.effects.ends.length, 0);
    stage.caller.send(
      callerRequest('UPDATE', call.invite, call.callerTag, { cseq: 3, body: offer }),
    );
    stage.carrierA.takeOne('UPDATE');
  });
});
