// CANCEL and its races (RFC 3261 9), early media, forking carriers, reliable provisionals (RFC 3262).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  callerRequest,
  cancelText,
  createStage,
  inviteText,
  offer,
  responseTo,
  type SentInvite,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

function begun(stage: Stage, options = {}): SentInvite {
  const invite = inviteText(options);
  stage.caller.send(invite.text);
  stage.caller.takeOne('SIP/2.0 100');
  return invite;
}

describe('CANCEL', () => {
  it('while ringing: 200, 487, CANCEL to the carrier, one CDR by the caller', () => {
    const stage = createStage();
    const { caller, carrierA, effects } = stage;
    const invite = begun(stage);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 180, { tag: 'g1' }));
    const to = caller.takeOne('SIP/2.0 180').header('To');
    caller.send(cancelText(invite));
    // One tag for all responses of ours (RFC 3261 8.2.6.2, 9.2).
    assert.deepEqual(
      caller.take().map((message) => [message.status, message.method, message.header('To')]),
      [
        [200, 'CANCEL', to],
        [487, 'INVITE', to],
      ],
    );
    const cancel = carrierA.takeOne('CANCEL');
    assert.equal(cancel.header('Via'), carried.header('Via'));
    assert.equal(cancel.header('CSeq'), '1 CANCEL');
    assert.equal(effects.ends[0]!.endReason, 'Caller hang-up before answer');
    assert.equal(effects.ends[0]!.endedBy, 'caller');
    assert.equal(effects.ends[0]!.sipCode, 487);
    assert.deepEqual(effects.lines, []);
    carrierA.send(responseTo(cancel, 200));
    carrierA.send(responseTo(carried, 487, { tag: 'g1' }));
    carrierA.takeOne('ACK');
  });

  it('before any 1xx waits for one (RFC 3261 9.1)', () => {
    const stage = createStage();
    const invite = begun(stage);
    const carried = stage.carrierA.takeOne('INVITE');
    stage.caller.send(cancelText(invite));
    const tags = stage.caller.take().map((message) => tagOf(message.header('To')));
    assert.deepEqual(tags, [tags[0], tags[0]]);
    assert.notEqual(tags[0], '');
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierA.send(responseTo(carried, 100));
    stage.carrierA.takeOne('CANCEL');
  });

  it('crossed by a 200: the carrier gets ACK and BYE, the caller 487', () => {
    const stage = createStage();
    const { caller, carrierA, effects } = stage;
    const invite = begun(stage);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 180, { tag: 'g1' }));
    caller.take();
    caller.send(cancelText(invite));
    carrierA.takeOne('CANCEL');
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    assert.deepEqual(
      carrierA.take().map((message) => message.method),
      ['ACK', 'BYE'],
    );
    carrierA.send(responseTo(carried, 200, { tag: 'g1', body: answer }));
    assert.deepEqual(
      carrierA.take().map((message) => message.method),
      ['ACK'],
    );
    assert.equal(effects.answers.length, 0);
    assert.equal(effects.ends.length, 1);
  });

  it('after the 200 changes nothing', () => {
    const stage = createStage();
    const { caller, carrierA, effects } = stage;
    const invite = begun(stage);
    carrierA.send(responseTo(carrierA.takeOne('INVITE'), 200, { tag: 'g1', body: answer }));
    caller.takeOne('SIP/2.0 200');
    caller.send(cancelText(invite));
    caller.takeOne('SIP/2.0 200');
    assert.equal(effects.ends.length, 0);
  });

  it('from another address, or with another branch, ends nothing', () => {
    const stage = createStage();
    const invite = begun(stage);
    stage.carrierA.take();
    stage.deliver(cancelText(invite), stage.stranger.hop);
    stage.caller.send(cancelText({ ...invite, branch: 'z9hG4bKother' }));
    assert.equal(stage.caller.take().filter((message) => message.status === 487).length, 0);
    assert.equal(stage.shard.callsUp, 1);
  });

  it('leaves no timer and no transaction behind when the carrier stays silent', () => {
    const stage = createStage();
    const invite = begun(stage);
    stage.caller.send(cancelText(invite));
    stage.pass(120_000);
    assert.equal(stage.shard.transactionCount, 0);
    assert.equal(stage.shard.timerCount, 0);
  });
});

