// Failing over from gateway to gateway, and where it stops (reference behaviour of a Class 4 switch).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import { routingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
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
    [603, true],
    [604, true],
    [606, true],
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

  for (const [status, rings] of [
    [180, true],
    [181, true],
    [182, true],
    [183, false],
  ] as const) {
    it(`a failure after ${status} ${rings ? 'ends the call' : 'hunts'}`, () => {
      const { caller, carrierA, carrierB } = createStage();
      caller.send(inviteText().text);
      const first = carrierA.takeOne('INVITE');
      carrierA.send(responseTo(first, status, { tag: 'x' }));
      caller.take();
      carrierA.send(responseTo(first, 480, { tag: 'x' }));
      assert.equal(carrierB.take().length, rings ? 0 : 1);
      assert.deepEqual(
        caller.take().map((message) => message.status),
        rings ? [480] : [],
      );
    });
  }

  it('a call that is forwarded or queued has the time of one that rings', () => {
    for (const status of [181, 182]) {
      const stage = createStage({
        ...plainDocument,
        parameters: { SS_SIP_TIMEOUT_SESSION_PROGRESS: 3, SS_SIP_TIMEOUT_RINGING: 30 },
      });
      stage.caller.send(inviteText().text);
      stage.carrierA.send(responseTo(stage.carrierA.takeOne('INVITE'), status, { tag: 'x' }));
      stage.caller.take();
      stage.pass(29_900);
      assert.deepEqual([...stage.caller.take(), ...stage.carrierB.take()], []);
      stage.pass(200);
      stage.caller.takeOne('SIP/2.0 408');
    }
  });

  it('a refusal after ringing has the To tag of the ringing (RFC 3261 8.2.6.2)', () => {
    const { caller, carrierA } = createStage();
    caller.send(inviteText().text);
    const carried = carrierA.takeOne('INVITE');
    carrierA.send(responseTo(carried, 180, { tag: 'x' }));
    carrierA.send(responseTo(carried, 480, { tag: 'x' }));
    const [, ringing, refusal] = caller.take();
    assert.deepEqual([ringing!.status, refusal!.status], [180, 480]);
    assert.equal(refusal!.header('To'), ringing!.header('To'));
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
    shard.onTransportFailure({ ...carrierA.hop, transport: 1, listener: 1 });
    caller.send(inviteText().text); // any message flushes the stage
    assert.ok(carrierB.take().length >= 1);
  });

  it('a transport that fails and leaves no other gateway: 408 "Connection timeout"', () => {
    const document = structuredClone(plainDocument) as {
      routingGateways: Record<string, unknown>[];
    };
    document.routingGateways.splice(1);
    document.routingGateways[0]!.address = 'tcp://127.0.0.3:5060';
    const { caller, carrierA, effects, shard } = createStage(document);
    const invite = inviteText();
    caller.send(invite.text);
    shard.onTransportFailure({ ...carrierA.hop, transport: 1, listener: 1 });
    caller.send(invite.text); // any message flushes the stage
    assert.ok(caller.take().some(({ status }) => status === 408));
    const [end] = effects.ends;
    assert.deepEqual([end!.endReason, end!.sipCode], ['Connection timeout', 408]);
    assert.equal(end!.attempts[0]!.endReason, 'Connection timeout');
  });
});

describe("a gateway's own timeouts", () => {
  type Timeout =
    | 'timeoutInvite'
    | 'timeoutTrying'
    | 'timeoutSessionProgress'
    | 'timeoutSessionProgressSdp'
    | 'timeoutRinging';
  /** What brings an attempt into the state that each is of, its own seconds and those of the parameters. */
  const states: readonly [Timeout, { status: number; body: string }, number, number][] = [
    ['timeoutInvite', { status: 0, body: '' }, 2, 12],
    ['timeoutTrying', { status: 100, body: '' }, 3, 13],
    ['timeoutSessionProgress', { status: 183, body: '' }, 4, 14],
    ['timeoutSessionProgressSdp', { status: 183, body: answer }, 5, 15],
    ['timeoutRinging', { status: 180, body: '' }, 6, 16],
  ];
  const parameters = {
    SS_MAXCPS: 0,
    SS_SIP_TIMEOUT_INVITE: 12,
    SS_SIP_TIMEOUT_TRYING: 13,
    SS_SIP_TIMEOUT_SESSION_PROGRESS: 14,
    SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP: 15,
    SS_SIP_TIMEOUT_RINGING: 16,
  };
  const [alpha, beta] = plainDocument.routingGateways as [object, object];

  /** Seconds, to a tenth, until an attempt at alpha that has come so far is given up. */
  function waited(
    fields: object,
    { status, body }: { status: number; body: string },
    changes: object = {},
  ): number {
    const stage = createStage({
      ...plainDocument,
      parameters: { ...parameters, ...changes },
      routingGateways: [{ ...alpha, ...fields }, beta],
    });
    stage.caller.send(inviteText().text);
    stage.caller.take();
    const carried = stage.carrierA.takeOne('INVITE');
    if (status > 0) stage.carrierA.send(responseTo(carried, status, { tag: 'x', body }));
    for (let tenths = 1; tenths <= 400; tenths++) {
      stage.pass(100);
      const cancelled = stage.carrierA.take().some(({ method }) => method === 'CANCEL');
      if (cancelled || stage.carrierB.take().length > 0) return tenths / 10;
    }
    return Number.POSITIVE_INFINITY;
  }

  const near = (seconds: number, expected: number, what: string): void =>
    assert.ok(Math.abs(seconds - expected) <= 0.15, `${what}: ${seconds} s, not ${expected} s`);

  it('count in the place of the parameters, each in its own state', () => {
    const own = Object.fromEntries(states.map(([name, , seconds]) => [name, seconds]));
    for (const [name, state, seconds] of states) near(waited(own, state), seconds, name);
  });

  it('leave the other states to the parameters, as 0 does', () => {
    for (const [own] of states) {
      for (const [name, state, seconds, ofParameters] of states) {
        const expected = name === own ? seconds : ofParameters;
        near(waited({ [own]: seconds }, state), expected, `${name} beside ${own}`);
      }
    }
    for (const [name, state, , ofParameters] of states) {
      near(waited({ [name]: 0 }, state), ofParameters, `${name} of 0`);
    }
  });

  it('are of that gateway alone', () => {
    const stage = createStage({
      ...plainDocument,
      parameters,
      routingGateways: [{ ...alpha, timeoutInvite: 2 }, beta],
    });
    stage.caller.send(inviteText().text);
    stage.pass(2100);
    stage.carrierB.takeOne('INVITE');
    stage.caller.take();
    stage.pass(11_800);
    assert.deepEqual(stage.caller.take(), []);
    stage.pass(300);
    stage.caller.takeOne('SIP/2.0 408');
  });

  it('do not outlast SS_SIP_TIMER_B', () => {
    const nothing = { status: 0, body: '' };
    near(waited({ timeoutInvite: 30 }, nothing, { SS_SIP_TIMER_B: 8 }), 8, 'timer B');
  });

  it('cost a gateway without them nothing: it has none', () => {
    const timeouts = (fields: object) =>
      routingGatewayByName(
        snapshotOf({ ...plainDocument, routingGateways: [{ ...alpha, ...fields }] }),
        'alpha',
      )!.timeouts;
    assert.equal(timeouts({}), null);
    assert.equal(timeouts({ timeoutInvite: 0, timeoutRinging: 0 }), null);
    assert.equal(timeouts({ timeoutRinging: 7 })?.SS_SIP_TIMEOUT_RINGING, 7);
  });
});
