// A call that more gateways may take than are kept as the best.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStage, inviteText, plainDocument, responseTo } from '../doubles/switch-stage.ts';

describe('more gateways than are kept as the best', () => {
  const many = (fields: object, last: object): object => ({
    ...plainDocument,
    parameters: { SS_MAXCPS: 0, SS_GATEWAY_SWITCH_LIMIT: 0 },
    routingGateways: Array.from({ length: 40 }, (_, index) => ({
      name: `carrier-${String(index).padStart(2, '0')}`,
      address: '127.0.0.3:5060',
      prefixes: ['44'],
      priority: index,
      ...(index === 39 ? last : fields),
    })),
  });

  it('the last one gets the call that the rules of the others keep from them', () => {
    const fields = { calleePrefixes: { allow: false, prefixes: ['44'] } };
    const stage = createStage(many(fields, { calleePrefix: '9' }));
    stage.caller.send(inviteText().text);
    stage.carrierA.takeOne('INVITE sip:9442071234567@');
    assert.equal(stage.effects.counted('skippedNumber'), 39);
  });

  it('as many get an INVITE as are kept, and no more', () => {
    const stage = createStage(many({}, {}));
    stage.caller.send(inviteText().text);
    const nextInvite = () => stage.carrierA.take().find(({ method }) => method === 'INVITE');
    for (let invite = nextInvite(); invite !== undefined; invite = nextInvite()) {
      stage.carrierA.send(responseTo(invite, 503, { tag: 'x' }));
    }
    assert.equal(stage.effects.ends[0]!.attempts.length, 32);
  });
});
