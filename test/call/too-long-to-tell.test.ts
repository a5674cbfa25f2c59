// What one leg says is too long for the transport of the other: the call ends at once on both legs, or hunts,
// instead of standing until 64*T1 have passed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datagramBytesMax } from '../../core/sip/message-size.ts';
import {
  answer,
  answeredCall,
  begunCall,
  callerRequest,
  createStage,
  inviteText,
  methodsOf,
  offer,
  plainDocument,
  responseTo,
  type Seen,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

const reason = 'SIP 513 Message Too Large';
const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';
const able = { headers: 'Supported: 100rel\r\n' };

/** A session description that fits into a datagram with a short header, and not with `longName` in it. */
const long: string = `${`${answer}a=x-padding:`.padEnd(63_998, 'p')}\r\n`;
const longName: string = 'n'.repeat(2000);
/** The caller's Via, which every response repeats. */
const branch: string = `z9hG4bK${longName}`;
/** The carrier's proxy, through which every request to it goes. */
const route: string = `Record-Route: <sip:${longName}@127.0.0.3:5060;lr>\r\n`;

/** Early media of one gateway does not end the hunt. */
const hunting = {
  ...plainDocument,
  parameters: { SS_MAXCPS: 0, SS_SIP_STOP_SWITCH_AFTER_SDP: false },
};

function reliable(request: Seen, body: string, more = ''): string {
  const headers = `${more}Require: 100rel\r\nRSeq: 1\r\n`;
  return responseTo(request, 183, { tag: 'a', contact, headers, body });
}

function assertNothingLeft(stage: Stage): void {
  stage.pass(120_000);
  assert.deepEqual([stage.shard.transactionCount, stage.shard.timerCount], [0, 0]);
  assert.deepEqual(stage.effects.lines, []);
}

function assertEnd(stage: Stage, sipCode: number): void {
  const [cdr, ...more] = stage.effects.ends;
  assert.deepEqual(more, []);
  assert.deepEqual([cdr!.endReason, cdr!.endedBy, cdr!.sipCode], [reason, 'server', sipCode]);
}

describe('a response too long for the caller', () => {
  it('2xx: the carrier is hung up, the caller gets 513, no other gateway rings', () => {
    const stage = createStage();
    const { caller, carrierA, carrierB } = stage;
    const { invite, carried } = begunCall(stage, { branch });
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: long }));
    assert.deepEqual(methodsOf(carrierA.take()), ['ACK', 'BYE']);
    const failure = caller.takeOne('SIP/2.0 513');
    const ack = { cseq: 1, branch: invite.branch };
    caller.send(callerRequest('ACK', invite, tagOf(failure.header('To')), ack));
    assert.deepEqual(carrierB.take(), []);
    assertEnd(stage, 513);
    const [cdr] = stage.effects.ends;
    assert.equal(cdr!.answeredAt, null);
    assert.deepEqual(
      cdr!.attempts.map(({ sipCode, endReason }) => [sipCode, endReason]),
      [[200, reason]],
    );
    assert.equal(stage.effects.answers.length, 0);
    assert.equal(stage.effects.counted('sendTooLarge'), 1);
    assertNothingLeft(stage);
  });

  it('2xx to an INVITE without an offer: acknowledged before the BYE', () => {
    const stage = createStage();
    const { carried } = begunCall(stage, { branch, body: '' });
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: long }));
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['ACK', 'BYE']);
    stage.caller.takeOne('SIP/2.0 513');
  });

  it('reliable provisional: the attempt is cancelled and the next gateway tried', () => {
    const stage = createStage(hunting);
    const { carried } = begunCall(stage, { ...able, branch });
    stage.carrierA.send(reliable(carried, long));
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['CANCEL']);
    assert.deepEqual(stage.caller.take(), []);
    const second = stage.carrierB.takeOne('INVITE');
    stage.carrierB.send(responseTo(second, 486, { tag: 'b' }));
    stage.caller.takeOne('SIP/2.0 486');
    const reasons = stage.effects.ends[0]!.attempts.map(({ endReason }) => endReason);
    assert.equal(reasons[0], reason);
    assertNothingLeft(stage);
  });

  it('any other provisional: left out, and the call goes on', () => {
    const stage = createStage();
    const { carried } = begunCall(stage, { branch });
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact, body: long }));
    assert.deepEqual([stage.caller.take(), stage.carrierA.take()], [[], []]);
    assert.equal(stage.effects.counted('sendTooLarge'), 1);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer }));
    stage.caller.takeOne('SIP/2.0 200');
  });

  it('failure: the code alone', () => {
    const padded = (bytes: number): Seen => {
      const stage = createStage();
      // Without a Contact of ours a response may be longer than its INVITE.
      const { text } = inviteText({ branch: `z9hG4bK${'n'.repeat(bytes)}`, body: '' });
      stage.caller.send(
        text.replace(/Contact: .*/, 'm: <sip:a@b>').replace('UDP 127.0.0.2', 'UDP a'),
      );
      stage.caller.takeOne('SIP/2.0 100');
      const carried = stage.carrierA.takeOne('INVITE');
      stage.carrierA.send(responseTo(carried, 600, { tag: 'a' }));
      return stage.caller.takeOne('SIP/2.0 600');
    };
    const short = padded(1);
    assert.equal(short.header('Reason'), 'Q.850;cause=17');
    const room = datagramBytesMax - short.text.length;
    assert.equal(padded(room + 1).header('Reason'), 'Q.850;cause=17');
    assert.equal(padded(room + 2).header('Reason'), '');
  });
});

