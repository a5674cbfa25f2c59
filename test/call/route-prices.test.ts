// What a carrier is compared by is what it is paid by: with `rateCalleeOut` the rate of the number as it leaves. And
// carriers that get only calls that they have a rate for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRoute } from '../../core/call/explain-route.ts';
import { cent } from '../doubles/money-stage.ts';
import { idleReadings } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  answer,
  callerRequest,
  createStage,
  inviteText,
  responseTo,
  type Seen,
  type SentInvite,
  type Stage,
  tagOf,
} from '../doubles/switch-stage.ts';

interface Changes {
  readonly mapping?: object;
  readonly alpha?: object;
  readonly document?: object;
}

/** The customer pays 6 cents a minute; alpha gets 1, of numbers in 0044 and 0099 5; beta gets 3. */
function documentOf({ mapping, alpha, document }: Changes): object {
  const rate = (prefix: string, ratePerMinute: string): object => ({ prefix, ratePerMinute });
  return {
    parameters: { SS_MAXCPS: 0 },
    rateTables: [
      { name: 'retail', rates: [rate('44', '0.06')] },
      {
        name: 'alpha',
        rates: [
          rate('44', '0.01'),
          rate('0055', '0.01'),
          rate('0044', '0.05'),
          rate('0099', '0.05'),
        ],
      },
      { name: 'beta', rates: [rate('44', '0.03')] },
    ],
    accounts: [
      { name: 'acme', kind: 'customer', balance: '9', rateTable: 'retail' },
      { name: 'alpha', kind: 'clearing', rateTable: 'alpha' },
      { name: 'beta', kind: 'clearing', rateTable: 'beta' },
    ],
    mappingGateways: [{ name: 'acme-in', account: 'acme', addresses: ['127.0.0.2'], ...mapping }],
    routingGateways: [
      {
        name: 'alpha',
        account: 'alpha',
        address: '127.0.0.3',
        prefixes: ['44'],
        rateCalleeOut: true,
        ...alpha,
      },
      { name: 'beta', account: 'beta', address: '127.0.0.4', prefixes: ['44'] },
    ],
    ...document,
  };
}

function pricedStage(changes: Changes): Stage {
  return createStage(documentOf(changes));
}

const cheapestFirst = { firstRoutePolicy: 'rate' };
const longWay = { calleeDialPlan: '44:0044' };

interface Carried {
  readonly invite: SentInvite;
  readonly first: 'alpha' | 'beta';
  readonly request: Seen;
}

function carriedBy(stage: Stage, callee = '442071234567'): Carried {
  const invite = inviteText({ callee });
  stage.caller.send(invite.text);
  stage.caller.takeOne('SIP/2.0 100');
  const [toAlpha] = stage.carrierA.take();
  return toAlpha === undefined
    ? { invite, first: 'beta', request: stage.carrierB.takeOne('INVITE') }
    : { invite, first: 'alpha', request: toAlpha };
}

describe('the price of a carrier that is paid by the number as sent', () => {
  const rows: readonly [string, Changes, 'alpha' | 'beta'][] = [
    ['is that of the number routed where nothing changes it', { mapping: cheapestFirst }, 'alpha'],
    ['is that behind its dial plan', { mapping: cheapestFirst, alpha: longWay }, 'beta'],
    [
      'is that behind its tech prefix',
      { mapping: cheapestFirst, alpha: { calleePrefix: '00' } },
      'beta',
    ],
    [
      'is that of the transform table',
      {
        mapping: cheapestFirst,
        alpha: { numberTransform: true },
        document: { numberTransforms: [{ name: '442071234567', callee: '0099123' }] },
      },
      'beta',
    ],
    [
      'is that of a dial plan whose time it is',
      {
        mapping: cheapestFirst,
        alpha: {
          scheduledDialPlans: [{ days: ['tuesday'], from: '00:00', to: '24:00', ...longWay }],
        },
      },
      'beta',
    ],
    [
      'counts for the profit floor',
      { mapping: { minProfitPercent: '50' }, alpha: { ...longWay, priority: 1 } },
      'beta',
    ],
    [
      'counts for the rate ceiling',
      { mapping: { maxRatePerMinute: '0.04' }, alpha: { ...longWay, priority: 1 } },
      'beta',
    ],
    [
      'is that of the first possibility where the dial plan takes a chance',
      { mapping: cheapestFirst, alpha: { calleeDialPlan: '44:0055;0044' } },
      'alpha',
    ],
    [
      'and only of that one',
      { mapping: cheapestFirst, alpha: { calleeDialPlan: '44:0044;0055' } },
      'beta',
    ],
  ];
  for (const [what, changes, first] of rows) {
    it(what, () => {
      // Chance differs from call to call, and the order must not.
      const stage = pricedStage(changes);
      for (let call = 0; call < 4; call++) assert.equal(carriedBy(stage).first, first);
    });
  }

  it('without the flag is that of the number routed', () => {
    const alpha = { ...longWay, rateCalleeOut: false };
    assert.equal(carriedBy(pricedStage({ mapping: cheapestFirst, alpha })).first, 'alpha');
  });

  it('is what it is paid for a minute', () => {
    const stage = pricedStage({
      mapping: { ...cheapestFirst, routingGateways: { names: ['alpha'] } },
      alpha: longWay,
    });
    const { invite, request } = carriedBy(stage);
    const contact = 'Contact: <sip:127.0.0.3:5060>\r\n';
    stage.carrierA.send(responseTo(request, 200, { tag: 'g', body: answer, contact }));
    const toTag = tagOf(stage.caller.takeOne('SIP/2.0 200').header('To'));
    stage.caller.send(callerRequest('ACK', invite, toTag, { cseq: 1 }));
    stage.pass(60_000);
    stage.caller.send(callerRequest('BYE', invite, toTag, { cseq: 2 }));
    const [cdr] = stage.effects.ends;
    assert.deepEqual([cdr!.calleeOut, cdr!.cost], ['00442071234567', 5n * cent]);
  });
});

