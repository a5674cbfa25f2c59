// Emergency calls: no limit and no balance refuses them, they cost nobody anything, and a locked gateway stays locked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Changes, cent, hangUp, moneyStage } from '../doubles/money-stage.ts';
import { answeredCall, inviteText } from '../doubles/switch-stage.ts';

const emergency = { SS_EMERGENCY_E164S: ['44999', '4420*'] };
const usual = '441511234567';

/** Everything that can refuse a call by a limit does. */
function limitedStage(changes: Changes = {}) {
  const stage = moneyStage({
    parameters: { ...emergency, SS_MAXCPS: 1 },
    money: { acme: 0n, alpha: 0n },
    mapping: { lineLimit: 1, cpsLimit: 1 },
    routing: { lineLimit: 1, cpsLimit: 1 },
    ...changes,
    acme: { fraudLimits: [{ callsAtOnce: { block: 0 } }], lineLimit: 1, ...changes.acme },
  });
  const { effects } = stage;
  effects.acquireLine = (slot, limit) => {
    if (limit > 0) return false;
    effects.lines.push(slot);
    return true;
  };
  effects.acquireCps = (_slot, limit) => limit === 0;
  return stage;
}

describe('an emergency call', () => {
  it('goes through where every limit is reached and nobody has money, and is free', () => {
    const stage = limitedStage();
    const call = answeredCall(stage);
    stage.pass(600_000);
    assert.equal(stage.effects.ends.length, 0);
    hangUp(stage, call);
    const { fee, billedSeconds, cost, endReason } = stage.cdr();
    assert.deepEqual([fee, billedSeconds, cost, endReason], [0n, 0, null, 'Normal release']);
    assert.equal(stage.effects.usage.size, 0);
    assert.deepEqual(stage.effects.lines, []);
    assert.equal(stage.effects.held.size, 0);
  });

  it('pays a carrier that can be paid for', () => {
    const stage = limitedStage({ money: { acme: 0n, alpha: 1000n * cent } });
    const call = answeredCall(stage);
    stage.pass(60_000);
    hangUp(stage, call);
    assert.equal(stage.cdr().cost, 60n * cent);
  });

  it('needs no rate', () => {
    answeredCall(limitedStage({ rates: [{ prefix: '33', ratePerMinute: '1' }] }));
  });

  it('needs no rate of the carrier, and no price stops it', () => {
    const priced = { maxRatePerMinute: '0.01', minProfitPercent: '10000' };
    answeredCall(limitedStage({ mapping: { lineLimit: 1, ...priced } }));
    answeredCall(limitedStage({ routing: { lineLimit: 1, ...priced } }));
    const unrated = limitedStage({ mapping: priced, parameters: { SS_EMERGENCY_E164S: '33112' } });
    unrated.caller.send(inviteText({ callee: '33112' }).text);
    unrated.carrierA.takeOne('INVITE');
    const usualCall = moneyStage({ mapping: priced });
    // Beta has no account, and costs nothing.
    usualCall.caller.send(inviteText({ callee: usual }).text);
    usualCall.carrierB.takeOne('INVITE');
  });

  it('is served however long it waited', () => {
    const stage = limitedStage();
    stage.deliver(inviteText().text, stage.caller.hop, 5_000);
    stage.caller.takeOne('SIP/2.0 100');
    stage.deliver(inviteText({ callee: usual }).text, stage.caller.hop, 5_000);
    stage.caller.takeOne('SIP/2.0 503');
  });

  it('goes through where the account is locked, and nobody is billed', () => {
    const stage = limitedStage({ acme: { locked: true } });
    const call = answeredCall(stage);
    hangUp(stage, call);
    const { fee, endReason } = stage.cdr();
    assert.deepEqual([fee, endReason], [null, 'Normal release']);
  });
});

it('a call to any other number is limited as ever', () => {
  const stage = limitedStage({ money: { acme: 100n * cent } });
  stage.caller.send(inviteText({ callee: usual }).text);
  stage.caller.takeOne('SIP/2.0 503');
  assert.equal(stage.cdr().endReason, 'Connection limit exceeded');
});
