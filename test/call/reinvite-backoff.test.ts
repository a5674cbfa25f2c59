// A re-INVITE that is answered 491 (RFC 3261 14.1), on both legs and with a clock driven by hand: the wait, the
// one repeat, and who goes first.
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

const hold = `${offer}a=sendonly\r\n`;
const branch = 'z9hG4bKreinvite';

/** The caller's re-INVITE has met a 491 of the carrier's; the caller waits. */
function refusedReinvite(stage: Stage, call: AnsweredCall, body: string = hold): Seen {
  const { caller, carrierA } = stage;
  caller.send(callerRequest('INVITE', call.invite, call.callerTag, { cseq: 2, branch, body }));
  caller.takeOne('SIP/2.0 100');
  const first = carrierA.takeOne('INVITE');
  carrierA.send(responseTo(first, 491));
  assert.equal(carrierA.takeOne('ACK').header('CSeq'), '2 ACK');
  assert.deepEqual(caller.take(), []);
  return first;
}

/** Milliseconds until the peer is sent something, in steps of the wheel. */
function waitFor(stage: Stage, peer: 'caller' | 'carrierA'): { waitedMs: number; seen: Seen } {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 10) {
    const [seen, ...more] = stage[peer].take();
    if (seen !== undefined) {
      assert.deepEqual(more, []);
      return { waitedMs, seen };
    }
    stage.pass(10);
  }
  throw new assert.AssertionError({ message: `${peer} was sent nothing` });
}

function assertNothingLeft(stage: Stage): void {
  stage.pass(120_000);
  assert.deepEqual([stage.shard.transactionCount, stage.shard.timerCount], [0, 0]);
}

