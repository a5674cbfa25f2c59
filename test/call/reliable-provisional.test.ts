// Reliable provisionals across attempts, repeats and the final response (RFC 3262 3, 4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  begunCall,
  callerRequest,
  cancelText,
  carrierRequest,
  createStage,
  methodsOf,
  plainDocument,
  responseTo,
  type Seen,
  type SentInvite,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

const able = { headers: 'Supported: 100rel\r\n' };
const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';

function reliable(request: Seen, status: number, rseq: number, options = {}): string {
  const headers = `Require: 100rel\r\nRSeq: ${rseq}\r\n`;
  return responseTo(request, status, { tag: 'a', contact, headers, ...options });
}

function prack(invite: SentInvite, provisional: Seen, cseq = 2): string {
  const headers = `RAck: ${provisional.header('RSeq')} 1 INVITE\r\n`;
  return callerRequest('PRACK', invite, tagOf(provisional.header('To')), { cseq, headers });
}

/** A 183 with SDP is unacknowledged and the carrier has answered. */
function heldAnswer(stage: Stage): { invite: SentInvite; carried: Seen; progress: Seen } {
  const { invite, carried } = begunCall(stage, able);
  stage.carrierA.send(reliable(carried, 183, 1, { body: answer }));
  const progress = stage.caller.takeOne('SIP/2.0 183');
  stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact }));
  stage.carrierA.takeOne('ACK');
  assert.deepEqual(stage.caller.take(), []);
  return { invite, carried, progress };
}

describe('a reliable provisional', () => {
  it('that the carrier repeats, or sends after a gap, is discarded (RFC 3262 4)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, carried } = begunCall(stage, able);
    carrierA.send(reliable(carried, 183, 5));
    const first = caller.takeOne('SIP/2.0 183');
    carrierA.send(reliable(carried, 183, 5));
    carrierA.send(reliable(carried, 180, 7));
    caller.send(prack(invite, first));
    assert.equal(carrierA.takeOne('PRACK').header('RAck'), '5 1 INVITE');
    assert.deepEqual(caller.take(), []);
    carrierA.send(reliable(carried, 180, 6));
    const second = caller.takeOne('SIP/2.0 180');
    assert.equal(Number(second.header('RSeq')), Number(first.header('RSeq')) + 1);
  });

  it('of one fork is numbered without a gap, whatever the other forks send (erratum 4600)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, carried } = begunCall(stage, able);
    const numbers = new Map<string, number[]>();
    const forks: [string, number][] = [
      ['a', 5],
      ['b', 900],
      ['a', 6],
      ['b', 901],
      ['a', 7],
    ];
    for (const [index, [tag, rseq]] of forks.entries()) {
      carrierA.send(reliable(carried, 183, rseq, { tag }));
      const progress = caller.takeOne('SIP/2.0 183');
      numbers.set(tag, [...(numbers.get(tag) ?? []), Number(progress.header('RSeq'))]);
      caller.send(prack(invite, progress, index + 2));
      const passed = carrierA.takeOne('PRACK');
      assert.equal(passed.header('RAck'), `${rseq} 1 INVITE`);
      assert.equal(tagOf(passed.header('To')), tag);
      carrierA.send(responseTo(passed, 200));
      caller.takeOne('SIP/2.0 200');
    }
    const [a, b] = [numbers.get('a')!, numbers.get('b')!];
    assert.deepEqual(a, [a[0]!, a[0]! + 1, a[0]! + 2]);
    assert.deepEqual(b, [b[0]!, b[0]! + 1]);
    assert.notEqual(a[0], b[0]);
  });

  it('of a failed attempt is dropped; its late PRACK gets 200 and the next attempt goes on', () => {
    const stage = createStage();
    const { caller, carrierA, carrierB, shard } = stage;
    const { invite, carried } = begunCall(stage, able);
    carrierA.send(reliable(carried, 183, 1));
    const first = caller.takeOne('SIP/2.0 183');
    carrierA.send(responseTo(carried, 503, { tag: 'a' }));
    carrierA.takeOne('ACK');
    carrierB.send(reliable(carrierB.takeOne('INVITE'), 180, 9, { tag: 'b' }));
    caller.takeOne('SIP/2.0 180');
    caller.send(prack(invite, first));
    assert.deepEqual(methodsOf(caller.take()), ['200 PRACK']);
    assert.deepEqual(carrierA.take(), []);
    caller.send(cancelText(invite));
    stage.pass(120_000);
    assert.deepEqual([shard.transactionCount, shard.timerCount], [0, 0]);
  });

  it('whose PRACK crosses the final failure is acknowledged all the same', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, carried } = begunCall(stage, able);
    carrierA.send(reliable(carried, 183, 1));
    const first = caller.takeOne('SIP/2.0 183');
    carrierA.send(responseTo(carried, 486, { tag: 'a' }));
    caller.takeOne('SIP/2.0 486');
    caller.send(prack(invite, first));
    assert.deepEqual(methodsOf(caller.take()), ['200 PRACK']);
  });

  it('that the caller cannot acknowledge: our own PRACK, and relayed unreliably', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { carried } = begunCall(stage);
    carrierA.send(reliable(carried, 180, 3));
    const ringing = caller.takeOne('SIP/2.0 180');
    assert.equal(ringing.header('Require') + ringing.header('RSeq'), '');
    const own = carrierA.takeOne('PRACK');
    assert.equal(own.header('RAck'), '3 1 INVITE');
    carrierA.send(responseTo(own, 200));
    assert.deepEqual(caller.take(), []);
  });

  it('is given up after 64*T1, not at the end of a short list', () => {
    const stage = createStage({
      ...plainDocument,
      parameters: { SS_MAXCPS: 0, SS_SIP_RESEND_INTERVAL: '0.5,1' },
    });
    const { carried } = begunCall(stage, able);
    stage.carrierA.send(reliable(carried, 183, 1));
    stage.pass(18_000);
    stage.carrierA.send(responseTo(carried, 180, { tag: 'a' }));
    stage.pass(13_900);
    assert.equal(stage.effects.ends.length, 0);
    stage.pass(200);
    assert.equal(stage.effects.ends[0]!.sipCode, 504);
  });
});

