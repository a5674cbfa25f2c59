// What a carrier is compared by is what it is paid by: with `rateCalleeOut` the rate of the number as it leaves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cent } from '../doubles/money-stage.ts';
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
function pricedStage({ mapping, alpha, document }: Changes): Stage {
  const rate = (prefix: string, ratePerMinute: string): object => ({ prefix, ratePerMinute });
  return createStage({
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
  });
}

const cheapestFirst = { firstRoutePolicy: 'rate' };
const longWay = { calleeDialPlan: '44:0044' };

interface Carried {
  readonly invite: SentInvite;
  readonly first: 'alpha' | 'beta';
  readonly request: Seen;
}

function carriedBy(stage: Stage): Carried {
  const invite = inviteText();
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
