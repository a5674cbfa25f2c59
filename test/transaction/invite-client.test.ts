// The INVITE client transaction, arrow by arrow: RFC 3261 17.1.1 (figure 5) and RFC 6026 7.2.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Method } from '../../core/sip/method.ts';
import { TransactionState } from '../../core/transaction/transaction.ts';
import {
  createTransactionStage,
  headerOf,
  peerResponse,
  tcpPeer,
  transports,
  udpPeer,
} from '../doubles/transaction-stage.ts';

function started(hop = udpPeer, timerB = 32) {
  const stage = createTransactionStage({ SS_SIP_TIMER_B: timerB });
  const transaction = stage.send(Method.INVITE, hop);
  const invite = stage.effects.takeSent()[0]!.text;
  return { stage, transaction, invite };
}

for (const [name, hop] of transports) {
  describe(`INVITE client transaction over ${name}`, () => {
    it('1. begins in Calling and sends the INVITE to its hop (17.1.1.2)', () => {
      const stage = createTransactionStage();
      const transaction = stage.send(Method.INVITE, hop);
      assert.equal(transaction.state, TransactionState.Calling);
      const sent = stage.effects.takeSent();
      assert.equal(sent.length, 1);
      assert.equal(sent[0]!.hop, hop);
      assert.match(sent[0]!.text, /^INVITE /);
    });

    it('2. timer B: a timeout after SS_SIP_TIMER_B, the transaction is gone', () => {
      const { stage, transaction } = started(hop, 8);
      stage.clock.pass(7_990);
      assert.deepEqual(stage.told, []);
      stage.clock.pass(20);
      assert.deepEqual(stage.told, ['timeout']);
      assert.equal(transaction.state, TransactionState.Terminated);
      assert.equal(stage.layer.size + stage.wheel.size, 0);
    });

    for (const statusCode of [100, 180, 183]) {
      it(`3. ${statusCode}: Proceeding, no timers of its own any more, no text kept`, () => {
        const { stage, transaction, invite } = started(hop);
        stage.receive(peerResponse(invite, statusCode), hop);
        assert.equal(transaction.state, TransactionState.Proceeding);
        assert.equal(stage.wheel.size, 0);
        assert.equal(transaction.text, '');
        stage.clock.pass(600_000);
        assert.deepEqual(stage.sent(), []);
        stage.receive(peerResponse(invite, 183, 'other-branch'), hop);
        assert.deepEqual(stage.told, [`response ${statusCode}`, 'response 183']);
      });
    }

    for (const provisional of [0, 180]) {
      for (const statusCode of [200, 202]) {
        it(`4. ${statusCode} after ${provisional}: Accepted; each 2xx is the user's, no ACK of ours`, () => {
          const { stage, transaction, invite } = started(hop);
          if (provisional > 0) stage.receive(peerResponse(invite, provisional), hop);
          stage.takeTold();
          stage.receive(peerResponse(invite, statusCode), hop);
          assert.equal(transaction.state, TransactionState.Accepted);
          stage.receive(peerResponse(invite, statusCode), hop);
          stage.receive(peerResponse(invite, 200, 'fork'), hop);
          assert.deepEqual(stage.told, [
            `response ${statusCode}`,
            `response ${statusCode}`,
            'response 200',
          ]);
          assert.deepEqual(stage.sent(), []);
        });
      }

      for (const statusCode of [300, 404, 486, 503, 603]) {
        it(`5. ${statusCode} after ${provisional}: acknowledged, then told, once (17.1.1.2)`, () => {
          const { stage, invite } = started(hop);
          if (provisional > 0) stage.receive(peerResponse(invite, provisional), hop);
          stage.takeTold();
          let ackedFirst = false;
          stage.react.onResponse = () => {
            ackedFirst = stage.effects.sent.length === 1;
          };
          stage.receive(peerResponse(invite, statusCode), hop);
          assert.ok(ackedFirst);
          assert.deepEqual(stage.told, [`response ${statusCode}`]);
          assert.deepEqual(stage.sent(), ['ACK sip:442071234567@192.0.2.7 SIP/2.0']);
        });
      }
    }

    it('6. the ACK: the INVITE’s branch, Route and number, the response’s To (17.1.1.3)', () => {
      const { stage, invite } = started(hop);
      stage.receive(peerResponse(invite, 486, 'busy-one'), hop);
      const [ack] = stage.effects.takeSent();
      assert.equal(ack!.hop, hop);
      for (const same of ['Via', 'Route', 'From', 'Call-ID']) {
        assert.equal(headerOf(ack!.text, same), headerOf(invite, same), same);
      }
      assert.equal(headerOf(ack!.text, 'To'), `${headerOf(invite, 'To')};tag=busy-one`);
      assert.equal(headerOf(ack!.text, 'CSeq'), '11 ACK');
      assert.equal(headerOf(ack!.text, 'Max-Forwards'), '70');
      assert.equal(headerOf(ack!.text, 'Content-Length'), '0');
    });

    it('7. timer M ends Accepted after 64*T1 on every transport; a later 2xx is a stray', () => {
      const { stage, transaction, invite } = started(hop);
      stage.receive(peerResponse(invite, 200), hop);
      stage.clock.pass(31_990);
      stage.receive(peerResponse(invite, 200), hop);
      stage.clock.pass(20);
      assert.equal(transaction.state, TransactionState.Terminated);
      assert.equal(stage.layer.size + stage.wheel.size, 0);
      stage.receive(peerResponse(invite, 200), hop);
      assert.deepEqual(stage.told, ['response 200', 'response 200']);
      assert.equal(stage.effects.counted('strayResponses'), 1);
    });

    it('8. Accepted: anything but a 2xx is counted and dropped', () => {
      const { stage, invite } = started(hop);
      stage.receive(peerResponse(invite, 200), hop);
      for (const late of [180, 487, 603]) stage.receive(peerResponse(invite, late), hop);
      assert.deepEqual(stage.told, ['response 200']);
      assert.deepEqual(stage.sent(), []);
      assert.equal(stage.effects.counted('strayResponses'), 3);
    });

    it('9. a response after timer B is a stray', () => {
      const { stage, invite } = started(hop);
      stage.clock.pass(32_010);
      stage.receive(peerResponse(invite, 200), hop);
      assert.deepEqual(stage.told, ['timeout']);
      assert.equal(stage.effects.counted('strayResponses'), 1);
    });

    it('10. a failed transport ends Calling and Proceeding with a word to the user', () => {
      for (const provisional of [0, 180]) {
        const { stage, transaction, invite } = started(hop);
        if (provisional > 0) stage.receive(peerResponse(invite, provisional), hop);
        stage.takeTold();
        stage.layer.onTransportFailure(transaction);
        stage.layer.onTransportFailure(transaction);
        assert.deepEqual(stage.told, ['transport']);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
      }
    });

    it('11. a failed transport after the final response says nothing new', () => {
      for (const final of [200, 486]) {
        const { stage, transaction, invite } = started(hop);
        stage.receive(peerResponse(invite, final), hop);
        stage.layer.onTransportFailure(transaction);
        assert.deepEqual(stage.told, [`response ${final}`]);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
      }
    });

    it('12. terminate frees it in every state, Proceeding among them', () => {
      for (const statusCode of [0, 180, 200, 486]) {
        const { stage, transaction, invite } = started(hop);
        if (statusCode > 0) stage.receive(peerResponse(invite, statusCode), hop);
        stage.layer.terminate(transaction);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
        assert.equal(transaction.state, TransactionState.Terminated);
      }
    });
  });
}

