// Numbers on their way through a call: dial plans and tech prefixes at ingress and egress, what is rated and
// routed in between, and what the CDR says of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { carriedBy, dial, numberStage, numbersOf, refusedBy } from '../doubles/number-stage.ts';
import {
  answer,
  answeredCall,
  callerRequest,
  createStage,
  responseTo,
} from '../doubles/switch-stage.ts';

/** Wall time of the stage is Tuesday 2023-11-14 22:13:21 UTC. */
const nowOn = { days: ['tuesday'], from: '00:00', to: '24:00' };
const never = { days: ['sunday'] };

describe('dial plans of a call', () => {
  it('rewrite both numbers at ingress, and again at egress', () => {
    const stage = numberStage({
      mapping: { calleeDialPlan: '00:', callerDialPlan: '*:1*' },
      alpha: {
        prefixes: ['44'],
        calleeDialPlan: '44:0',
        callerDialPlan: '11:9',
        calleePrefix: '*99',
      },
    });
    const carried = carriedBy(stage, { callee: '00442071', caller: '1555' });
    assert.deepEqual(carried, { callee: '*9902071', to: '*9902071', caller: '9555' });
  });

  describe('are read as the parameters say', () => {
    // Callee at ingress and at egress, caller at both: one compiler is behind all of them.
    const plans = (plan: string): object => ({ calleeDialPlan: plan, callerDialPlan: plan });
    const numbers = { callee: '4420712345', caller: '4420712345' };
    const carriedWith = (parameters: object, mapping: object, alpha: object) => {
      const document = { parameters: { SS_MAXCPS: 0, ...parameters } };
      const { callee, caller } = carriedBy(numberStage({ document, mapping, alpha }), numbers);
      return [callee, caller];
    };
    const rows: readonly [string, object, string, string][] = [
      ['a star keeps the tail', {}, '44*:99', '9920712345'],
      [
        'a star is the whole number with SS_DIAL_PLAN_STRICT',
        { SS_DIAL_PLAN_STRICT: 'On' },
        '44*:99',
        '99',
      ],
      [
        'SS_DIAL_PLAN_L_INCLUSIVE leaves the star alone',
        { SS_DIAL_PLAN_L_INCLUSIVE: 'On' },
        '44*:99',
        '9920712345',
      ],
      ['L8 is fewer than eight behind the prefix', {}, '44L8:99', '4420712345'],
      [
        'L8 is at most eight with SS_DIAL_PLAN_L_INCLUSIVE',
        { SS_DIAL_PLAN_L_INCLUSIVE: 'On' },
        '44L8:99',
        '9920712345',
      ],
      [
        'SS_DIAL_PLAN_STRICT leaves L alone',
        { SS_DIAL_PLAN_STRICT: 'On' },
        '44L8:99',
        '4420712345',
      ],
    ];
    for (const [what, parameters, plan, result] of rows) {
      it(what, () => {
        assert.deepEqual(carriedWith(parameters, plans(plan), {}), [result, result]);
        assert.deepEqual(carriedWith(parameters, {}, plans(plan)), [result, result]);
      });
    }
  });

  it('leave every number of theirs in the CDR', () => {
    const stage = createStage({
      parameters: { SS_MAXCPS: 0 },
      rateTables: [{ name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.06' }] }],
      accounts: [{ name: 'acme', kind: 'customer', balance: '9', rateTable: 'retail' }],
      mappingGateways: [
        {
          name: 'in',
          account: 'acme',
          addresses: ['127.0.0.2'],
          calleeDialPlan: '00:',
          callerDialPlan: '1555:4420',
        },
      ],
      routingGateways: [
        {
          name: 'alpha',
          address: '127.0.0.3',
          prefixes: ['44'],
          calleeDialPlan: '44:0',
          calleePrefix: '#',
          callerDialPlan: '4420:020',
        },
      ],
    });
    dial(stage, { callee: '00442071' });
    const invite = stage.carrierA.takeOne('INVITE');
    stage.carrierA.send(responseTo(invite, 200, { tag: 'x', body: answer }));
    const { cdr } = stage.effects.answers[0]!;
    assert.deepEqual(
      [cdr.callerAccess, cdr.callerOut, cdr.calleeAccess, cdr.calleeBilling, cdr.calleeOut],
      ['15551234', '0201234', '00442071', '442071', '#02071'],
    );
    assert.equal(cdr.ratePrefix, '44');
  });

  it('are each gateway its own', () => {
    const stage = numberStage({
      alpha: { calleeDialPlan: '44:1' },
      beta: { calleeDialPlan: '44:2' },
    });
    dial(stage, { callee: '4455' });
    const first = stage.carrierA.takeOne('INVITE');
    stage.carrierA.send(responseTo(first, 503, { tag: 'x' }));
    assert.equal(numbersOf(first).callee, '155');
    assert.equal(numbersOf(stage.carrierB.takeOne('INVITE')).callee, '255');
  });

  it('hold as they are scheduled, the first that does', () => {
    const plans = (...scheduledDialPlans: object[]): string =>
      carriedBy(numberStage({ mapping: { calleeDialPlan: '4:0', scheduledDialPlans } }), {
        callee: '45',
      }).callee;
    assert.equal(plans(), '05');
    assert.equal(plans({ ...never, calleeDialPlan: '4:1' }), '05');
    assert.equal(
      plans({ ...nowOn, calleeDialPlan: '4:1' }, { ...nowOn, calleeDialPlan: '4:2' }),
      '15',
    );
    assert.equal(plans({ ...nowOn, callerDialPlan: '4:1' }), '05', 'it names the other number');
    assert.equal(plans({ ...nowOn, calleeDialPlan: '' }), '45', 'no plan then');
  });

  it('follow a work calendar', () => {
    const calendars = [
      { name: 'office', timeZone: 'UTC', workingDays: ['tuesday'], from: '22:00', to: '23:00' },
    ];
    const at = (working: boolean): string =>
      carriedBy(
        numberStage({
          document: { calendars },
          alpha: { scheduledDialPlans: [{ calendar: 'office', working, calleeDialPlan: '4:1' }] },
        }),
        { callee: '45' },
      ).callee;
    assert.equal(at(true), '15');
    assert.equal(at(false), '45');
  });

  it('that leave nothing at ingress end the call with 484', () => {
    const stage = numberStage({ mapping: { calleeDialPlan: '110:' } });
    const { status, cdr } = refusedBy(stage, { callee: '110' });
    assert.equal(status, 484);
    assert.equal(cdr.endReason, 'Number empty after transform');
    assert.equal(cdr.calleeAccess, '110');
  });

  it('that leave nothing at egress skip the gateway, and end the call where none is left', () => {
    const stage = numberStage({ alpha: { calleeDialPlan: '*:', calleePrefix: '99' } });
    dial(stage, { callee: '45' });
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierB.takeOne('INVITE');
    assert.equal(stage.effects.counted('skippedNumber'), 1);
    const none = numberStage({ alpha: { calleeDialPlan: '*:' }, beta: { calleeDialPlan: '*:' } });
    const { status, cdr } = refusedBy(none);
    assert.equal(status, 484);
    assert.equal(cdr.endReason, 'Number empty after transform');
  });

  it('draw a new random number for each call', () => {
    const stage = numberStage({ mapping: { callerDialPlan: '*:100-999' } });
    const callers = new Set(Array.from({ length: 20 }, () => carriedBy(stage).caller));
    assert.ok(callers.size > 10, [...callers].join(' '));
    for (const caller of callers) assert.match(caller, /^[1-9][0-9]{2}$/);
  });

  it('give a caller without a number one', () => {
    const stage = numberStage({ mapping: { callerDialPlan: '*:555' } });
    dial(stage, { caller: '' });
    assert.equal(numbersOf(stage.carrierA.takeOne('INVITE')).caller, '555');
  });
});

describe('tech prefixes at ingress', () => {
  const shared = {
    document: {
      mappingGateways: [
        { name: 'gold', addresses: ['127.0.0.2'], techPrefix: '99#', calleeDialPlan: '0:44' },
        { name: 'golden', addresses: ['127.0.0.2'], techPrefix: '99#1' },
        { name: 'gold-spare', addresses: ['127.0.0.2'], techPrefix: '99#', priority: 200 },
        { name: 'silver', addresses: ['127.0.0.2'], priority: 5, calleeDialPlan: '4:8' },
        { name: 'port', addresses: ['127.0.0.2:5070'], calleeDialPlan: '4:7' },
      ],
    },
  };
  const rows: readonly [string, string, string][] = [
    ['99%230201', 'gold', '44201'],
    ['99%231201', 'golden', '201'],
    ['4420', 'silver', '8420'],
  ];
  for (const [callee, gateway, carried] of rows) {
    it(`find ${gateway} by ${callee} and take it off`, () => {
      const stage = numberStage(shared);
      assert.equal(carriedBy(stage, { callee }).callee, carried);
      stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
      const [cdr] = stage.effects.ends;
      assert.equal(cdr!.mappingGateway, gateway);
      assert.equal(cdr!.calleeAccess, callee.replace('%23', '#'));
    });
  }

  it('come after the port', () => {
    const stage = numberStage(shared);
    stage.deliver(
      `INVITE sip:44@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bKp\r\n` +
        'From: <sip:1@x>;tag=a\r\nTo: <sip:44@x>\r\nCall-ID: p@x\r\nCSeq: 1 INVITE\r\nContact: <sip:1@127.0.0.2:5070>\r\nContent-Length: 0\r\n\r\n',
      { ...stage.caller.hop, port: 5070 },
    );
    assert.equal(numbersOf(stage.carrierA.takeOne('INVITE')).callee, '74');
  });

  it('refuse whoever has none where all gateways of the address want one', () => {
    const stage = numberStage({ mapping: { techPrefix: '77' } });
    dial(stage, { callee: '4420' });
    stage.caller.takeOne('SIP/2.0 403');
    assert.deepEqual(stage.carrierA.take(), []);
    assert.equal(stage.effects.counted('refusedUnknownSource'), 1);
    assert.equal(carriedBy(stage, { callee: '774420' }).callee, '4420');
  });

  it('leave nothing: 484', () => {
    const stage = numberStage({ mapping: { techPrefix: '77' } });
    assert.equal(refusedBy(stage, { callee: '77' }).status, 484);
  });

  it('do not matter to requests inside a call', () => {
    const stage = numberStage(shared);
    const { invite, callerTag } = answeredCall(stage, { callee: '99%231201' });
    stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
    stage.caller.takeOne('SIP/2.0 200');
    stage.carrierA.takeOne('BYE');
    assert.equal(stage.effects.ends[0]!.mappingGateway, 'golden');
  });
});
