// Who counts as a call: rates and lines, strangers and their CDRs, loops over two gateways, what Allow says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answeredCall,
  callerRequest,
  createStage,
  inviteText,
  plainDocument,
  type Stage,
} from '../doubles/switch-stage.ts';

interface Document {
  parameters: Record<string, unknown>;
  mappingGateways: Record<string, unknown>[];
  routingGateways: Record<string, unknown>[];
}

function changed(change: (document: Document) => void): Document {
  const document = structuredClone(plainDocument) as unknown as Document;
  change(document);
  return document;
}

/** Slots whose rate was asked, in order. */
function ratesAsked(stage: Stage, refuses: (slot: number) => boolean = () => false): number[] {
  const slots: number[] = [];
  stage.effects.acquireCps = (slot) => {
    slots.push(slot);
    return !refuses(slot);
  };
  return slots;
}

describe('the call rate', () => {
  it("of the node is asked last, after the gateway's, and not by calls refused before", () => {
    const locked = createStage(
      changed(({ mappingGateways }) => (mappingGateways[0]!.locked = true)),
    );
    const refused: [Stage, string][] = [
      [locked, inviteText().text],
      [createStage(), inviteText({ callee: '999' }).text],
    ];
    for (const [stage, text] of refused) {
      const asked = ratesAsked(stage);
      stage.caller.send(text);
      assert.deepEqual(asked, []);
      assert.equal(stage.effects.counted('callsAdmitted'), 0);
    }
    const full = createStage();
    full.effects.grantsLines = false;
    const unasked = ratesAsked(full);
    full.caller.send(inviteText().text);
    assert.deepEqual(unasked, []);
    const open = createStage();
    const asked = ratesAsked(open);
    open.caller.send(inviteText().text);
    assert.deepEqual(asked, [1, 0, 2]);
    assert.equal(open.effects.counted('callsAdmitted'), 1);
  });

  it('gives the lines back when it refuses', () => {
    for (const slot of [0, 1]) {
      const stage = createStage();
      const asked = ratesAsked(stage, (other) => other === slot);
      stage.caller.send(inviteText().text);
      stage.caller.takeOne('SIP/2.0 503');
      assert.deepEqual(asked, slot === 0 ? [1, 0] : [1]);
      assert.deepEqual(stage.effects.lines, []);
    }
  });
});

describe('the lines of a mapping gateway', () => {
  // Wall time of the stage is Tuesday 2023-11-14 22:13:21 UTC.
  const tuesday = [{ days: ['tuesday'], lineLimit: 1 }];
  const monday = [{ days: ['monday'], lineLimit: 1 }];
  const never = [{ calendar: 'never', lineLimit: 7 }];
  const calendars = [{ name: 'never', timeZone: 'UTC', workingDays: ['sunday'] }];

  /** Calls of three that are taken. */
  function taken(fields: object): number {
    const stage = createStage({
      ...changed(({ mappingGateways }) => Object.assign(mappingGateways[0]!, fields)),
      calendars,
    });
    stage.effects.countsLines = true;
    for (let call = 1; call <= 3; call++) stage.caller.send(inviteText().text);
    const refused = stage.caller.take().filter(({ status }) => status >= 300);
    assert.ok(refused.every(({ status }) => status === 503));
    const reasons = stage.effects.ends.map(({ endReason }) => endReason);
    assert.deepEqual(
      reasons,
      refused.map(() => 'Connection limit exceeded'),
    );
    assert.equal(stage.effects.counted('refusedLines'), refused.length);
    const held = stage.effects.lines.filter((slot) => slot === 1).length;
    assert.equal(held, 3 - refused.length);
    return held;
  }

  it('are those of scheduledCapacity in its time, else those of lineLimit', () => {
    assert.equal(taken({ scheduledCapacity: tuesday }), 1);
    assert.equal(taken({ lineLimit: 2, scheduledCapacity: tuesday }), 1);
    assert.equal(taken({ lineLimit: 2, scheduledCapacity: monday }), 2);
    assert.equal(taken({ scheduledCapacity: monday }), 3);
  });

  it('may be more in its time, or without a limit', () => {
    assert.equal(taken({ lineLimit: 1, scheduledCapacity: [{ ...tuesday[0], lineLimit: 2 }] }), 2);
    assert.equal(taken({ lineLimit: 1, scheduledCapacity: [{ ...tuesday[0], lineLimit: 0 }] }), 3);
  });

  it('are those of the first entry whose time it is', () => {
    const both = [...never, { days: ['tuesday'], lineLimit: 2 }, ...tuesday];
    assert.equal(taken({ scheduledCapacity: both }), 2);
    const rest = [{ calendar: 'never', working: false, lineLimit: 1 }, ...both];
    assert.equal(taken({ scheduledCapacity: rest }), 1);
  });

  it('do not hold back a call for help', () => {
    const stage = createStage({
      ...changed(({ parameters, mappingGateways }) => {
        parameters.SS_EMERGENCY_E164S = ['112'];
        mappingGateways[0]!.scheduledCapacity = tuesday;
      }),
      routingGateways: [{ name: 'alpha', address: '127.0.0.3:5060', prefixes: [''] }],
    });
    stage.effects.countsLines = true;
    stage.caller.send(inviteText().text);
    stage.caller.send(inviteText({ callee: '112' }).text);
    assert.equal(stage.effects.counted('refusedLines'), 0);
    assert.equal(stage.carrierA.take().length, 2);
  });
});

