// The INVITE server transaction, arrow by arrow: RFC 3261 17.2.1 (figure 7) and RFC 6026 7.1.
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

const invite = peerRequest();
const ack = peerRequest({ method: Method.ACK, toTag: 'our-tag' });

function started(hop = udpPeer) {
  const stage = createTransactionStage();
  stage.receive(invite, hop);
  const transaction = stage.servers[0]!;
  return { stage, transaction };
}

for (const [name, hop] of transports) {
  describe(`INVITE server transaction over ${name}`, () => {
    it('1. begins in Proceeding, tells the user, sends nothing by itself (17.2.1)', () => {
      const { stage, transaction } = started(hop);
      assert.equal(transaction.state, TransactionState.Proceeding);
      assert.deepEqual(stage.told, ['request INVITE']);
      assert.deepEqual(stage.sent(), []);
      assert.equal(stage.wheel.size, 0);
    });

    it('2. an INVITE sent 7 times is one request; each repeat gets the last provisional', () => {
      const { stage, transaction } = started(hop);
      stage.receive(invite, hop);
      assert.deepEqual(stage.sent(), []);
      stage.respond(transaction, 100);
      stage.receive(invite, hop);
      stage.receive(invite, hop);
      stage.respond(transaction, 180);
      for (let i = 0; i < 3; i++) stage.receive(invite, hop);
      assert.deepEqual(stage.sent(), [
        'SIP/2.0 100 Trying',
        'SIP/2.0 100 Trying',
        'SIP/2.0 100 Trying',
        'SIP/2.0 180 Ringing',
        'SIP/2.0 180 Ringing',
        'SIP/2.0 180 Ringing',
        'SIP/2.0 180 Ringing',
      ]);
      assert.deepEqual(stage.told, ['request INVITE']);
      assert.equal(stage.effects.counted('retransmissionsIn'), 6);
    });

    for (const statusCode of [200, 202]) {
      it(`3. ${statusCode}: Accepted; keeps no text, absorbs INVITEs (RFC 6026 7.1)`, () => {
        const { stage, transaction } = started(hop);
        stage.respond(transaction, 180);
        stage.sent();
        stage.respond(transaction, statusCode);
        assert.equal(transaction.state, TransactionState.Accepted);
        assert.equal(transaction.lastResponse, '');
        assert.equal(stage.sent().length, 1);
        stage.receive(invite, hop);
        assert.deepEqual(stage.sent(), []);
        assert.equal(stage.effects.counted('retransmissionsIn'), 1);
      });
    }

    it('4. Accepted: the 2xx that the user repeats goes out, nothing else does', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 200);
      stage.respond(transaction, 200);
      stage.respond(transaction, 180);
      stage.respond(transaction, 500);
      assert.deepEqual(stage.sent(), ['SIP/2.0 200 OK', 'SIP/2.0 200 OK']);
      assert.equal(transaction.statusCode, 200);
    });

    it('5. Accepted: an ACK with the branch of the INVITE is the user’s', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 200);
      stage.receive(ack, hop);
      assert.deepEqual(stage.told, ['request INVITE', 'ack']);
      assert.equal(transaction.state, TransactionState.Accepted);
    });

    it('6. Accepted absorbs the INVITE until timer L, 64*T1, on every transport (RFC 6026 7.1)', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 200);
      stage.clock.pass(31_990);
      assert.equal(stage.layer.size, 1);
      stage.receive(invite, hop);
      assert.equal(stage.effects.counted('retransmissionsIn'), 1);
      stage.clock.pass(20);
      assert.equal(stage.layer.size, 0);
      assert.equal(stage.wheel.size, 0);
      stage.receive(invite, hop);
      assert.deepEqual(stage.told, ['request INVITE', 'request INVITE']);
    });

    for (const statusCode of [302, 404, 486, 503, 603]) {
      it(`7. ${statusCode}: Completed; a repeated INVITE gets it again (17.2.1)`, () => {
        const { stage, transaction } = started(hop);
        stage.respond(transaction, statusCode);
        assert.equal(transaction.state, TransactionState.Completed);
        stage.receive(invite, hop);
        const sent = stage.sent();
        assert.equal(sent.length, 2);
        assert.equal(sent[0], sent[1]);
        assert.match(sent[0]!, new RegExp(`^SIP/2.0 ${statusCode} `));
      });
    }

    it('8. Completed: a further final response of the user is discarded', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 486);
      stage.respond(transaction, 200);
      assert.deepEqual(stage.sent(), ['SIP/2.0 486 Busy Here']);
      assert.equal(transaction.statusCode, 486);
    });

    it('9. no ACK: timer H tells the user after 64*T1 and ends the transaction', () => {
      const { stage, transaction } = started(hop);
      stage.respond(transaction, 486);
      stage.clock.pass(32_010);
      assert.deepEqual(stage.told, ['request INVITE', 'ack timeout']);
      assert.equal(transaction.state, TransactionState.Terminated);
      assert.equal(stage.layer.size, 0);
      assert.equal(stage.wheel.size, 0);
    });

    it('10. an ACK before any final response is a stray', () => {
      const { stage, transaction } = started(hop);
      stage.receive(ack, hop);
      assert.equal(transaction.state, TransactionState.Proceeding);
      assert.deepEqual(stage.told, ['request INVITE']);
      assert.equal(stage.effects.counted('strayAcks'), 1);
    });

    it('11. terminate frees it in every state, without a word to the user', () => {
      for (const statusCode of [0, 180, 200, 486]) {
        const { stage, transaction } = started(hop);
        if (statusCode > 0) stage.respond(transaction, statusCode);
        stage.layer.terminate(transaction);
        stage.layer.terminate(transaction);
        assert.equal(transaction.state, TransactionState.Terminated);
        // What a repeat of an answered INVITE finds stays for timer L, and its one timer.
        const left = statusCode === 200 ? 1 : 0;
        assert.equal(stage.layer.size, left);
        assert.equal(stage.wheel.size, left);
        assert.deepEqual(stage.told, ['request INVITE']);
      }
    });
  });
}

