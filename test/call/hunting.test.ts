// Failing over from gateway to gateway, and where it stops (reference behaviour of a Class 4 switch).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import {
  answer,
  createStage,
  inviteText,
  plainDocument,
  responseTo,
} from '../doubles/switch-stage.ts';

describe('hunting', () => {
  it('goes to the next gateway after a 503 and the caller notices nothing', () => {
    const stage = createStage();
    const { caller, carrierA, carrierB, effects } = stage;
    caller.send(inviteText().text);
    caller.takeOne('SIP/2.0 100');
    const first = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(first, 503, { tag: 'x' }));
    carrierA.takeOne('ACK');
    assert.deepEqual(caller.take(), []);
    const second = carrierB.takeOne('INVITE');
    assert.notEqual(second.header('Call-ID'), first.header('Call-ID'));
    carrierB.send(responseTo(second, 200, { tag: 'y', body: answer }));
    caller.takeOne('SIP/2.0 200');
    const { cdr } = effects.answers[0]!;
    assert.equal(cdr.routingGateway, 'beta');
    assert.deepEqual(
      cdr.attempts.map(({ gateway, sipCode, endReason }) => [gateway, sipCode, endReason]),
      [
        ['alpha', 503, 'SIP 503 Service Unavailable'],
        ['beta', 200, 'Normal release'],
      ],
    );
    assert.deepEqual(
      effects.lines,
      [1, 0, accountLineSlot(4), 3],
      'the first gateway has its line back',
    );
  });

  const finals: [number, boolean][] = [
    [302, true],
    [400, true],
    [401, true],
    [403, true],
    [404, true],
    [407, true],
    [408, true],
    [480, true],
    [486, false],
    [488, true],
    [500, true],
    [503, true],
    [600, false],
    [603, false],
    [604, false],
    [606, false],
  ];
  for (const [code, goesOn] of finals) {
    it(`${code} ${goesOn ? 'hunts' : 'stops'}`, () => {
      const { caller, carrierA, carrierB, effects } = createStage();
      caller.send(inviteText().text);
      caller.take();
      carrierA.send(responseTo(carrierA.takeOne('INVITE'), code, { tag: 'x' }));
      assert.equal(carrierB.take().length, goesOn ? 1 : 0);
      if (goesOn) return;
      caller.takeOne(`SIP/2.0 ${code}`);
      assert.equal(effects.ends[0]!.endedBy, 'callee');
      assert.deepEqual(effects.lines, []);
    });
  }

  it('gives the caller the last failure; a challenge or redirection reads as 503', () => {
    for (const [code, shown] of [
      [404, 404],
      [407, 503],
      [302, 503],
    ] as const) {
      const { caller, carrierA, carrierB, effects } = createStage();
      caller.send(inviteText().text);
      caller.take();
      carrierA.send(responseTo(carrierA.takeOne('INVITE'), 500, { tag: 'x' }));
      carrierB.send(responseTo(carrierB.takeOne('INVITE'), code, { tag: 'y' }));
      caller.takeOne(`SIP/2.0 ${shown}`);
      assert.equal(effects.ends[0]!.sipCode, shown);
      assert.ok(effects.ends[0]!.endReason.startsWith(`SIP ${code}`));
    }
  });

  const timers: [string, string, number, number][] = [
    ['SS_SIP_TIMEOUT_INVITE', 'nothing', 0, 3],
    ['SS_SIP_TIMEOUT_TRYING', '100', 100, 3],
    ['SS_SIP_TIMEOUT_SESSION_PROGRESS', '183', 183, 3],
  ];
  for (const [name, what, status, seconds] of timers) {
    it(`${name}: goes on after ${what} and nothing more`, () => {
      const stage = createStage({
        ...plainDocument,
        parameters: { SS_MAXCPS: 0, [name]: seconds },
      });
      const { caller, carrierA, carrierB, pass, effects } = stage;
      caller.send(inviteText().text);
      caller.take();
      const first = carrierA.takeOne('INVITE');
      if (status > 0) carrierA.send(responseTo(first, status, { tag: 'x' }));
      pass(seconds * 1000 - 50);
      assert.deepEqual(carrierB.take(), []);
      pass(100);
      const second = carrierB.takeOne('INVITE');
      const cancels = carrierA.take().filter((message) => message.method === 'CANCEL');
      assert.equal(
        cancels.length,
        status > 0 ? 1 : 0,
        'CANCEL only after a provisional (RFC 3261 9.1)',
      );
      carrierB.send(responseTo(second, 200, { tag: 'y', body: answer }));
      const reason = status === 0 ? 'InviteTimeout' : 'Response timeout';
      assert.equal(effects.answers[0]!.cdr.attempts[0]!.endReason, reason);
    });
  }

  it('a ringing phone that is not answered ends the call: SS_SIP_TIMEOUT_RINGING, 408', () => {
    const stage = createStage({
      ...plainDocument,
      parameters: { SS_MAXCPS: 0, SS_SIP_TIMEOUT_RINGING: 5 },
    });
    const { caller, carrierA, carrierB, pass, effects } = stage;
    caller.send(inviteText().text);
    caller.take();
    const first = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(first, 180, { tag: 'x' }));
    caller.take();
    pass(5050);
    carrierA.takeOne('CANCEL');
    assert.deepEqual(carrierB.take(), []);
    caller.takeOne('SIP/2.0 408');
    assert.equal(effects.ends[0]!.endReason, 'Response timeout');
    assert.equal(effects.ends[0]!.endedBy, 'server');
  });

  it('goes on after ringing with switchUntilConnect', () => {
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways[0]!.switchUntilConnect = true;
    const { caller, carrierA, carrierB } = createStage(document);
    caller.send(inviteText().text);
    const first = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(first, 180, { tag: 'x' }));
    carrierA.send(responseTo(first, 480, { tag: 'x' }));
    carrierB.takeOne('INVITE');
  });

  it('stops after SDP came (SS_SIP_STOP_SWITCH_AFTER_SDP)', () => {
    const { caller, carrierA, carrierB } = createStage();
    caller.send(inviteText().text);
    const first = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(first, 183, { tag: 'x', body: answer }));
    caller.take();
    carrierA.send(responseTo(first, 503, { tag: 'x' }));
    assert.deepEqual(carrierB.take(), []);
    caller.takeOne('SIP/2.0 503');
  });

  it('SS_GATEWAY_SWITCH_LIMIT counts attempts; a gateway stopCode stops', () => {
    const limited = createStage({ ...plainDocument, parameters: { SS_GATEWAY_SWITCH_LIMIT: 1 } });
    limited.caller.send(inviteText().text);
    limited.carrierA.send(responseTo(limited.carrierA.takeOne('INVITE'), 503, { tag: 'x' }));
    assert.deepEqual(limited.carrierB.take(), []);
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways[0]!.stopCodes = [404];
    const stopping = createStage(document);
    stopping.caller.send(inviteText().text);
    stopping.carrierA.send(responseTo(stopping.carrierA.takeOne('INVITE'), 404, { tag: 'x' }));
    assert.deepEqual(stopping.carrierB.take(), []);
  });

  it('skips gateways at their limit; with none left AllGatewayBusy 503, no attempt', () => {
    const stage = createStage();
    const take = stage.effects.acquireLine;
    stage.effects.acquireLine = (slot, limit) => (slot === 2 ? false : take(slot, limit));
    stage.caller.send(inviteText().text);
    stage.carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedLines'), 1);
    stage.effects.acquireLine = (slot, limit) =>
      slot === 2 || slot === 3 ? false : take(slot, limit);
    stage.caller.take();
    stage.caller.send(inviteText().text);
    assert.equal(stage.caller.take().at(-1)!.status, 503);
    assert.equal(stage.effects.ends[0]!.endReason, 'AllGatewayBusy');
    assert.deepEqual(stage.effects.ends[0]!.attempts, []);
  });

  it('a late 200 of an abandoned gateway is taken and hung up', () => {
    const stage = createStage({
      ...plainDocument,
      parameters: { SS_MAXCPS: 0, SS_SIP_TIMEOUT_TRYING: 2 },
    });
    const { caller, carrierA, carrierB, pass, effects } = stage;
    caller.send(inviteText().text);
    const first = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(first, 100));
    pass(2050);
    carrierA.takeOne('CANCEL');
    const second = carrierB.takeOne('INVITE');
    carrierA.send(responseTo(first, 200, { tag: 'late', body: answer }));
    const [ack, bye] = carrierA.take();
    assert.equal(ack!.method, 'ACK');
    assert.equal(bye!.method, 'BYE');
    carrierB.send(responseTo(second, 200, { tag: 'y', body: answer }));
    assert.equal(effects.answers.length, 1);
    assert.equal(effects.answers[0]!.cdr.routingGateway, 'beta');
  });

  it('a transport that fails is a failed attempt (RFC 3261 8.1.3.1)', () => {
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways[0]!.address = 'tcp://127.0.0.3:5060';
    const { caller, carrierA, carrierB, shard } = createStage(document);
    caller.send(inviteText().text);
    const first = carrierA.takeOne('INVITE');
    assert.ok(first.header('Via').startsWith('SIP/2.0/TCP'));
    shard.onTransportFailure({
      transport: 1,
      listener: 1,
      connection: 0,
      address: '127.0.0.3',
      port: 5060,
    });
    caller.send(inviteText().text); // any message flushes the stage
    assert.ok(carrierB.take().length >= 1);
  });

  it('a transport that fails and leaves no other gateway: 408 "Connection timeout"', () => {
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways.splice(1);
    document.routingGateways[0]!.address = 'tcp://127.0.0.3:5060';
    const { caller, effects, shard } = createStage(document);
    const invite = inviteText();
    caller.send(invite.text);
    shard.onTransportFailure({
      transport: 1,
      listener: 1,
      connection: 0,
      address: '127.0.0.3',
      port: 5060,
    });
    caller.send(invite.text); // any message flushes the stage
    assert.ok(caller.take().some(({ status }) => status === 408));
    const [end] = effects.ends;
    assert.deepEqual([end!.endReason, end!.sipCode], ['Connection timeout', 408]);
    assert.equal(end!.attempts[0]!.endReason, 'Connection timeout');
  });
});
