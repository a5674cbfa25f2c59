// How messages find their transactions: RFC 3261 17.1.3, 17.2.3, 9.2, 8.2.2.2, 8.1.3.3, and what the
// layer does at its limits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Method } from '../../core/sip/method.ts';
import { TransactionState } from '../../core/transaction/transaction.ts';
import {
  createTransactionStage,
  headerOf,
  peerRequest,
  peerResponse,
  tcpPeer,
  transports,
  udpPeer,
} from '../doubles/transaction-stage.ts';

const invite = peerRequest();

describe('matching requests (RFC 3261 17.2.3)', () => {
  it('another branch, another sent-by or another method is another transaction', () => {
    const stage = createTransactionStage();
    const same = { toTag: 'in-dialog' };
    stage.receive(peerRequest(same), udpPeer);
    stage.receive(peerRequest({ ...same, branch: ';branch=z9hG4bKpeer2' }), udpPeer);
    stage.receive(peerRequest({ ...same, sentBy: '192.0.2.7:5070' }), udpPeer);
    stage.receive(peerRequest({ ...same, sentBy: '192.0.2.8:5060' }), udpPeer);
    stage.receive(peerRequest({ ...same, method: Method.INFO }), udpPeer);
    assert.equal(stage.told.length, 5);
    assert.equal(stage.layer.size, 5);
  });

  it('one branch in two calls: two transactions, each with repeats of its own', () => {
    const stage = createTransactionStage();
    for (const callId of ['one', 'two', 'one', 'two'])
      stage.receive(peerRequest({ callId }), udpPeer);
    assert.deepEqual(stage.told, ['request INVITE', 'request INVITE']);
    assert.equal(stage.effects.counted('retransmissionsIn'), 2);
  });

  it('each of many methods under one branch has its own, also when another one is gone', () => {
    const stage = createTransactionStage();
    const methods = [Method.INFO, Method.UPDATE, Method.BYE];
    for (const method of methods) stage.receive(peerRequest({ method, toTag: 'x' }), udpPeer);
    stage.layer.terminate(stage.servers[0]!);
    for (const method of methods) stage.receive(peerRequest({ method, toTag: 'x' }), udpPeer);
    assert.deepEqual(stage.told, ['request INFO', 'request UPDATE', 'request BYE', 'request INFO']);
  });

  it('the sent-by host is compared without case', () => {
    const stage = createTransactionStage();
    const same = { toTag: 'in-dialog' };
    stage.receive(peerRequest({ ...same, sentBy: 'PBX.example.com' }), udpPeer);
    stage.receive(peerRequest({ ...same, sentBy: 'pbx.EXAMPLE.com' }), udpPeer);
    assert.deepEqual(stage.told, ['request INVITE']);
  });

  for (const branch of ['', ';branch=old-style-1']) {
    it(`without the magic cookie (“${branch}”): by URI, tags, Call-ID, CSeq and Via`, () => {
      const stage = createTransactionStage();
      const old = { branch, toTag: '' };
      stage.receive(peerRequest(old), udpPeer);
      stage.receive(peerRequest(old), udpPeer);
      assert.equal(stage.effects.counted('retransmissionsIn'), 1);
      stage.respond(stage.servers[0]!, 486);
      stage.receive(peerRequest({ ...old, method: Method.ACK, toTag: 'our-tag' }), udpPeer);
      assert.equal(stage.servers[0]!.state, TransactionState.Confirmed);
      stage.receive(peerRequest({ ...old, cseq: 2 }), udpPeer);
      stage.receive(
        peerRequest({ ...old, callId: 'other', requestUri: 'sip:1@192.0.2.1' }),
        udpPeer,
      );
      stage.receive(peerRequest({ ...old, callId: 'another', fromTag: 'other' }), udpPeer);
      assert.equal(stage.told.length, 4);
      stage.receive(
        peerRequest({ ...old, callId: 'another', fromTag: 'other', method: Method.CANCEL }),
        udpPeer,
      );
      assert.equal(stage.told.at(-1), 'request CANCEL of INVITE');
    });
  }

  it('an ACK that matches nothing is the user’s', () => {
    const stage = createTransactionStage();
    stage.receive(peerRequest({ method: Method.ACK, toTag: 'x' }), udpPeer);
    assert.deepEqual(stage.told, ['ack']);
    assert.equal(stage.layer.size, 0);
  });
});

