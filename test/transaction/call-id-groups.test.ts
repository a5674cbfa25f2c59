// What one Call-ID sends stands together in the table of server transactions: found under another CSeq number
// (RFC 3261 9.2, 17.2.3), bounded, and still told apart.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Method } from '../../core/sip/method.ts';
import { TransactionState } from '../../core/transaction/transaction.ts';
import { createTransactionStage, peerRequest, udpPeer } from '../doubles/transaction-stage.ts';

describe('requests of one Call-ID', () => {
  it('CANCEL and ACK match by branch and sent-by where a peer numbers them otherwise', () => {
    const stage = createTransactionStage();
    stage.receive(peerRequest(), udpPeer);
    stage.receive(peerRequest({ cseq: 7, branch: ';branch=z9hG4bKother' }), udpPeer);
    stage.receive(peerRequest({ method: Method.CANCEL, cseq: 12 }), udpPeer);
    assert.equal(stage.told.at(-1), 'request CANCEL of INVITE');
    stage.respond(stage.servers[0]!, 487);
    stage.receive(peerRequest({ method: Method.ACK, toTag: 'our-tag', cseq: 13 }), udpPeer);
    assert.equal(stage.servers[0]!.state, TransactionState.Confirmed);
    assert.equal(stage.servers[1]!.state, TransactionState.Proceeding, 'the other INVITE');
    for (const foreign of [{ branch: ';branch=z9hG4bKforged' }, { sentBy: '192.0.2.66' }]) {
      stage.receive(peerRequest({ method: Method.CANCEL, cseq: 9, ...foreign }), udpPeer);
      assert.equal(stage.told.at(-1), 'request CANCEL');
    }
    stage.receive(peerRequest({ method: Method.CANCEL, cseq: 9, callId: 'other' }), udpPeer);
    assert.equal(stage.told.at(-1), 'request CANCEL');
  });

  it('numbers without end under one Call-ID: 512 are worked on at once, the rest get 503', () => {
    const stage = createTransactionStage();
    const flood = (cseq: number): void =>
      stage.receive(peerRequest({ branch: `;branch=z9hG4bKn${cseq}`, toTag: 'x', cseq }), udpPeer);
    for (let cseq = 1; cseq <= 600; cseq++) flood(cseq);
    assert.equal(stage.layer.size, 512);
    assert.equal(stage.effects.counted('refusedTransactions'), 88);
    stage.respond(stage.servers[0]!, 200);
    flood(601);
    assert.equal(stage.effects.counted('refusedTransactions'), 88);
  });

  it('a caller that tries again and again under one Call-ID is not taken for its own copy', () => {
    const stage = createTransactionStage();
    const tries = 20_000; // hashes of some of them meet
    for (let cseq = 1; cseq <= tries; cseq++) {
      stage.receive(peerRequest({ branch: `;branch=z9hG4bKt${cseq}`, cseq }), udpPeer);
      stage.respond(stage.servers.pop()!, 200);
    }
    assert.equal(stage.told.length, tries);
    assert.equal(stage.effects.counted('mergedRequests'), 0);
    assert.equal(stage.layer.size, tries);
  });
});