describe('INVITE server transaction, timers that differ by transport', () => {
  it('12. UDP: timer G repeats the final response on the list until timer H', () => {
    const { stage, transaction } = started();
    stage.respond(transaction, 486);
    const at: number[] = [];
    for (let ms = 10; ms <= 33_000; ms += 10) {
      stage.clock.pass(10);
      if (stage.sent().length > (ms === 10 ? 1 : 0)) at.push(ms / 1000);
    }
    assert.deepEqual(at, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
    assert.equal(stage.effects.counted('retransmissionsOut'), 10);
  });

  it('13. TCP: no timer G', () => {
    const { stage, transaction } = started(tcpPeer);
    stage.respond(transaction, 486);
    stage.sent();
    stage.clock.pass(31_900);
    assert.deepEqual(stage.sent(), []);
  });

  it('14. UDP: the ACK ends timer G; Confirmed swallows ACKs and INVITEs, longer than timer I (T4)', () => {
    const { stage, transaction } = started();
    stage.respond(transaction, 486);
    stage.sent();
    stage.receive(ack, udpPeer);
    assert.equal(transaction.state, TransactionState.Confirmed);
    assert.equal(transaction.lastResponse, '');
    stage.clock.pass(4_990);
    stage.receive(ack, udpPeer);
    stage.receive(invite, udpPeer);
    assert.equal(stage.effects.counted('retransmissionsIn'), 2);
    stage.clock.pass(32_000);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
    assert.deepEqual(stage.sent(), []);
    assert.deepEqual(stage.told, ['request INVITE']);
  });

  it('15. TCP: timer I is zero, the ACK ends it at once', () => {
    const { stage, transaction } = started(tcpPeer);
    stage.respond(transaction, 486);
    stage.receive(ack, tcpPeer);
    assert.equal(transaction.state, TransactionState.Terminated);
    assert.equal(stage.layer.size, 0);
    assert.equal(stage.wheel.size, 0);
  });

  it('16. after timer H the ACK that comes at last is the user’s stray', () => {
    const { stage, transaction } = started();
    stage.respond(transaction, 486);
    stage.clock.pass(32_010);
    stage.receive(ack, udpPeer);
    assert.deepEqual(stage.told, ['request INVITE', 'ack timeout', 'ack']);
  });
});