describe('INVITE client transaction, what differs by transport', () => {
  it('13. UDP: timer A repeats the INVITE, byte by byte, on the list of SS_SIP_RESEND_INTERVAL', () => {
    const { stage, invite } = started();
    const at: number[] = [];
    for (let ms = 10; ms <= 33_000; ms += 10) {
      stage.clock.pass(10);
      for (const again of stage.effects.takeSent()) {
        assert.equal(again.text, invite);
        at.push(ms / 1000);
      }
    }
    assert.deepEqual(at, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
    assert.equal(stage.effects.counted('retransmissionsOut'), 10);
  });

  it('14. TCP: no timer A, and the text is not kept', () => {
    const { stage, transaction } = started(tcpPeer);
    assert.equal(transaction.text, '');
    stage.clock.pass(31_900);
    assert.deepEqual(stage.sent(), []);
  });

  it('15. UDP: Completed acknowledges each repeat for timer D (32 s), untold', () => {
    const { stage, transaction, invite } = started();
    stage.receive(peerResponse(invite, 486), udpPeer);
    assert.equal(transaction.state, TransactionState.Completed);
    for (let i = 0; i < 5; i++) stage.receive(peerResponse(invite, 486), udpPeer);
    const acks = stage.effects.takeSent().map((one) => one.text);
    assert.equal(acks.length, 6);
    assert.equal(new Set(acks).size, 1);
    assert.deepEqual(stage.told, ['response 486']);
    assert.equal(stage.effects.counted('retransmissionsIn'), 5);
    stage.clock.pass(31_990);
    assert.equal(stage.layer.size, 1);
    stage.clock.pass(20);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
    assert.equal(transaction.ackText, '');
  });

  it('16. UDP: a 2xx after a 486 is no answer any more', () => {
    const { stage, invite } = started();
    stage.receive(peerResponse(invite, 486), udpPeer);
    stage.receive(peerResponse(invite, 200), udpPeer);
    stage.receive(peerResponse(invite, 180), udpPeer);
    assert.deepEqual(stage.told, ['response 486']);
    assert.equal(stage.effects.counted('strayResponses'), 2);
  });

  it('17. TCP: timer D is zero', () => {
    const { stage, transaction, invite } = started(tcpPeer);
    stage.receive(peerResponse(invite, 486), tcpPeer);
    assert.equal(transaction.state, TransactionState.Terminated);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
  });
});