describe('early dialogs', () => {
  it('relays early media and gives each fork its own tag towards the caller', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    begun(stage);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 183, { tag: 'f1', body: answer }));
    const first = caller.takeOne('SIP/2.0 183');
    assert.equal(first.body, answer);
    carrierA.send(responseTo(carried, 180, { tag: 'f2' }));
    const second = caller.takeOne('SIP/2.0 180');
    assert.notEqual(tagOf(first.header('To')), tagOf(second.header('To')));
    carrierA.send(responseTo(carried, 200, { tag: 'f2', body: answer }));
    assert.equal(tagOf(caller.takeOne('SIP/2.0 200').header('To')), tagOf(second.header('To')));
    carrierA.takeOne('ACK');
    carrierA.send(responseTo(carried, 200, { tag: 'f1', body: answer }));
    const [ack, bye] = carrierA.take();
    assert.equal(tagOf(ack!.header('To')), 'f1');
    assert.equal(bye!.method, 'BYE');
    assert.equal(tagOf(bye!.header('To')), 'f1');
    assert.deepEqual(caller.take(), []);
  });

  it('beyond those that are kept, the one that answers still has the call', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = begun(stage);
    const carried = carrierA.takeOne('INVITE');
    for (let fork = 1; fork <= 18; fork++) {
      carrierA.send(responseTo(carried, 180, { tag: `f${fork}` }));
    }
    caller.take();
    carrierA.send(responseTo(carried, 200, { tag: 'f18', body: answer }));
    const tag = tagOf(caller.takeOne('SIP/2.0 200').header('To'));
    assert.equal(tagOf(carrierA.takeOne('ACK').header('To')), 'f18');
    carrierA.send(responseTo(carried, 200, { tag: 'f18', body: answer }));
    carrierA.takeOne('ACK');
    caller.send(callerRequest('ACK', invite, tag, { cseq: 1 }));
    caller.send(callerRequest('BYE', invite, tag, { cseq: 2 }));
    assert.equal(tagOf(carrierA.takeOne('BYE').header('To')), 'f18');
  });

  it('passes UPDATE and its answer in an early dialog (RFC 3311)', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = begun(stage, { headers: 'Supported: 100rel\r\n' });
    const carried = carrierA.takeOne('INVITE');
    const headers = 'Require: 100rel\r\nRSeq: 7\r\n';
    carrierA.send(responseTo(carried, 183, { tag: 'f1', body: answer, headers }));
    const progress = caller.takeOne('SIP/2.0 183');
    const tag = tagOf(progress.header('To'));
    const rack = `RAck: ${progress.header('RSeq')} 1 INVITE\r\n`;
    caller.send(callerRequest('PRACK', invite, tag, { cseq: 2, headers: rack }));
    carrierA.send(responseTo(carrierA.takeOne('PRACK'), 200));
    caller.takeOne('SIP/2.0 200');
    caller.send(callerRequest('UPDATE', invite, tag, { cseq: 3, body: offer }));
    const update = carrierA.takeOne('UPDATE');
    assert.equal(update.body, offer);
    assert.equal(update.header('CSeq'), '3 UPDATE');
    carrierA.send(responseTo(update, 200, { body: answer }));
    assert.equal(caller.takeOne('SIP/2.0 200').body, answer);
    carrierA.send(responseTo(carried, 200, { tag: 'f1' }));
    assert.equal(carrierA.takeOne('ACK').header('CSeq'), '1 ACK');
  });

  it('a BYE of the caller in an early dialog gives the call up', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = begun(stage);
    carrierA.send(responseTo(carrierA.takeOne('INVITE'), 180, { tag: 'f1' }));
    const tag = tagOf(caller.takeOne('SIP/2.0 180').header('To'));
    caller.send(callerRequest('BYE', invite, tag, { cseq: 2 }));
    assert.deepEqual(
      caller.take().map((message) => message.status),
      [200, 487],
    );
    carrierA.takeOne('CANCEL');
  });
});