describe('CANCEL (RFC 3261 9.2)', () => {
  for (const [name, hop] of transports) {
    it(`over ${name}: a transaction of its own that names the INVITE it matches`, () => {
      const stage = createTransactionStage();
      stage.receive(invite, hop);
      const cancel = peerRequest({ method: Method.CANCEL });
      stage.receive(cancel, hop);
      assert.deepEqual(stage.told, ['request INVITE', 'request CANCEL of INVITE']);
      stage.respond(stage.servers[1]!, 200);
      stage.respond(stage.servers[0]!, 487);
      assert.deepEqual(stage.sent(), ['SIP/2.0 200 OK', 'SIP/2.0 487 Request Terminated']);
    });
  }

  it('a repeat of it is absorbed; one with another branch or sent-by matches nothing', () => {
    const stage = createTransactionStage();
    stage.receive(invite, udpPeer);
    const cancel = { method: Method.CANCEL };
    stage.receive(peerRequest(cancel), udpPeer);
    stage.receive(peerRequest(cancel), udpPeer);
    stage.receive(peerRequest({ ...cancel, branch: ';branch=z9hG4bKforged' }), udpPeer);
    stage.receive(peerRequest({ ...cancel, sentBy: '192.0.2.66' }), udpPeer);
    assert.deepEqual(stage.told, [
      'request INVITE',
      'request CANCEL of INVITE',
      'request CANCEL',
      'request CANCEL',
    ]);
  });

  it('ours shares the branch of its INVITE; each response finds its own', () => {
    const stage = createTransactionStage();
    const ourInvite = stage.send(Method.INVITE, udpPeer);
    const cancel = stage.send(Method.CANCEL, udpPeer);
    assert.equal(ourInvite.key, cancel.key);
    const [inviteText, cancelText] = stage.effects.takeSent().map((one) => one.text);
    stage.receive(peerResponse(cancelText!, 200), udpPeer);
    assert.equal(cancel.state, TransactionState.Terminated);
    assert.equal(ourInvite.state, TransactionState.Calling);
    stage.receive(peerResponse(inviteText!, 487), udpPeer);
    assert.equal(ourInvite.state, TransactionState.Completed);
  });
});

describe('merged requests (RFC 3261 8.2.2.2)', () => {
  const twin = peerRequest({ branch: ';branch=z9hG4bKother-path' });

  it('the same request by another path: 482 each time, without a transaction', () => {
    const stage = createTransactionStage();
    stage.receive(invite, udpPeer);
    stage.receive(twin, { ...udpPeer, address: '192.0.2.99' });
    stage.receive(twin, { ...udpPeer, address: '192.0.2.99' });
    const sent = stage.effects.takeSent();
    assert.equal(sent.length, 2);
    assert.equal(sent[0]!.text, sent[1]!.text);
    assert.equal(sent[0]!.hop.address, '192.0.2.99');
    assert.match(sent[0]!.text, /^SIP\/2\.0 482 /);
    assert.match(headerOf(sent[0]!.text, 'To')!, /;tag=/);
    assert.deepEqual(stage.told, ['request INVITE']);
    assert.equal(stage.effects.counted('mergedRequests'), 2);
    assert.equal(stage.layer.size, 1);
  });

  it('also when the Call-ID has sent other requests since', () => {
    const stage = createTransactionStage();
    stage.receive(invite, udpPeer);
    stage.receive(peerRequest({ branch: ';branch=z9hG4bKnext', cseq: 2 }), udpPeer);
    stage.receive(twin, udpPeer);
    assert.equal(stage.effects.counted('mergedRequests'), 1);
    assert.equal(stage.layer.size, 2);
  });

  it('not so with a To tag, another CSeq, another method, or when the first is gone', () => {
    const other = { branch: ';branch=z9hG4bKother-path' };
    const stage = createTransactionStage();
    stage.receive(invite, udpPeer);
    stage.receive(peerRequest({ ...other, toTag: 'in-dialog' }), udpPeer);
    stage.receive(peerRequest({ ...other, branch: ';branch=z9hG4bK3', cseq: 2 }), udpPeer);
    stage.receive(peerRequest({ ...other, method: Method.OPTIONS }), udpPeer);
    assert.equal(stage.told.length, 4);
    stage.layer.terminate(stage.servers[0]!);
    stage.receive(peerRequest({ ...other, branch: ';branch=z9hG4bK4' }), udpPeer);
    assert.equal(stage.told.length, 5);
    assert.equal(stage.effects.counted('mergedRequests'), 0);
  });
});

