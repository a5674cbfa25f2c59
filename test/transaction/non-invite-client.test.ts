// The non-INVITE client transaction: RFC 3261 17.1.2 (figure 6).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Method } from '../../core/sip/method.ts';
import { TransactionState } from '../../core/transaction/transaction.ts';
import {
  createTransactionStage,
  peerResponse,
  type TransactionStage,
  tcpPeer,
  transports,
  udpPeer,
} from '../doubles/transaction-stage.ts';

function started(hop = udpPeer) {
  const stage = createTransactionStage();
  const transaction = stage.send(Method.BYE, hop);
  const bye = stage.effects.takeSent()[0]!.text;
  return { stage, transaction, bye };
}

/** Seconds at which something was sent within the next `seconds`. */
function sendTimes(stage: TransactionStage, seconds: number): number[] {
  const at: number[] = [];
  const start = stage.clock.nowMs;
  while (stage.clock.nowMs < start + seconds * 1000) {
    stage.clock.pass(10);
    if (stage.sent().length > 0) at.push((stage.clock.nowMs - start) / 1000);
  }
  return at;
}

for (const [name, hop] of transports) {
  describe(`non-INVITE client transaction over ${name}`, () => {
    it('1. begins in Trying and sends the request (17.1.2.2)', () => {
      const { transaction, bye } = started(hop);
      assert.equal(transaction.state, TransactionState.Trying);
      assert.match(bye, /^BYE /);
    });

    for (const provisional of [0, 100]) {
      it(`2. timer F after 64*T1, ${provisional} or not: timeout, gone`, () => {
        const { stage, transaction, bye } = started(hop);
        if (provisional > 0) stage.receive(peerResponse(bye, provisional), hop);
        stage.takeTold();
        stage.clock.pass(31_990);
        assert.deepEqual(stage.told, []);
        stage.clock.pass(20);
        assert.deepEqual(stage.told, ['timeout']);
        assert.equal(transaction.state, TransactionState.Terminated);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
        stage.receive(peerResponse(bye, 200), hop);
        assert.equal(stage.effects.counted('strayResponses'), 1);
      });

      for (const statusCode of [200, 302, 408, 481, 500, 603]) {
        it(`3. ${statusCode} after ${provisional}: told once; text let go`, () => {
          const { stage, transaction, bye } = started(hop);
          if (provisional > 0) stage.receive(peerResponse(bye, provisional), hop);
          stage.takeTold();
          stage.receive(peerResponse(bye, statusCode), hop);
          stage.receive(peerResponse(bye, statusCode), hop);
          assert.deepEqual(stage.told, [`response ${statusCode}`]);
          assert.equal(transaction.text, '');
          stage.clock.pass(60_000);
          assert.deepEqual(stage.sent(), []);
          assert.equal(stage.layer.size + stage.wheel.size, 0);
        });
      }

      it(`4. a failed transport after ${provisional}: told, gone`, () => {
        const { stage, transaction, bye } = started(hop);
        if (provisional > 0) stage.receive(peerResponse(bye, provisional), hop);
        stage.takeTold();
        stage.layer.onTransportFailure(transaction);
        assert.deepEqual(stage.told, ['transport']);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
      });
    }

    it('5. provisionals go to the user', () => {
      const { stage, transaction, bye } = started(hop);
      stage.receive(peerResponse(bye, 100), hop);
      stage.receive(peerResponse(bye, 100), hop);
      assert.equal(transaction.state, TransactionState.Proceeding);
      assert.deepEqual(stage.told, ['response 100', 'response 100']);
    });

    it('6. terminate frees it in every state', () => {
      for (const statusCode of [0, 100, 200]) {
        const { stage, transaction, bye } = started(hop);
        if (statusCode > 0) stage.receive(peerResponse(bye, statusCode), hop);
        stage.layer.terminate(transaction);
        assert.equal(stage.layer.size + stage.wheel.size, 0);
      }
    });
  });
}

describe('non-INVITE client transaction, what differs by transport', () => {
  it('7. UDP: timer E repeats the request on the list of SS_SIP_RESEND_INTERVAL', () => {
    const { stage } = started();
    assert.deepEqual(
      sendTimes(stage, 33),
      [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5],
    );
    assert.equal(stage.effects.counted('retransmissionsOut'), 10);
  });

  it('8. UDP: in Proceeding timer E runs at T2 once it has fired (17.1.2.2)', () => {
    const { stage, bye } = started();
    stage.receive(peerResponse(bye, 100), udpPeer);
    assert.deepEqual(sendTimes(stage, 14), [0.5, 4.5, 8.5, 12.5]);
  });

  it('9. TCP: no timer E, no text kept', () => {
    const { stage, transaction } = started(tcpPeer);
    assert.equal(transaction.text, '');
    assert.deepEqual(sendTimes(stage, 31), []);
  });

  it('10. its final response ends it; a repeat of that is a stray, which timer K would swallow', () => {
    const { stage, transaction, bye } = started();
    stage.receive(peerResponse(bye, 200), udpPeer);
    assert.equal(transaction.state, TransactionState.Terminated);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
    stage.receive(peerResponse(bye, 200), udpPeer);
    assert.deepEqual(stage.told, ['response 200']);
    assert.equal(stage.effects.counted('strayResponses'), 1);
  });
});
