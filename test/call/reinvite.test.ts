// A re-INVITE that is cancelled, never answered, or open when the call ends; its ACKs; offers that meet
// (RFC 3261 9.1, 13.2.2.4, 14, 15, 16.8; RFC 3311 5.2).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AnsweredCall,
  answer,
  answeredCall,
  callerRequest,
  cancelText,
  carrierRequest,
  createStage,
  methodsOf,
  offer,
  responseTo,
  type Seen,
  type Stage,
} from '../doubles/switch-stage.ts';

const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';

function reinvited(
  stage: Stage,
  options: { body?: string; headers?: string; branch?: string } = { body: offer },
): { call: AnsweredCall; reinvite: Seen } {
  const call = answeredCall(stage);
  stage.caller.send(callerRequest('INVITE', call.invite, call.callerTag, { cseq: 2, ...options }));
  stage.caller.takeOne('SIP/2.0 100');
  return { call, reinvite: stage.carrierA.takeOne('INVITE') };
}

function assertClean({ shard }: Stage): void {
  assert.deepEqual([shard.transactionCount, shard.timerCount], [0, 0]);
}

describe('a re-INVITE that stays without a final response', () => {
  it('is cancelled and answered 408 by timer C, later lost (RFC 3261 16.8)', () => {
    const stage = createStage();
    const { call, reinvite } = reinvited(stage);
    stage.carrierA.send(responseTo(reinvite, 100));
    stage.pass(179_000);
    assert.deepEqual(stage.caller.take(), []);
    stage.pass(3000);
    assert.ok(stage.caller.take().some(({ status }) => status === 408));
    const [cancel] = stage.carrierA.take();
    assert.equal(cancel!.header('CSeq'), '2 CANCEL');
    stage.carrierA.send(responseTo(cancel!, 200));
    stage.carrierA.send(responseTo(reinvite, 487));
    stage.carrierA.takeOne('ACK');
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(40_000);
    stage.caller.take();
    stage.caller.send(
      callerRequest('INVITE', call.invite, call.callerTag, { cseq: 3, body: offer }),
    );
    stage.carrierA.takeOne('INVITE');
  });

  it('does not outlive the call: BYE of either side', () => {
    for (const by of ['caller', 'carrier'] as const) {
      const stage = createStage();
      const { caller, carrierA } = stage;
      const { call, reinvite } = reinvited(stage);
      carrierA.send(responseTo(reinvite, 100));
      if (by === 'caller')
        caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 3 }));
      else carrierA.send(carrierRequest('BYE', call.carried, 'g1', { cseq: 1 }));
      const bye = [...caller.take(), ...carrierA.take()].find(({ startLine }) =>
        startLine.startsWith('BYE'),
      );
      (by === 'caller' ? carrierA : caller).send(responseTo(bye!, 200));
      stage.pass(100_000);
      assertClean(stage);
    }
  });

  it('is not repeated once the BYE has been answered', () => {
    const stage = createStage();
    const { call } = reinvited(stage);
    stage.caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 3 }));
    stage.carrierA.send(responseTo(stage.carrierA.takeOne('BYE'), 200));
    stage.pass(60_000);
    assert.deepEqual(stage.carrierA.take(), []);
    assertClean(stage);
  });

  it('has its CANCEL held back until the first 1xx, and sent once (RFC 3261 9.1)', () => {
    const stage = createStage();
    const { call, reinvite } = reinvited(stage, { body: offer, branch: 'z9hG4bKre' });
    const inDialog = { cseq: 2, toTag: call.callerTag };
    stage.caller.send(cancelText({ ...call.invite, branch: 'z9hG4bKre' }, inDialog));
    stage.caller.takeOne('SIP/2.0 200');
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierA.send(responseTo(reinvite, 100));
    stage.carrierA.takeOne('CANCEL');
    stage.carrierA.send(responseTo(reinvite, 180));
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierA.send(responseTo(reinvite, 487));
    stage.carrierA.takeOne('ACK');
    stage.caller.takeOne('SIP/2.0 487');
  });
});

describe('a BYE of the caller', () => {
  it('before his ACK stops the 2xx: initial, re-INVITE, and after our own BYE was due', () => {
    const first = createStage();
    const invite = answeredCall(first, {});
    first.caller.send(
      callerRequest('INVITE', invite.invite, invite.callerTag, { cseq: 2, body: offer }),
    );
    first.carrierA.send(responseTo(first.carrierA.takeOne('INVITE'), 200, { body: answer }));
    first.carrierA.send(carrierRequest('BYE', invite.carried, 'g1', { cseq: 1 }));
    first.caller.take();
    first.caller.send(callerRequest('BYE', invite.invite, invite.callerTag, { cseq: 3 }));
    first.caller.takeOne('SIP/2.0 200');
    first.pass(60_000);
    assert.deepEqual(first.caller.take(), []);
    const second = createStage();
    const { call, reinvite } = reinvited(second);
    second.carrierA.send(responseTo(reinvite, 200, { body: answer }));
    second.caller.takeOne('SIP/2.0 200');
    second.caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 3 }));
    second.caller.takeOne('SIP/2.0 200');
    second.pass(60_000);
    assert.deepEqual(second.caller.take(), []);
  });
});