describe('matching responses (RFC 3261 17.1.3, 8.1.3.3)', () => {
  const strays: readonly [string, (response: string) => string][] = [
    ['a branch that is not ours', (text) => text.replace('z9hG4bKours1', 'z9hG4bKtheirs')],
    ['the CSeq of another method', (text) => text.replace('11 INVITE', '11 BYE')],
    [
      'a second Via line',
      (text) => text.replace('From:', 'Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bKx\r\nFrom:'),
    ],
    [
      'a second Via value',
      (text) => text.replace(/\r\nFrom:/, ', SIP/2.0/UDP 192.0.2.5;branch=z9hG4bKx\r\nFrom:'),
    ],
  ];
  for (const [what, spoil] of strays) {
    it(`${what}: a stray, counted and dropped`, () => {
      const stage = createTransactionStage();
      const transaction = stage.send(Method.INVITE, udpPeer);
      const response = peerResponse(stage.effects.takeSent()[0]!.text, 486);
      const spoilt = spoil(response);
      assert.notEqual(spoilt, response);
      stage.receive(spoilt, udpPeer);
      assert.deepEqual(stage.told, []);
      assert.deepEqual(stage.sent(), []);
      assert.equal(transaction.state, TransactionState.Calling);
      assert.equal(stage.effects.counted('strayResponses'), 1);
    });
  }

  it('a branch in use is refused to a second transaction', () => {
    const stage = createTransactionStage();
    stage.send(Method.INVITE, udpPeer);
    assert.throws(() => stage.send(Method.INVITE, udpPeer), /branch z9hG4bKours1 is in use/);
  });
});

describe('the user within a callback', () => {
  it('answers, sends and terminates from onRequest', () => {
    const stage = createTransactionStage();
    stage.react.onRequest = (transaction) => {
      stage.respond(transaction, 100);
      stage.send(Method.INVITE, udpPeer);
      stage.respond(transaction, 486);
      stage.layer.terminate(transaction);
    };
    stage.receive(invite, udpPeer);
    assert.deepEqual(stage.sent(), [
      'SIP/2.0 100 Trying',
      'INVITE sip:442071234567@192.0.2.7 SIP/2.0',
      'SIP/2.0 486 Busy Here',
    ]);
    assert.equal(stage.layer.size, 1);
  });

  for (const [name, hop] of transports) {
    it(`terminates and starts anew from onResponse over ${name}: the next attempt`, () => {
      const stage = createTransactionStage();
      const first = stage.send(Method.INVITE, hop);
      const text = stage.effects.takeSent()[0]!.text;
      stage.react.onResponse = () => {
        stage.layer.terminate(first);
        stage.send(Method.INVITE, hop, 'z9hG4bKours2');
      };
      stage.receive(peerResponse(text, 503), hop);
      assert.deepEqual(
        stage.sent().map((line) => line.slice(0, 3)),
        ['ACK', 'INV'],
      );
      assert.equal(stage.layer.size, 1);
    });
  }

  it('an exception leaves no ownerless transaction behind, and keeps one that has an owner', () => {
    for (const method of [Method.INVITE, Method.OPTIONS]) {
      for (const owner of [undefined, {}]) {
        const stage = createTransactionStage();
        stage.react.onRequest = (transaction) => {
          transaction.owner = owner;
          throw new Error('bug of a call');
        };
        assert.throws(() => stage.receive(peerRequest({ method }), udpPeer), /bug of a call/);
        assert.equal(stage.layer.size, owner === undefined ? 0 : 1);
      }
    }
  });
});