describe('a re-INVITE answered 491', () => {
  it('is repeated with the next number, and its 2xx answers the one that waits', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    const first = refusedReinvite(stage, call);
    const { seen: again } = waitFor(stage, 'carrierA');
    assert.equal(again.header('CSeq'), '3 INVITE');
    assert.equal(again.body, first.body);
    assert.equal(again.header('Max-Forwards'), first.header('Max-Forwards'));
    assert.notEqual(again.header('Via'), first.header('Via'));
    carrierA.send(responseTo(again, 200, { body: answer }));
    assert.equal(carrierA.takeOne('ACK').header('CSeq'), '3 ACK');
    const ok = caller.takeOne('SIP/2.0 200');
    assert.deepEqual([ok.header('CSeq'), ok.body], ['2 INVITE', answer]);
    caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2 }));
    stage.pass(10_000);
    assert.deepEqual([caller.take(), carrierA.take(), stage.effects.ends], [[], [], []]);
    assert.equal(stage.effects.counted('reinvitesRepeated'), 1);
    // The next one has a repeat of its own.
    caller.send(callerRequest('INVITE', call.invite, call.callerTag, { cseq: 3, body: hold }));
    carrierA.send(responseTo(carrierA.takeOne('INVITE'), 491));
    assert.deepEqual(methodsOf(caller.take()), ['100 INVITE']);
  });

  it('towards the carrier, whose Call-ID is ours: after 2.1 to 4 s, in steps of 10 ms', () => {
    const waits = new Set<number>();
    const stage = createStage();
    for (let i = 0; i < 40; i++) {
      const call = answeredCall(stage);
      refusedReinvite(stage, call);
      const { waitedMs, seen } = waitFor(stage, 'carrierA');
      stage.carrierA.send(responseTo(seen, 200, { body: answer }));
      stage.carrierA.takeOne('ACK');
      stage.caller.takeOne('SIP/2.0 200');
      stage.caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 2 }));
      // The wheel fires in the tick after.
      assert.ok(waitedMs >= 2100 && waitedMs <= 4010, `${waitedMs} ms`);
      waits.add(waitedMs);
    }
    assert.ok(waits.size > 20, 'random');
  });

  it('towards the caller, whose Call-ID is his: within 2 s', () => {
    const waits = new Set<number>();
    const stage = createStage();
    const { caller, carrierA } = stage;
    for (let i = 0; i < 40; i++) {
      const call = answeredCall(stage);
      const { carried, carrierTag } = call;
      carrierA.send(carrierRequest('INVITE', carried, carrierTag, { cseq: 1, body: hold }));
      carrierA.takeOne('SIP/2.0 100');
      caller.send(responseTo(caller.takeOne('INVITE'), 491));
      caller.takeOne('ACK');
      const { waitedMs, seen } = waitFor(stage, 'caller');
      assert.ok(waitedMs <= 2010, `${waitedMs} ms`);
      waits.add(waitedMs);
      caller.send(responseTo(seen, 200, { body: answer }));
      caller.takeOne('ACK');
      assert.equal(carrierA.takeOne('SIP/2.0 200').body, answer);
      carrierA.send(carrierRequest('ACK', carried, carrierTag, { cseq: 1 }));
    }
    assert.ok(waits.size > 20 && Math.min(...waits) < 500, 'random');
  });

  it('twice: the second 491 goes back to who asked', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    refusedReinvite(stage, answeredCall(stage));
    carrierA.send(responseTo(waitFor(stage, 'carrierA').seen, 491));
    assert.equal(carrierA.takeOne('ACK').header('CSeq'), '3 ACK');
    assert.equal(caller.takeOne('SIP/2.0 491').header('CSeq'), '2 INVITE');
    stage.pass(10_000);
    assert.deepEqual(carrierA.take(), []);
  });

  it('without an offer: the ACK that brings the answer has the number of the repeat', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    refusedReinvite(stage, call, '');
    const { seen: again } = waitFor(stage, 'carrierA');
    carrierA.send(responseTo(again, 200, { body: offer }));
    assert.deepEqual(carrierA.take(), []);
    assert.equal(caller.takeOne('SIP/2.0 200').body, offer);
    const ack = { cseq: 2, body: answer };
    caller.send(callerRequest('ACK', call.invite, call.callerTag, ack));
    const carried = carrierA.takeOne('ACK');
    assert.deepEqual([carried.header('CSeq'), carried.body], ['3 ACK', answer]);
  });

  it('of an UPDATE goes back at once: a non-INVITE request is not kept waiting', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    caller.send(callerRequest('UPDATE', call.invite, call.callerTag, { cseq: 2, body: hold }));
    carrierA.send(responseTo(carrierA.takeOne('UPDATE'), 491));
    caller.takeOne('SIP/2.0 491');
  });
});

describe('while a re-INVITE waits for its repeat', () => {
  it('CANCEL: 487, and no repeat (RFC 3261 9.2)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    refusedReinvite(stage, call);
    const invite = { ...call.invite, branch };
    caller.send(cancelText(invite, { cseq: 2, toTag: call.callerTag }));
    assert.deepEqual(methodsOf(caller.take()), ['200 CANCEL', '487 INVITE']);
    stage.pass(5000);
    assert.deepEqual([carrierA.take(), stage.effects.ends], [[], []]);
  });

  for (const side of ['caller', 'carrier'] as const) {
    it(`BYE of the ${side}: 487, no repeat, nothing is left`, () => {
      const stage = createStage();
      const { caller, carrierA } = stage;
      const call = answeredCall(stage);
      refusedReinvite(stage, call);
      if (side === 'caller') {
        caller.send(callerRequest('BYE', call.invite, call.callerTag, { cseq: 3 }));
        assert.deepEqual(methodsOf(caller.take()), ['200 BYE', '487 INVITE']);
        carrierA.send(responseTo(carrierA.takeOne('BYE'), 200));
      } else {
        carrierA.send(carrierRequest('BYE', call.carried, call.carrierTag, { cseq: 1 }));
        carrierA.takeOne('SIP/2.0 200');
        const [failure, bye] = caller.take();
        assert.deepEqual([failure!.status, bye!.method], [487, 'BYE']);
        caller.send(responseTo(bye!, 200));
      }
      assertNothingLeft(stage);
      assert.equal(stage.effects.counted('reinvitesRepeated'), 0);
    });
  }

  it('another request of the caller’s is refused as before, INFO passes', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    refusedReinvite(stage, call);
    const ask = (method: string, cseq: number, body = ''): void =>
      caller.send(callerRequest(method, call.invite, call.callerTag, { cseq, body }));
    ask('INVITE', 3, hold);
    caller.takeOne('SIP/2.0 500');
    ask('UPDATE', 4, hold);
    caller.takeOne('SIP/2.0 500');
    ask('INFO', 5);
    carrierA.takeOne('INFO');
  });
});