describe('the ACK of a 2xx', () => {
  it('belongs to its INVITE: repeats of the first 2xx after a delayed-offer re-INVITE', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { call, reinvite } = reinvited(stage, {});
    assert.equal(reinvite.body, '');
    carrierA.send(responseTo(reinvite, 200, { body: offer }));
    caller.takeOne('SIP/2.0 200');
    caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2, body: answer }));
    assert.equal(carrierA.takeOne('ACK').body, answer);
    carrierA.send(responseTo(call.carried, 200, { tag: 'g1', contact }));
    const first = carrierA.takeOne('ACK');
    assert.deepEqual([first.header('CSeq'), first.body], ['1 ACK', '']);
    carrierA.send(responseTo(reinvite, 200, { body: offer }));
    const second = carrierA.takeOne('ACK');
    assert.deepEqual([second.header('CSeq'), second.body], ['2 ACK', answer]);
  });

  it('goes out before the BYE when the call ends without it', () => {
    const stage = createStage();
    const { call, reinvite } = reinvited(stage, {});
    stage.carrierA.send(responseTo(reinvite, 200, { body: offer }));
    stage.caller.take();
    stage.caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 3 }));
    const sent = stage.carrierA.take();
    assert.deepEqual(methodsOf(sent), ['ACK', 'BYE']);
    assert.equal(sent[0]!.header('CSeq'), '2 ACK');
  });
});

describe('the remote target', () => {
  it('moves only when the 2xx of the UPDATE goes back (RFC 3261 12.2.2)', () => {
    for (const [status, target] of [
      [488, '127.0.0.3'],
      [200, '127.0.0.4'],
    ] as const) {
      const stage = createStage();
      const { caller, carrierA, carrierB } = stage;
      const call = answeredCall(stage);
      const headers = 'Contact: <sip:127.0.0.4:5060>\r\n';
      carrierA.send(carrierRequest('UPDATE', call.carried, 'g1', { cseq: 1, headers }));
      caller.send(responseTo(caller.takeOne('UPDATE'), status));
      carrierA.takeOne(`SIP/2.0 ${status}`);
      caller.send(callerRequest('INFO', call.invite, call.callerTag, { cseq: 2 }));
      (target === '127.0.0.3' ? carrierA : carrierB).takeOne(`INFO sip:${target}:5060`);
    }
  });
});

describe('offers that meet', () => {
  it('an INVITE or UPDATE while an UPDATE offer is open: 500 from its side, 491 from the other', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    const ask = (method: string, cseq: number): void =>
      caller.send(callerRequest(method, call.invite, call.callerTag, { cseq, body: offer }));
    ask('UPDATE', 2);
    const update = carrierA.takeOne('UPDATE');
    ask('INVITE', 3);
    assert.ok(caller.takeOne('SIP/2.0 500').header('Retry-After') !== '');
    ask('UPDATE', 4);
    assert.ok(caller.takeOne('SIP/2.0 500').header('Retry-After') !== '');
    for (const [method, cseq] of [
      ['INVITE', 1],
      ['UPDATE', 2],
    ] as const) {
      carrierA.send(carrierRequest(method, call.carried, 'g1', { cseq, body: offer }));
      carrierA.takeOne('SIP/2.0 491');
    }
    carrierA.send(responseTo(update, 200, { body: answer }));
    caller.takeOne('SIP/2.0 200');
    ask('INVITE', 5);
    caller.takeOne('SIP/2.0 100');
    carrierA.take();
    ask('UPDATE', 6);
    caller.takeOne('SIP/2.0 500');
  });
});

describe('a Retry-After inside a call', () => {
  it('crosses with a 500, which says when an offer may come again, and with no other code', () => {
    for (const [status, seconds] of [
      [500, '7'],
      [503, ''],
    ] as const) {
      const stage = createStage();
      const { reinvite } = reinvited(stage);
      stage.carrierA.send(responseTo(reinvite, status, { headers: 'Retry-After: 7\r\n' }));
      assert.equal(stage.caller.takeOne(`SIP/2.0 ${status}`).header('Retry-After'), seconds);
    }
  });
});

describe('Max-Forwards inside a call', () => {
  it('0 is refused with 483, else it goes on one lower, under the cap (RFC 7332)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    const info = (cseq: number, maxForwards: number): void =>
      caller.send(callerRequest('INFO', call.invite, call.callerTag, { cseq, maxForwards }));
    info(2, 0);
    caller.takeOne('SIP/2.0 483');
    info(3, 4);
    assert.equal(carrierA.takeOne('INFO').header('Max-Forwards'), '3');
    info(4, 70);
    assert.equal(carrierA.takeOne('INFO').header('Max-Forwards'), '8');
    caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 5, maxForwards: 0 }));
    caller.takeOne('SIP/2.0 200');
  });
});