describe('limits and failures', () => {
  it('a full table: 503 with Retry-After, no transaction, counted; room again later', () => {
    const stage = createTransactionStage({}, 2);
    for (const callId of ['1', '2', '3']) {
      stage.receive(peerRequest({ callId, branch: `;branch=z9hG4bK${callId}` }), udpPeer);
    }
    const [refusal] = stage.effects.takeSent();
    assert.match(refusal!.text, /^SIP\/2\.0 503 /);
    assert.equal(headerOf(refusal!.text, 'Retry-After'), '10');
    assert.equal(stage.effects.counted('refusedTransactions'), 1);
    assert.equal(stage.layer.size, 2);
    stage.layer.terminate(stage.servers[0]!);
    stage.receive(peerRequest({ callId: '3', branch: ';branch=z9hG4bK3' }), udpPeer);
    assert.equal(stage.layer.size, 2);
  });

  it('to a source that is to hear something else, or nothing, it says that', () => {
    const stage = createTransactionStage({}, 1);
    const statuses = [403, 0];
    stage.react.refusalTowards = (source, statusCode) => {
      assert.equal(source, udpPeer);
      assert.equal(statusCode, 503);
      return statuses.shift()!;
    };
    for (const callId of ['one', 'two', 'three']) stage.receive(peerRequest({ callId }), udpPeer);
    const sent = stage.effects.takeSent();
    assert.equal(sent.length, 1);
    assert.match(sent[0]!.text, /^SIP\/2\.0 403 /);
    assert.doesNotMatch(sent[0]!.text, /Retry-After/);
    assert.equal(stage.effects.counted('refusedTransactions'), 2);
  });

  it('branches without end under one Call-ID and CSeq: 64 are kept, the rest get 503', () => {
    const stage = createTransactionStage();
    const flood = (branch: number, cseq: number): void =>
      stage.receive(
        peerRequest({ branch: `;branch=z9hG4bKf${branch}`, toTag: 'x', cseq }),
        udpPeer,
      );
    for (let branch = 0; branch < 100; branch++) flood(branch, 1);
    assert.equal(stage.layer.size, 64);
    assert.equal(stage.effects.counted('refusedTransactions'), 36);
    assert.match(stage.effects.takeSent()[0]!.text, /^SIP\/2\.0 503 /);
    flood(0, 1);
    assert.equal(stage.effects.counted('retransmissionsIn'), 1);
    flood(100, 2);
    assert.equal(stage.layer.size, 65);
  });

  it('a broken stream fails the client transactions over it, and no others', () => {
    const stage = createTransactionStage();
    const hops = [
      tcpPeer,
      { ...tcpPeer, connection: 0 },
      { ...tcpPeer, connection: 10 },
      { ...tcpPeer, connection: 0, port: 5060 },
      udpPeer,
    ];
    const all = hops.map((hop, index) => stage.send(Method.BYE, hop, `z9hG4bK${index}`));
    stage.layer.onHopFailure(tcpPeer);
    assert.deepEqual(stage.told, ['transport', 'transport']);
    assert.deepEqual(
      all.map((one) => one.state === TransactionState.Terminated),
      [true, true, false, false, false],
    );
    stage.layer.onHopFailure(udpPeer);
    assert.equal(stage.layer.size, 3);
  });

  for (const [name, hop] of transports) {
    it(`keeps no ended transaction in memory over ${name}`, async () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const stage = createTransactionStage();
      const client = new WeakRef(stage.send(Method.BYE, hop));
      stage.receive(peerResponse(stage.effects.takeSent()[0]!.text, 200), hop);
      stage.receive(invite, hop);
      stage.respond(stage.servers[0]!, 200);
      const server = new WeakRef(stage.servers.pop()!);
      stage.clock.pass(33_000);
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      assert.equal(client.deref(), undefined);
      assert.equal(server.deref(), undefined);
      assert.equal(stage.layer.size, 0);
    });
  }

  it('new timer values hold for what is armed from then on', () => {
    const stage = createTransactionStage();
    stage.send(Method.INVITE, udpPeer);
    stage.layer.timers = { ...stage.layer.timers, resendMs: [100] };
    stage.sent();
    stage.clock.pass(700);
    assert.equal(stage.sent().length, 3); // 500 as armed, then 600 and 700
  });

  it('1,000 calls of a storm: nothing is left when all has lingered', () => {
    const stage = createTransactionStage();
    stage.react.onRequest = (transaction) => {
      stage.respond(transaction, transaction.method === Method.INVITE ? 486 : 200);
    };
    for (let call = 0; call < 1000; call++) {
      const given = { callId: `c${call}`, branch: `;branch=z9hG4bKs${call}` };
      for (let again = 0; again < 7; again++) stage.receive(peerRequest(given), udpPeer);
      const bye = { ...given, method: Method.BYE, toTag: 'our-tag' };
      for (let again = 0; again < 7; again++) stage.receive(peerRequest(bye), udpPeer);
    }
    assert.equal(stage.told.filter((line) => line.startsWith('request')).length, 2000);
    assert.equal(stage.layer.size, 2000);
    stage.clock.pass(33_000);
    assert.equal(stage.layer.size, 0);
    assert.equal(stage.wheel.size, 0);
  });
});
