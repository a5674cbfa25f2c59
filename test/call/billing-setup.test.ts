// What a call is refused for, and what is set aside of whose money before an INVITE leaves (reference 2.1 steps
// 12-18 and 21, 6.5, 6.6).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { type Changes, cent, hangUp, moneyStage } from '../doubles/money-stage.ts';
import {
  answer,
  answeredCall,
  begunCall,
  callerRequest,
  cancelText,
  inviteText,
  responseTo,
  tagOf,
} from '../doubles/switch-stage.ts';

/** Sends an INVITE that must be refused, and leaves nothing held. */
function refused(changes: Changes, callee = '442071234567'): { status: number; cdr: Cdr } {
  const stage = moneyStage(changes);
  stage.caller.send(inviteText({ callee }).text);
  const { status } = stage.caller.takeOne('SIP/2.0 ');
  assert.deepEqual(stage.carrierA.take(), [], 'no INVITE may leave');
  assert.deepEqual(stage.effects.lines, []);
  assert.equal(stage.effects.held.size, 0);
  assert.equal(stage.effects.ends.length, 1);
  return { status, cdr: stage.cdr() };
}

describe('a call is refused before any INVITE leaves', () => {
  const rows: readonly [string, Changes, string, string?][] = [
    ['of a locked account', { acme: { locked: true } }, 'Account locked'],
    ['of an expired account', { acme: { expiresAt: '2023-11-14T22:13:21Z' } }, 'Account expired'],
    [
      'of an account that begins later',
      { acme: { startsAt: '2023-11-14T22:13:22Z' } },
      'Account expired',
    ],
    [
      'below a locked agent',
      { acme: { agent: 'north' }, north: { locked: true } },
      'Account locked',
    ],
    ['of an account of another node', { acme: { node: 'edge-2' } }, 'Account not found'],
    [
      'below an agent of another node',
      { acme: { agent: 'north', node: 'edge-1' }, north: { node: 'edge-2' } },
      'Account not found',
    ],
    ['without a rate', {}, 'No matching rate', '33123456'],
    [
      'at a locked rate',
      { rates: [{ prefix: '44', ratePerMinute: '1', locked: true }] },
      'Rate locked',
    ],
    ['above the call level', { acme: { callLevel: 'national' } }, 'Authorization limited'],
    ['of an empty account', { money: { acme: 0n } }, 'Insufficient balance'],
    [
      'of an account that cannot pay the first step',
      {
        rates: [{ prefix: '44', ratePerMinute: '0.06', firstIncrementSeconds: 30 }],
        money: { acme: 3n * cent - 1n },
      },
      'Insufficient balance',
    ],
    [
      'of an account without money at a rate of nothing',
      { rates: [{ prefix: '44', ratePerMinute: '0' }], money: { acme: 0n } },
      'Insufficient balance',
    ],
    [
      'below an agent that cannot pay',
      { acme: { agent: 'north' }, money: { acme: 100n * cent, north: 0n } },
      'Agent insufficient balance',
    ],
  ];
  for (const [name, changes, reason, callee] of rows) {
    it(name, () => {
      const { status, cdr } = refused(changes, callee);
      assert.equal(cdr.endReason, reason);
      assert.equal(status, 403);
      assert.equal(cdr.endedBy, 'server');
      assert.equal(cdr.account, 'acme');
    });
  }

  it('beyond the lines of the account', () => {
    const stage = moneyStage({ acme: { lineLimit: 1 }, money: { acme: 100n * cent } });
    const account = accountLineSlot(stage.slotOf('acme'));
    const { acquireLine } = stage.effects;
    const limits: number[] = [];
    stage.effects.acquireLine = (slot, limit) => {
      if (slot === account) limits.push(limit);
      return slot !== account && acquireLine(slot, limit);
    };
    stage.caller.send(inviteText().text);
    assert.equal(stage.caller.takeOne('SIP/2.0 503').status, 503);
    assert.equal(stage.cdr().endReason, 'Connection limit exceeded');
    assert.deepEqual(limits, [1]);
    assert.deepEqual(stage.effects.lines, []);
    assert.equal(stage.effects.held.size, 0);
  });
});