describe('reliable provisional responses (RFC 3262)', () => {
  const wants = { headers: 'Supported: 100rel\r\n' };

  it('are offered to the carrier only when the caller can acknowledge them', () => {
    const plain = createStage();
    begun(plain);
    assert.equal(plain.carrierA.takeOne('INVITE').header('Supported'), '');
    const able = createStage();
    begun(able, wants);
    assert.equal(able.carrierA.takeOne('INVITE').header('Supported'), '100rel');
    const strict = createStage();
    begun(strict, { headers: 'Require: 100rel\r\n' });
    assert.equal(strict.carrierA.takeOne('INVITE').header('Require'), '100rel');
  });

  it('repeat until the PRACK, which goes end to end', () => {
    const stage = createStage();
    const { caller, carrierA, pass } = stage;
    const invite = begun(stage, wants);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(
      responseTo(carried, 183, {
        tag: 'f1',
        body: answer,
        headers: 'Require: 100rel\r\nRSeq: 4711\r\n',
      }),
    );
    const progress = caller.takeOne('SIP/2.0 183');
    assert.equal(progress.header('Require'), '100rel');
    const rseq = Number(progress.header('RSeq'));
    assert.ok(rseq > 0 && rseq < 0x8000_0000);
    pass(510);
    assert.equal(caller.takeOne('SIP/2.0 183').text, progress.text);
    assert.deepEqual(carrierA.take(), []);
    const tag = tagOf(progress.header('To'));
    const rack = `RAck: ${rseq} 1 INVITE\r\n`;
    caller.send(callerRequest('PRACK', invite, tag, { cseq: 2, headers: rack }));
    const prack = carrierA.takeOne('PRACK');
    assert.equal(prack.header('RAck'), '4711 1 INVITE');
    carrierA.send(responseTo(prack, 200));
    assert.equal(caller.takeOne('SIP/2.0 200').method, 'PRACK');
    pass(5000);
    assert.deepEqual(caller.take(), []);
    caller.send(callerRequest('PRACK', invite, tag, { cseq: 3, headers: 'RAck: 9 1 INVITE\r\n' }));
    caller.takeOne('SIP/2.0 481');
  });

  it('one at a time: the next waits for the PRACK of the one before', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const invite = begun(stage, wants);
    const carried = carrierA.takeOne('INVITE');
    const reliable = 'Require: 100rel\r\nRSeq: 10\r\n';
    carrierA.send(responseTo(carried, 183, { tag: 'f1', headers: reliable }));
    carrierA.send(responseTo(carried, 180, { tag: 'f2', headers: reliable }));
    const first = caller.takeOne('SIP/2.0 183');
    const rack = `RAck: ${first.header('RSeq')} 1 INVITE\r\n`;
    const tag = tagOf(first.header('To'));
    caller.send(callerRequest('PRACK', invite, tag, { cseq: 2, headers: rack }));
    caller.takeOne('SIP/2.0 180');
  });

  it('never acknowledged: the INVITE is rejected with 504 and the carrier cancelled', () => {
    const stage = createStage();
    const { caller, carrierA, pass, effects } = stage;
    begun(stage, wants);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(
      responseTo(carried, 183, { tag: 'f1', headers: 'Require: 100rel\r\nRSeq: 1\r\n' }),
    );
    pass(19_000);
    carrierA.send(responseTo(carried, 180, { tag: 'f1' }));
    pass(13_000);
    assert.ok(caller.take().some((message) => message.status === 504));
    assert.equal(carrierA.take()[0]!.method, 'CANCEL');
    assert.equal(effects.ends.length, 1);
    assert.equal(effects.ends[0]!.endReason, 'Connection timeout');
    assert.equal(effects.ends[0]!.sipCode, 504);
  });
});