describe('the 2xx after a reliable provisional', () => {
  it('without SDP does not wait; the late PRACK goes on to the winner', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, carried } = begunCall(stage, able);
    carrierA.send(reliable(carried, 180, 1));
    const ringing = caller.takeOne('SIP/2.0 180');
    carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer }));
    caller.takeOne('SIP/2.0 200');
    carrierA.takeOne('ACK');
    caller.send(prack(invite, ringing));
    const passed = carrierA.takeOne('PRACK');
    assert.equal(passed.header('RAck'), '1 1 INVITE');
    carrierA.send(responseTo(passed, 200));
    assert.deepEqual(methodsOf(caller.take()), ['200 PRACK']);
  });

  it('with SDP waits for its PRACK (RFC 3262 3)', () => {
    const stage = createStage();
    const { invite, carried, progress } = heldAnswer(stage);
    stage.carrierA.send(responseTo(carried, 200, { tag: 'a', contact }));
    stage.carrierA.takeOne('ACK');
    assert.equal(stage.effects.answers.length, 0);
    stage.caller.send(prack(invite, progress));
    stage.carrierA.takeOne('PRACK');
    stage.caller.takeOne('SIP/2.0 200');
    assert.equal(stage.effects.answers.length, 1);
  });

  const ends: [
    string,
    (stage: Stage, held: ReturnType<typeof heldAnswer>) => void,
    number,
    string,
  ][] = [
    ['a CANCEL', (stage, held) => stage.caller.send(cancelText(held.invite)), 487, 'caller'],
    ['no PRACK at all', (stage) => stage.pass(32_100), 504, 'server'],
    [
      "the carrier's BYE",
      (stage, held) => stage.carrierA.send(carrierRequest('BYE', held.carried, 'a', { cseq: 1 })),
      480,
      'callee',
    ],
  ];
  for (const [what, end, status, by] of ends) {
    it(`is dropped after ${what}: ${status} to the caller, the carrier hung up once`, () => {
      const stage = createStage();
      const held = heldAnswer(stage);
      end(stage, held);
      const byes = stage.carrierA.take().filter(({ method }) => method === 'BYE');
      assert.deepEqual(methodsOf(byes), [by === 'callee' ? '200 BYE' : 'BYE']);
      assert.ok(stage.caller.take().some((message) => message.status === status));
      const [cdr] = stage.effects.ends;
      assert.deepEqual([cdr!.sipCode, cdr!.endedBy, cdr!.answeredAt], [status, by, null]);
      if (by !== 'callee') stage.carrierA.send(responseTo(byes[0]!, 200));
      if (by === 'caller') {
        stage.carrierA.send(responseTo(held.carried, 200, { tag: 'a', contact }));
        stage.carrierA.takeOne('ACK');
      }
      assert.deepEqual(stage.effects.lines, []);
      stage.pass(120_000);
      assert.deepEqual([stage.shard.transactionCount, stage.shard.timerCount], [0, 0]);
    });
  }
});
