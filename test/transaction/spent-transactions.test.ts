// What is left of a server transaction once it only waits for repeats, seen through the layer: RFC 3261
// 17.2.2 (timer J), 9.2 and 8.2.2.2 after the final answer.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Method } from '../../core/sip/method.ts';
import {
  createTransactionStage,
  peerRequest,
  tcpPeer,
  udpPeer,
} from '../doubles/transaction-stage.ts';

const invite = peerRequest();

describe('spent transactions', () => {
  const bye = { method: Method.BYE, toTag: 'our-tag', cseq: 2 };

  it('a BYE that was plainly answered gets that answer again until timer J, without an object', () => {
    const stage = createTransactionStage();
    stage.receive(peerRequest(bye), udpPeer);
    stage.layer.respondPlainly(stage.servers[0]!, 481);
    stage.receive(peerRequest(bye), udpPeer);
    const [first, again] = stage.effects.takeSent();
    assert.match(first!.text, /^SIP\/2\.0 481 /);
    assert.deepEqual(again, first);
    assert.deepEqual(stage.told, ['request BYE']);
    assert.equal(stage.effects.counted('retransmissionsIn'), 1);
    stage.clock.pass(33_000);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
    stage.receive(peerRequest(bye), udpPeer);
    assert.deepEqual(stage.told, ['request BYE', 'request BYE']);
  });

  it('over a stream nothing is left of it (timer J is zero)', () => {
    const stage = createTransactionStage();
    stage.receive(peerRequest(bye), tcpPeer);
    stage.layer.respondPlainly(stage.servers[0]!, 200);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
  });

  it('another request with its Call-ID and number is a new one, also with its branch', () => {
    const stage = createTransactionStage();
    stage.receive(peerRequest(bye), udpPeer);
    stage.layer.respondPlainly(stage.servers[0]!, 200);
    stage.receive(peerRequest({ ...bye, branch: ';branch=z9hG4bKother' }), udpPeer);
    stage.receive(peerRequest({ ...bye, method: Method.INFO }), udpPeer);
    assert.deepEqual(stage.told, ['request BYE', 'request BYE', 'request INFO']);
  });

  for (const status of [200, 486]) {
    it(`a CANCEL that crosses the ${status} finds an answered INVITE (RFC 3261 9.2)`, () => {
      const stage = createTransactionStage();
      stage.receive(invite, udpPeer);
      stage.respond(stage.servers[0]!, status);
      if (status > 299) stage.receive(peerRequest({ method: Method.ACK }), udpPeer);
      stage.receive(peerRequest({ method: Method.CANCEL }), udpPeer);
      assert.deepEqual(stage.told, ['request INVITE', 'request CANCEL of answered INVITE']);
    });
  }

  it('a copy of an answered INVITE by another path is merged; one with another From tag is not', () => {
    const stage = createTransactionStage();
    stage.receive(invite, udpPeer);
    stage.respond(stage.servers[0]!, 200);
    stage.sent();
    const branch = ';branch=z9hG4bKother-path';
    stage.receive(peerRequest({ branch }), udpPeer);
    assert.deepEqual(stage.sent(), ['SIP/2.0 482 Loop Detected']);
    stage.receive(peerRequest({ branch, fromTag: 'another' }), udpPeer);
    assert.deepEqual(stage.told, ['request INVITE', 'request INVITE']);
  });

  it('after a refusal and its ACK a copy is merged until timer I (T4), then it is a new INVITE', () => {
    const stage = createTransactionStage();
    const branch = ';branch=z9hG4bKnext-try';
    stage.receive(invite, udpPeer);
    stage.respond(stage.servers[0]!, 503);
    stage.receive(peerRequest({ method: Method.ACK }), udpPeer);
    stage.clock.pass(4_900);
    stage.sent();
    stage.receive(peerRequest({ branch }), udpPeer);
    assert.deepEqual(stage.sent(), ['SIP/2.0 482 Loop Detected']);
    stage.clock.pass(200);
    // As a proxy sends it that was refused by one way and tries the next.
    stage.receive(peerRequest({ branch }), udpPeer);
    assert.deepEqual(stage.sent(), []);
    assert.deepEqual(stage.told, ['request INVITE', 'request INVITE']);
  });

  it('an INVITE answered 2xx is absorbed for timer L also after one that was refused', () => {
    const stage = createTransactionStage();
    const other = { callId: 'other-call', branch: ';branch=z9hG4bKother-call' };
    stage.receive(invite, udpPeer);
    stage.respond(stage.servers[0]!, 503);
    stage.receive(peerRequest({ method: Method.ACK }), udpPeer);
    stage.receive(peerRequest(other), udpPeer);
    stage.respond(stage.servers[1]!, 200);
    stage.clock.pass(31_000);
    stage.receive(peerRequest(other), udpPeer);
    assert.deepEqual(stage.told, ['request INVITE', 'request INVITE']);
    stage.clock.pass(3_000);
    assert.equal(stage.layer.size + stage.wheel.size, 0);
  });

  for (const [name, given] of [
    ['an upper-case host', { sentBy: 'PEER.Example.COM:5060' }],
    ['a branch of RFC 2543', { branch: ';branch=1' }],
    ['no branch', { branch: '' }],
  ] as const) {
    it(`with ${name} repeats find it as well (RFC 3261 17.2.3)`, () => {
      const stage = createTransactionStage();
      stage.receive(peerRequest(given), udpPeer);
      stage.respond(stage.servers[0]!, 200);
      stage.receive(peerRequest({ ...bye, ...given }), udpPeer);
      stage.layer.respondPlainly(stage.servers[1]!, 200);
      stage.sent();
      stage.receive(peerRequest(given), udpPeer);
      assert.deepEqual(stage.sent(), []);
      stage.receive(peerRequest({ ...bye, ...given }), udpPeer);
      assert.deepEqual(stage.sent(), ['SIP/2.0 200 OK']);
      assert.deepEqual(stage.told, ['request INVITE', 'request BYE']);
    });
  }

  it('however many share a Call-ID and a number: no repeat is taken for a new request', () => {
    const stage = createTransactionStage();
    const nth = (n: number) =>
      peerRequest({ fromTag: `from-${n}`, branch: `;branch=z9hG4bKnumber-${n}` });
    for (let n = 0; n < 100; n++) {
      const known = stage.servers.length;
      stage.receive(nth(n), udpPeer);
      if (stage.servers.length > known) stage.respond(stage.servers[known]!, 200);
    }
    const taken = stage.servers.length;
    for (let n = 0; n < taken; n++) stage.receive(nth(n), udpPeer);
    assert.equal(stage.servers.length, taken);
    assert.equal(stage.effects.counted('refusedTransactions'), 100 - taken);
  });
});
