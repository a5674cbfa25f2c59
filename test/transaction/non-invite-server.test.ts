// The non-INVITE server transaction: RFC 3261 17.2.2 (figure 8) and RFC 4320 4.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Method } from '../../core/sip/method.ts';
import { TransactionState } from '../../core/transaction/transaction.ts';
import {
  createTransactionStage,
  peerRequest,
  tcpPeer,
  transports,
  udpPeer,
} from '../doubles/transaction-stage.ts';

const bye = peerRequest({ method: Method.BYE, toTag: 'our-tag', cseq: 2 });

function started(hop = udpPeer) {
  const stage = createTransactionStage();
  stage.receive(bye, hop);
  const transaction = stage.servers[0]!;
  return { stage, transaction };
}

for (const [name, hop] of transports) {
  describe(`non-INVITE server transaction over ${name}`, () => {
    it('1. begins in Trying; a repeat is absorbed there (17.2.2)', () => {
      const { stage, transaction } = started(hop);
      assert.equal(transaction.state, TransactionState.Trying);
      for (let i = 0; i < 6; i++) stage.receive(bye, hop);
      assert.deepEqual(stage.told, ['request BYE']);
      assert.deepEqual(stage.sent(), []);
      assert.equal(stage.effects.counted('retransmissionsIn'), 6);
    });

    for (const statusCode of [180, 183, 199]) {
      it(`2. a ${statusCode} is not sent: no provisional but 100 (RFC 4320 4.1)`, () => {
        const { stage, transaction } = started(hop);
        stage.respond(transaction, statusCode);
        assert.deepEqual(stage.sent(), []);
        assert.equal(transaction.state, TransactionState.Trying);
      });
    }

    it('3. unanswered for 3.5 s: it sends 100, once; repeats then get it (RFC 4320 4.1)', () => {
      const { stage, transaction } = started(hop);
      stage.clock.pass(3_490);
      assert.deepEqual(stage.sent(), []);
      stage.clock.pass(20);
      assert.deepEqual(stage.sent(), ['SIP/2.0 100 Trying']);
      assert.equal(transaction.state, TransactionState.Proceeding);
      stage.receive(bye, hop);
      stage.respond(transaction, 100);
      assert.deepEqual(stage.sent(), ['SIP/2.0 100 Trying']);
      stage.respond(transaction, 200);
      assert.deepEqual(stage.sent(), ['SIP/2.0 200 OK']);
    });

    it('4. unanswered for 64*T1: it goes away without a 408; the late response goes nowhere', () => {
      const { stage, transaction } = started(hop);
      stage.clock.pass(32_010);
      assert.equal(transaction.state, TransactionState.Terminated);
      assert.equal(stage.layer.size, 0);
      assert.equal(stage.wheel.size, 0);
      stage.respond(transaction, 200);
      assert.deepEqual(stage.sent(), ['SIP/2.0 100 Trying']);
      assert.deepEqual(stage.told, ['request BYE']);
    });

    it('5. a 408 of the user is not sent and ends it (RFC 4320 4.2)', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 408);
      assert.deepEqual(stage.sent(), []);
      assert.equal(stage.layer.size, 0);
      assert.equal(stage.wheel.size, 0);
    });

    for (const statusCode of [200, 302, 481, 500, 603]) {
      it(`6. ${statusCode} is sent and is the last word`, () => {
        const { stage, transaction } = started(hop);
        stage.respond(transaction, statusCode);
        stage.respond(transaction, 500);
        const sent = stage.sent();
        assert.equal(sent.length, 1);
        assert.match(sent[0]!, new RegExp(`^SIP/2.0 ${statusCode} `));
      });
    }

    it('7. answered within onRequest it never arms the timers of Trying', () => {
      const stage = createTransactionStage();
      stage.react.onRequest = (transaction) => stage.respond(transaction, 200);
      stage.receive(bye, hop);
      assert.equal(stage.wheel.size, hop === udpPeer ? 1 : 0);
      stage.clock.pass(10_000);
      assert.deepEqual(stage.sent(), ['SIP/2.0 200 OK']);
    });

    it('8. terminate frees it, timers and all', () => {
      const { stage, transaction } = started(hop);
      stage.layer.terminate(transaction);
      assert.equal(stage.layer.size + stage.wheel.size, 0);
    });
  });
}

describe('non-INVITE server transaction, what differs by transport', () => {
  it('9. UDP: Completed repeats the response for timer J (64*T1) and keeps nothing else', () => {
    const { stage, transaction } = started();
    stage.respond(transaction, 200);
    assert.equal(transaction.state, TransactionState.Completed);
    assert.equal(transaction.head.throughTo, '');
    assert.equal(stage.wheel.size, 1);
    for (let i = 0; i < 6; i++) stage.receive(bye, udpPeer);
    assert.equal(stage.sent().length, 7);
    stage.clock.pass(31_990);
    assert.equal(stage.layer.size, 1);
    stage.clock.pass(20);
    assert.equal(stage.layer.size, 0);
    assert.equal(transaction.lastResponse, '');
  });

  it('10. TCP: timer J is zero', () => {
    const { stage, transaction } = started(tcpPeer);
    stage.respond(transaction, 200);
    assert.equal(transaction.state, TransactionState.Terminated);
    assert.equal(stage.layer.size, 0);
  });

  it('11. a 100 of the user waits over UDP and goes at once over TCP (RFC 4320 4.1)', () => {
    const udp = started();
    udp.stage.respond(udp.transaction, 100);
    assert.deepEqual(udp.stage.sent(), []);
    const tcp = started(tcpPeer);
    tcp.stage.respond(tcp.transaction, 100);
    assert.deepEqual(tcp.stage.sent(), ['SIP/2.0 100 Trying']);
    tcp.stage.clock.pass(5_000);
    assert.deepEqual(tcp.stage.sent(), []);
  });
});
