// How an attempt ends: one CANCEL, strays hung up once, and nothing of one attempt touching another
// (RFC 3261 9.1, 13.2.2.4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answer,
  begunCall,
  cancelText,
  createStage,
  methodsOf,
  plainDocument,
  responseTo,
} from '../doubles/switch-stage.ts';

const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';
const impatient = {
  ...plainDocument,
  parameters: { SS_MAXCPS: 0, SS_SIP_TIMEOUT_SESSION_PROGRESS: 2 },
};

describe('CANCEL', () => {
  it('goes out once an attempt, however many provisionals follow it', () => {
    const stage = createStage();
    const { invite, carried } = begunCall(stage);
    stage.caller.send(cancelText(invite));
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierA.send(responseTo(carried, 100));
    stage.carrierA.takeOne('CANCEL');
    stage.carrierA.send(responseTo(carried, 180, { tag: 'a' }));
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a' }));
    assert.deepEqual(stage.carrierA.take(), []);
  });

  it('of one attempt leaves the ringing of the next alone', () => {
    const stage = createStage(impatient);
    const { carried } = begunCall(stage);
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact }));
    stage.pass(2100);
    stage.carrierA.takeOne('CANCEL');
    stage.carrierB.send(responseTo(stage.carrierB.takeOne('INVITE'), 180, { tag: 'b' }));
    stage.caller.take();
    stage.carrierA.send(responseTo(carried, 183, { tag: 'a', contact }));
    assert.deepEqual(
      [stage.caller.take(), stage.carrierA.take(), stage.carrierB.take()],
      [[], [], []],
    );
    assert.equal(stage.effects.ends.length, 0);
  });
});

describe('a 2xx nobody waits for', () => {
  it('has its BYE answered without harm to the attempt under way', () => {
    const stage = createStage(impatient);
    const { caller, carrierA, carrierB, pass } = stage;
    const { carried } = begunCall(stage);
    carrierA.send(responseTo(carried, 183, { tag: 'a', contact }));
    pass(2100);
    carrierA.takeOne('CANCEL');
    const second = carrierB.takeOne('INVITE');
    carrierB.send(responseTo(second, 180, { tag: 'b' }));
    carrierA.send(responseTo(carried, 200, { tag: 'a', contact, body: answer }));
    const [ack, bye] = carrierA.take();
    assert.deepEqual(methodsOf([ack!, bye!]), ['ACK', 'BYE']);
    carrierA.send(responseTo(bye!, 200));
    caller.take();
    carrierB.send(responseTo(second, 200, { tag: 'b', body: answer }));
    carrierB.takeOne('ACK');
    caller.takeOne('SIP/2.0 200');
  });

  it('of a second fork: one BYE a tag, an ACK a repeat, the winner still acknowledged', () => {
    const stage = createStage();
    const { carrierA } = stage;
    const { carried } = begunCall(stage);
    const ok = (tag: string): void =>
      carrierA.send(responseTo(carried, 200, { tag, contact, body: answer }));
    ok('a');
    carrierA.takeOne('ACK');
    ok('b');
    const bye = carrierA.take()[1]!;
    assert.equal(bye.method, 'BYE');
    ok('b');
    carrierA.takeOne('ACK');
    carrierA.send(responseTo(bye, 200));
    ok('a');
    carrierA.takeOne('ACK');
    ok('c');
    assert.deepEqual(methodsOf(carrierA.take()), ['ACK', 'BYE']);
  });

  it('of two forks across a CANCEL: both are hung up, once', () => {
    const stage = createStage();
    const { caller, carrierA } = stage;
    const { invite, carried } = begunCall(stage);
    carrierA.send(responseTo(carried, 180, { tag: 'a', contact }));
    caller.send(cancelText(invite));
    carrierA.takeOne('CANCEL');
    for (const tag of ['a', 'b']) {
      carrierA.send(responseTo(carried, 200, { tag, contact, body: answer }));
      assert.deepEqual(methodsOf(carrierA.take()), ['ACK', 'BYE']);
      carrierA.send(responseTo(carried, 200, { tag, contact, body: answer }));
      carrierA.takeOne('ACK');
    }
  });
});