describe('a response inside a call, too long for the other leg', () => {
  for (const method of ['INVITE', 'UPDATE']) {
    it(`2xx to ${method} with an offer: 513, and both legs are hung up`, () => {
      const stage = createStage();
      const { caller, carrierA } = stage;
      const { invite, callerTag } = answeredCall(stage);
      caller.send(callerRequest(method, invite, callerTag, { cseq: 2, branch, body: offer }));
      const carried = carrierA.takeOne(method);
      caller.take();
      stage.carrierA.send(responseTo(carried, 200, { contact, body: long }));
      assert.deepEqual(methodsOf(caller.take()), [`513 ${method}`, 'BYE']);
      const told = method === 'INVITE' ? ['ACK', 'BYE'] : ['BYE'];
      assert.deepEqual(methodsOf(carrierA.take()), told);
      assertEnd(stage, 200);
      assertNothingLeft(stage);
    });
  }

  it('2xx to INFO: 513, and the call stays', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, callerTag } = answeredCall(stage);
    caller.send(callerRequest('INFO', invite, callerTag, { cseq: 2, branch }));
    stage.carrierA.send(responseTo(carrierA.takeOne('INFO'), 200, { body: long }));
    caller.takeOne('SIP/2.0 513');
    assert.deepEqual([carrierA.take(), stage.effects.ends], [[], []]);
  });
});

describe('a request of the caller’s too long for the carrier', () => {
  /** A caller on TCP whose carrier has sent a reliable 183 with SDP. */
  function acknowledging(stage: Stage): {
    carried: Seen;
    prack: string;
  } {
    const invite = inviteText(able);
    stage.caller.send(invite.text);
    const carried = stage.carrierA.takeOne('INVITE');
    stage.carrierA.send(reliable(carried, answer, route));
    const progress = stage.caller.take().at(-1)!;
    const headers = `RAck: ${progress.header('RSeq')} 1 INVITE\r\n`;
    const tag = tagOf(progress.header('To'));
    return {
      carried,
      prack: callerRequest('PRACK', invite, tag, { cseq: 2, headers, body: long }),
    };
  }

  it('PRACK: 513, the attempt is cancelled and the next gateway tried', () => {
    const stage = createStage(hunting);
    const { prack } = acknowledging(stage);
    stage.caller.send(prack);
    stage.caller.takeOne('SIP/2.0 513');
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['CANCEL']);
    stage.carrierB.takeOne('INVITE');
  });

  it('PRACK that an answer waits for: 513, and the call ends', () => {
    const stage = createStage();
    const { carried, prack } = acknowledging(stage);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact, headers: route }));
    stage.carrierA.takeOne('ACK');
    stage.caller.send(prack);
    assert.deepEqual(methodsOf(stage.caller.take()), ['513 PRACK', '513 INVITE']);
    assert.deepEqual(methodsOf(stage.carrierA.take()), ['BYE']);
    assert.deepEqual(stage.carrierB.take(), []);
    assertEnd(stage, 513);
    assertNothingLeft(stage);
  });

  it('ACK with the answer: the carrier gets one without it, and both legs are hung up', () => {
    const stage = createStage();
    const invite = inviteText({ body: '' });
    stage.caller.send(invite.text);
    const carried = stage.carrierA.takeOne('INVITE');
    stage.carrierA.send(
      responseTo(carried, 200, { tag: 'a', contact, headers: route, body: offer }),
    );
    const callerTag = tagOf(stage.caller.take().at(-1)!.header('To'));
    stage.caller.send(callerRequest('ACK', invite, callerTag, { cseq: 1, body: long }));
    const [ack, bye, ...rest] = stage.carrierA.take();
    assert.deepEqual([ack!.method, ack!.body, bye!.method, rest], ['ACK', '', 'BYE', []]);
    stage.caller.takeOne('BYE');
    assertEnd(stage, 200);
    // The 2xx again: its ACK has no more to say than before.
    stage.carrierA.send(
      responseTo(carried, 200, { tag: 'a', contact, headers: route, body: offer }),
    );
    assert.equal(stage.carrierA.takeOne('ACK').body, '');
    assertNothingLeft(stage);
  });
});