describe('a stranger', () => {
  const strange = (text: string): string => text.replaceAll('127.0.0.2:5060;', '127.0.0.9:5060;');

  it('leaves nothing behind with requests inside no dialog of ours', () => {
    for (const answers of [true, false]) {
      const stage = createStage(
        changed(({ parameters }) => (parameters.SS_REPLY_UNAUTHORIZED = answers)),
      );
      const { stranger, shard } = stage;
      const call = answeredCall(stage);
      const before = shard.transactionCount;
      for (const method of ['INVITE', 'BYE', 'UPDATE', 'CANCEL']) {
        for (const tag of ['nobody', call.callerTag]) {
          stranger.send(strange(callerRequest(method, call.invite, tag, { cseq: 9 })));
          if (answers) stranger.takeOne('SIP/2.0 403');
          else assert.deepEqual(stranger.take(), []);
          assert.equal(shard.transactionCount, before);
        }
      }
      assert.equal(stage.effects.ends.length, 0);
    }
  });

  it('has a CDR with SERVER_BILLING_RECORD_ILLEGAL_CALL, and is no call', () => {
    const stage = createStage(
      changed(({ parameters }) => (parameters.SERVER_BILLING_RECORD_ILLEGAL_CALL = true)),
    );
    const { stranger, effects, shard } = stage;
    stranger.send(strange(inviteText().text));
    stranger.takeOne('SIP/2.0 403');
    const cdr = effects.ends[0]!;
    assert.deepEqual(
      [cdr.endReason, cdr.mappingGateway, cdr.sipCode, cdr.endedBy, cdr.calleeAccess],
      ['Illegal call', '', 403, 'server', '442071234567'],
    );
    assert.equal(cdr.callerAddress, '127.0.0.9:5060');
    assert.deepEqual([effects.ends.length, shard.transactionCount, shard.callsUp], [1, 0, 0]);
    assert.equal(effects.counted('invites'), 0);
  });
});

describe('a loop over two gateways back to us', () => {
  it('stops the hunt at every round (482, 483), so that it does not fan out', () => {
    const stage = createStage(
      changed(({ mappingGateways }) => {
        mappingGateways[0]!.addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
      }),
    );
    const { carrierA, carrierB, caller, effects, deliver } = stage;
    caller.send(inviteText().text);
    let invites = 0;
    for (let rounds = 0; rounds < 200; rounds++) {
      const sent = [carrierA, carrierB].flatMap((peer) =>
        peer.take().map((message) => ({ peer, message })),
      );
      if (sent.length === 0) break;
      for (const { peer, message } of sent) {
        if (message.startLine.startsWith('INVITE')) invites++;
        // What is sent to this gateway arrives back here, from its address; answers go the same way.
        const back = message.text.replace('127.0.0.1:5060;rport', `${peer.hop.address}:5060`);
        const ours = message.text.replace(
          /Via: (SIP\/2\.0\/UDP) 127\.0\.0\.[34]:5060[^\r]*/,
          (via) => via.replace(/127\.0\.0\.[34]:5060/, '127.0.0.1:5060;rport'),
        );
        deliver(message.status === 0 ? back : ours, peer.hop);
      }
    }
    assert.ok(invites <= 10, `${invites} INVITEs on the wire`);
    assert.equal(effects.ends.length, invites + 1, 'a CDR a round');
    assert.ok(caller.take().some(({ status }) => status === 482));
    assert.equal(stage.shard.callsUp, 0);
  });
});

describe('Allow', () => {
  const options = inviteText().text.replaceAll('INVITE', 'OPTIONS');

  it('names MESSAGE and NOTIFY inside a call only', () => {
    const stage = createStage();
    stage.caller.send(options);
    assert.ok(!/MESSAGE|NOTIFY/.test(stage.caller.takeOne('SIP/2.0 200').header('Allow')));
    stage.caller.send(
      options.replaceAll('OPTIONS', 'REGISTER').replace('branch=z9hG4bK', 'branch=z9hG4bKr'),
    );
    assert.ok(!/MESSAGE|NOTIFY/.test(stage.caller.takeOne('SIP/2.0 405').header('Allow')));
    const call = answeredCall(stage);
    stage.caller.send(callerRequest('OPTIONS', call.invite, call.callerTag, { cseq: 2 }));
    assert.ok(/MESSAGE, NOTIFY/.test(stage.caller.takeOne('SIP/2.0 200').header('Allow')));
  });
});

describe('a gateway that no socket of ours reaches', () => {
  it('is skipped and counted', () => {
    const stage = createStage(
      changed(({ routingGateways }) => (routingGateways[0]!.address = '[2001:db8::1]:5060')),
    );
    stage.caller.send(inviteText().text);
    stage.carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedListener'), 1);
  });
});