describe('re-INVITEs of both sides at once', () => {
  /** Both have asked; the carrier, whose own was refused by the switch, has refused the caller's. */
  function glare(stage: Stage): AnsweredCall {
    const { caller, carrierA } = stage;
    const call = answeredCall(stage);
    const { invite, callerTag, carried, carrierTag } = call;
    caller.send(callerRequest('INVITE', invite, callerTag, { cseq: 2, branch, body: hold }));
    caller.takeOne('SIP/2.0 100');
    const first = carrierA.takeOne('INVITE');
    const own = { cseq: 1, branch: 'z9hG4bKcarrier1', body: hold };
    carrierA.send(carrierRequest('INVITE', carried, carrierTag, own));
    assert.equal(carrierA.takeOne('SIP/2.0 491').header('CSeq'), '1 INVITE');
    carrierA.send(carrierRequest('ACK', carried, carrierTag, { ...own, body: '' }));
    carrierA.send(responseTo(first, 491));
    assert.equal(carrierA.takeOne('ACK').header('CSeq'), '2 ACK');
    assert.deepEqual(caller.take(), []);
    return call;
  }

  for (const method of ['INVITE', 'UPDATE']) {
    it(`the carrier tries again first, with ${method}: the caller gets his 491, then the carrier’s`, () => {
      const stage = createStage();
      const { caller, carrierA } = stage;
      const call = glare(stage);
      // Not the owner of the Call-ID: 0 to 2 s.
      stage.pass(1500);
      const { carried, carrierTag } = call;
      carrierA.send(carrierRequest(method, carried, carrierTag, { cseq: 2, body: hold }));
      const [refused, offered] = caller.take();
      assert.deepEqual([refused!.status, refused!.header('CSeq')], [491, '2 INVITE']);
      assert.deepEqual([offered!.method, offered!.body], [method, hold]);
      const ack = { cseq: 2, branch };
      caller.send(callerRequest('ACK', call.invite, call.callerTag, ack));
      caller.send(responseTo(offered!, 200, { body: answer }));
      assert.equal(carrierA.take().at(-1)!.body, answer);
      if (method === 'INVITE') {
        caller.takeOne('ACK');
        carrierA.send(carrierRequest('ACK', carried, carrierTag, { cseq: 2 }));
      }
      // The caller owns his: 2.1 to 4 s.
      stage.pass(1500);
      caller.send(callerRequest('INVITE', call.invite, call.callerTag, { cseq: 3, body: hold }));
      caller.takeOne('SIP/2.0 100');
      carrierA.send(responseTo(carrierA.takeOne('INVITE'), 200, { body: answer }));
      carrierA.takeOne('ACK');
      assert.equal(caller.takeOne('SIP/2.0 200').body, answer);
      caller.send(callerRequest('ACK', call.invite, call.callerTag, { cseq: 3 }));
      stage.pass(5000);
      assert.deepEqual([caller.take(), carrierA.take(), stage.effects.ends], [[], [], []]);
      assert.equal(stage.effects.counted('reinvitesRepeated'), 0);
    });
  }

  it('the carrier does not try again: the caller’s gets through without his doing', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    glare(stage);
    const { waitedMs, seen } = waitFor(stage, 'carrierA');
    assert.ok(waitedMs >= 2100, 'after the carrier could have');
    carrierA.send(responseTo(seen, 200, { body: answer }));
    carrierA.takeOne('ACK');
    assert.equal(caller.takeOne('SIP/2.0 200').header('CSeq'), '2 INVITE');
  });
});