describe('feerateRestrict', () => {
  const restrict = { feerateRestrict: true, prefixes: ['44', '33'], priority: 1 };
  const emergency = { parameters: { SS_MAXCPS: 0, SS_EMERGENCY_E164S: '33*' } };
  /** The customer has a rate for all numbers, alpha for those of pricedStage. */
  const allSold = {
    rateTables: [
      { name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] },
      {
        name: 'alpha',
        rates: [
          { prefix: '44', ratePerMinute: '0.01' },
          { prefix: '449', ratePerMinute: '0.01', locked: true },
        ],
      },
      { name: 'beta', rates: [] },
    ],
  };
  const stageOf = (alpha: object, document: object = {}): Stage =>
    pricedStage({ alpha, document: { ...allSold, ...document } });

  /** Ends a call that alpha alone could take; undefined: it took it. */
  function refusalOf(stage: Stage, callee: string): string | undefined {
    stage.caller.send(inviteText({ callee }).text);
    if (stage.carrierA.take().length > 0) return undefined;
    assert.equal(stage.caller.take().at(-1)!.status, 503);
    return stage.effects.ends.at(-1)!.endReason;
  }

  it('leaves a carrier out for numbers that it has no rate for, or a locked one', () => {
    const stage = stageOf(restrict);
    assert.equal(carriedBy(stage, '442071234567').first, 'alpha');
    assert.equal(refusalOf(stage, '33123456'), 'NoAvailableRouter');
    stage.caller.send(inviteText({ callee: '449123456' }).text);
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedVendorRate'), 0, 'it is no candidate at all');
  });

  it('off, the carrier is called without being paid', () => {
    const stage = stageOf({ ...restrict, feerateRestrict: false });
    assert.equal(refusalOf(stage, '33123456'), undefined);
  });

  it('does not stop a call for help', () => {
    assert.equal(refusalOf(stageOf(restrict, emergency), '33112'), undefined);
  });

  it('leaves it out for a number that its dial plan drew', () => {
    const alpha = { ...restrict, rateCalleeOut: true, calleeDialPlan: '33:44;55' };
    const stage = stageOf(alpha);
    const outcomes = new Set<string | undefined>();
    for (let call = 0; call < 16; call++) outcomes.add(refusalOf(stage, '33123456'));
    // Priced by 44, the first possibility.
    assert.deepEqual(outcomes, new Set([undefined, 'AllGatewayBusy']));
    assert.ok(stage.effects.counted('skippedVendorRate') > 0);
    assert.ok(stage.effects.ends.every(({ attempts }) => attempts.length === 0));
  });

  it('is what routing analysis says', () => {
    const snapshot = snapshotOf(documentOf({ alpha: restrict, document: allSold }));
    const explained = explainRoute(
      snapshot,
      { gateway: 'acme-in', callee: '33123456' },
      { at: 0, readings: idleReadings, node: 'edge-1', unreachable: () => undefined },
    )!;
    assert.equal(explained.endReason, 'NoAvailableRouter');
    assert.deepEqual(
      explained.candidates.map(({ gateway, skipped }) => [gateway, skipped]),
      [['alpha', 'no vendor rate for this number (feerateRestrict)']],
    );
  });
});