describe('money is set aside', () => {
  it('for the time ahead where the account can, else for the first step', () => {
    const stage = moneyStage({ money: { acme: 10n * cent } });
    begunCall(stage);
    assert.equal(stage.left('acme'), 4n * cent, 'a minute at 0.06');
    begunCall(stage);
    assert.equal(stage.left('acme'), 3_900_000n, 'a second');
  });

  it('of all agents or of none, and given back when the call comes to nothing', () => {
    const changes = { acme: { agent: 'north' }, money: { acme: 6n * cent, north: 3n * cent } };
    const stage = moneyStage(changes);
    const { invite, carried } = begunCall(stage);
    assert.equal(stage.left('acme'), 0n);
    assert.equal(stage.left('north'), 0n);
    stage.caller.send(inviteText().text);
    assert.equal(stage.caller.take().at(-1)!.status, 403);
    assert.equal(stage.cdr().endReason, 'Insufficient balance');
    stage.carrierA.send(responseTo(carried, 180, { tag: 'g' }));
    stage.caller.take();
    stage.caller.send(cancelText(invite));
    assert.equal(stage.left('acme'), 6n * cent);
    assert.equal(stage.left('north'), 3n * cent);
    const { fee, billedSeconds, ratePrefix, agentFees, cost } = stage.cdr();
    assert.deepEqual([fee, billedSeconds, ratePrefix, cost], [0n, 0, '44', null]);
    assert.deepEqual(agentFees, [{ account: 'north', fee: 0n, giftFee: 0n, billedSeconds: 0 }]);
    assert.equal(stage.effects.held.size, 0);
  });

  it('less for everybody when one level cannot pay the time ahead', () => {
    const stage = moneyStage({
      acme: { agent: 'north' },
      money: { acme: 100n * cent, north: 50_000n },
    });
    begunCall(stage);
    assert.equal(stage.left('north'), 0n);
    assert.equal(stage.left('acme'), 99_900_000n);
  });
});

describe('a carrier whose account cannot pay', () => {
  it('is skipped, and its line given back', () => {
    const stage = moneyStage({ money: { acme: 100n * cent, alpha: 5n * cent } });
    stage.caller.send(inviteText().text);
    stage.carrierB.takeOne('INVITE');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.effects.counted('skippedVendorBalance'), 1);
    assert.equal(stage.left('alpha'), 5n * cent);
    assert.deepEqual(stage.effects.lines, [1, 0, accountLineSlot(stage.slotOf('acme')), 3]);
  });

  it('is the reason of the end when no other is left', () => {
    const stage = moneyStage({
      rates: [{ prefix: '', ratePerMinute: '1' }],
      money: { alpha: 0n },
      alpha: { rateTable: 'agents' },
    });
    stage.caller.send(inviteText({ callee: '33123456' }).text);
    assert.equal(stage.caller.take().at(-1)!.status, 503);
    assert.equal(stage.cdr().endReason, 'Clearing account insufficient');
    assert.equal(stage.effects.held.size, 0);
  });

  it('or whose account belongs to another node is skipped', () => {
    const stage = moneyStage({ alpha: { node: 'edge-2' }, acme: { node: 'edge-1' } });
    stage.caller.send(inviteText().text);
    stage.carrierB.takeOne('INVITE');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.effects.counted('skippedVendorRate'), 1);
  });

  it('or whose account is locked is skipped', () => {
    const stage = moneyStage({ alpha: { locked: true } });
    stage.caller.send(inviteText().text);
    stage.carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedVendorRate'), 1);
  });

  it('gets its money back when it fails, and the next carrier is paid', () => {
    const stage = moneyStage({ money: { alpha: 1000n * cent } });
    const { carried, invite } = begunCall(stage);
    assert.equal(stage.left('alpha'), 940n * cent);
    stage.carrierA.send(responseTo(carried, 503));
    const second = stage.carrierB.takeOne('INVITE');
    assert.equal(stage.left('alpha'), 1000n * cent);
    stage.carrierB.send(responseTo(second, 200, { tag: 'b', body: answer }));
    const ok = stage.caller.take().find(({ status }) => status === 200)!;
    stage.carrierB.take();
    const callerTag = tagOf(ok.header('To'));
    stage.caller.send(callerRequest('ACK', invite, callerTag, { cseq: 1 }));
    stage.pass(30_000);
    stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
    assert.deepEqual([stage.cdr().fee, stage.cdr().cost], [3n * cent, null]);
    assert.equal(stage.effects.answers[0]!.terms!.vendor, null);
  });

  it('without a rate for the number is not paid', () => {
    const stage = moneyStage({ alpha: { rateTable: undefined }, money: { alpha: 0n } });
    const call = answeredCall(stage);
    stage.pass(10_000);
    hangUp(stage, call);
    assert.deepEqual([stage.cdr().cost, stage.cdr().fee], [null, cent]);
  });
});
