// Which numbers a gateway lets pass, the lists of the whole system, and calls for help that nothing stops.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  carriedBy,
  dial,
  type NumberChanges,
  numberStage,
  numbersOf,
  refusedBy,
} from '../doubles/number-stage.ts';
import { createStage, inviteText } from '../doubles/switch-stage.ts';

/** Wall time of the stage is Tuesday 2023-11-14 22:13:21 UTC. */
const calendars = [
  { name: 'now', timeZone: 'UTC', workingDays: ['tuesday'], from: '22:00', to: '23:00' },
];
const groups = {
  calendars,
  mobileAreas: [
    { name: 'london', areaCode: '4420', prefixes: ['4477'] },
    { name: 'manchester', areaCode: '44161', prefixes: ['4478', '44779'] },
  ],
  numberGroups: [
    { name: 'known', numbers: ['15551234', '15550000'] },
    { name: 'tests', numbers: ['442071234567', '442070000000'] },
  ],
};
const callerLimited = 'Caller number limited';
const calleeLimited = 'Callee number limited';
const city = 'Same city / mobile area limited';
const period = 'Time period limited';

/** Rules of a mapping gateway, the end reason ('' where the call passes), and numbers other than 442071234567
 *  called by 15551234. */
const rows: readonly [object, string, { callee?: string; caller?: string }?][] = [
  [{ callerPrefixes: { allow: true, prefixes: ['1555', '2'] } }, ''],
  [{ callerPrefixes: { allow: true, prefixes: ['1556', '2'] } }, callerLimited],
  [{ callerPrefixes: { allow: false, prefixes: ['1555'] } }, callerLimited],
  [{ callerPrefixes: { allow: false, prefixes: ['155512345'] } }, ''],
  [{ callerPrefixes: { prefixes: ['9'] } }, callerLimited],
  [{ calleePrefixes: { allow: true, prefixes: ['44'] } }, ''],
  [{ calleePrefixes: { allow: true, prefixes: ['49', '33'] } }, calleeLimited],
  [{ calleePrefixes: { allow: false, prefixes: ['4420'] } }, calleeLimited],
  [{ calleePrefixes: { allow: true, prefixes: [''] } }, ''],
  [{ callerLengths: [8, 9] }, ''],
  [{ callerLengths: [7, 9] }, callerLimited],
  [{ callerLengths: [8] }, callerLimited, { caller: '' }],
  [{ callerLengths: [0, 8] }, '', { caller: '' }],
  [{ calleeLengths: [12] }, ''],
  [{ calleeLengths: [11, 13] }, calleeLimited],
  [{ callerGroups: { allow: true, names: ['known'] } }, ''],
  [{ callerGroups: { allow: true, names: ['tests'] } }, callerLimited],
  [{ callerGroups: { allow: false, names: ['known'] } }, callerLimited],
  [{ callerGroups: { allow: false, names: ['known'] } }, '', { caller: '155512345' }],
  [{ calleeGroups: { allow: false, names: ['known', 'tests'] } }, calleeLimited],
  [{ calleeGroups: { allow: true, names: ['known', 'tests'] } }, ''],
  [{ sameCity: { codes: ['10', '100', '21'] } }, city, { caller: '1001', callee: '1002' }],
  [{ sameCity: { codes: ['10', '100', '21'] } }, '', { caller: '1011', callee: '1002' }],
  [{ sameCity: { codes: ['10', '21'] } }, '', { caller: '1011', callee: '2102' }],
  [{ sameCity: { allow: true, codes: ['10', '21'] } }, '', { caller: '2101', callee: '2102' }],
  [{ sameCity: { allow: true, codes: ['10', '21'] } }, city, { caller: '101', callee: '2102' }],
  [{ sameCity: { allow: true, codes: ['10'] } }, city],
  // A mobile number is of its area's city.
  [{ sameCity: { codes: ['4420', '44161'] } }, city, { caller: '44770', callee: '44201' }],
  [{ sameCity: { codes: ['4420', '44161'] } }, '', { caller: '447790', callee: '44201' }],
  [{ sameCity: { codes: ['4420', '44161'] } }, city, { caller: '4478', callee: '447791' }],
  [{ sameCity: { codes: ['44161'] } }, '', { caller: '4477', callee: '44201' }],
  [{ calleeKinds: ['city'] }, ''],
  [{ calleeKinds: ['mobile', 'other'] }, calleeLimited],
  [{ calleeKinds: ['mobile'] }, '', { callee: '447700900000' }],
  [{ callerKinds: ['other'] }, ''],
  [{ callerKinds: ['city', 'mobile'] }, callerLimited],
  [{ mobileArea: { codes: ['4420'] } }, '', { callee: '447700900000' }],
  [{ mobileArea: { codes: ['4420'] } }, city, { callee: '447790000000' }],
  [{ mobileArea: { allow: false, codes: ['4420'] } }, city, { callee: '447700900000' }],
  [{ mobileArea: { codes: ['44161'] } }, ''],
  [{ callerCallee: { pairs: ['1555:4420', '2:2'] } }, calleeLimited],
  [{ callerCallee: { pairs: ['1555:49', '2:44'] } }, ''],
  [{ callerCallee: { pairs: [':4420'] } }, calleeLimited],
  [{ callerCallee: { allow: true, pairs: ['1:44'] } }, ''],
  [{ callerCallee: { allow: true, pairs: ['1:49', '2:44'] } }, calleeLimited],
];
const scheduled: readonly [object, string][] = [
  [{ number: 'callee', allow: false, prefixes: ['44'] }, period],
  [{ number: 'callee', allow: false, prefixes: ['49'] }, ''],
  [{ number: 'callee', allow: true, prefixes: ['49'] }, period],
  [{ number: 'caller', allow: true, prefixes: ['1'] }, ''],
  [{ number: 'caller', allow: false, prefixes: ['15'] }, period],
];

describe('numbers at ingress', () => {
  for (const [rules, reason, numbers] of rows) {
    const outcome = reason || 'pass';
    it(`${JSON.stringify(rules)} ${JSON.stringify(numbers ?? {})}: ${outcome}`, () => {
      const stage = numberStage({ mapping: rules, document: groups });
      if (reason === '') {
        carriedBy(stage, numbers);
        return;
      }
      const { status, cdr } = refusedBy(stage, numbers);
      assert.equal(cdr.endReason, reason);
      assert.equal(status, 403);
      assert.equal(stage.effects.counted('refusedNumberLimits'), 1);
    });
  }

  for (const [rule, reason] of scheduled) {
    it(`${JSON.stringify(rule)} while it holds: ${reason || 'pass'}; else all pass`, () => {
      const at = (working: boolean): NumberChanges => ({
        mapping: { scheduledPrefixes: [{ calendar: 'now', working, ...rule }] },
        document: groups,
      });
      if (reason === '') carriedBy(numberStage(at(true)));
      else assert.equal(refusedBy(numberStage(at(true))).cdr.endReason, reason);
      carriedBy(numberStage(at(false)));
    });
  }

  it('of mobiles get the code of their area, where a gateway wants it', () => {
    const called = (addAreaCode: object, callee: string): string =>
      carriedBy(
        numberStage({ mapping: { addAreaCode, calleeDialPlan: '00:' }, document: groups }),
        {
          callee,
        },
      ).callee;
    assert.equal(called({ codes: ['4420'] }, '004477001'), '44204477001');
    assert.equal(called({ codes: ['4420'] }, '4477901'), '4477901');
    assert.equal(called({ allow: false, codes: ['4420'] }, '4477901'), '441614477901');
    assert.equal(called({ codes: ['4420'] }, '442077'), '442077');
  });

  it('are judged behind the dial plans', () => {
    const mapping = {
      calleeDialPlan: '00:',
      callerDialPlan: '*:77',
      calleePrefixes: { prefixes: ['44'] },
      callerLengths: [2],
    };
    assert.equal(carriedBy(numberStage({ mapping }), { callee: '0044' }).callee, '44');
  });

  it('several allowing rules of one time allow what any of them does', () => {
    const rule = (number: string, ...prefixes: string[]): object => ({
      from: '00:00',
      to: '24:00',
      number,
      allow: true,
      prefixes,
    });
    const scheduledPrefixes = [rule('callee', '49'), rule('callee', '44'), rule('caller', '1')];
    carriedBy(numberStage({ mapping: { scheduledPrefixes } }));
    const others = [rule('callee', '44'), rule('caller', '2')];
    const { cdr } = refusedBy(numberStage({ mapping: { scheduledPrefixes: others } }));
    assert.equal(cdr.endReason, period);
  });

  it('share a prefix in their proportions', () => {
    const stage = numberStage({
      mapping: {
        proportionalPrefixes: [
          { prefix: 'A', proportion: 1 },
          { prefix: '', proportion: 3 },
        ],
      },
    });
    let withA = 0;
    for (let call = 0; call < 400; call++) {
      const { callee } = carriedBy(stage);
      assert.match(callee, /^A?442071234567$/);
      if (callee.startsWith('A')) withA++;
    }
    assert.ok(withA > 60 && withA < 140, `${withA} of 400`);
  });

  it('stand for others by the transform table, where a gateway wants it', () => {
    const document = {
      numberTransforms: [
        { name: '442079460000', caller: '1001', callee: '#2001' },
        { name: '442079460001', caller: '1002' },
      ],
    };
    const on = { mapping: { numberTransform: true, callerDialPlan: '44:0' }, document };
    assert.equal(carriedBy(numberStage(on), { caller: '1001' }).caller, '02079460000');
    assert.equal(carriedBy(numberStage(on), { caller: '10011' }).caller, '10011');
    assert.equal(carriedBy(numberStage({ document }), { caller: '1001' }).caller, '1001');
    const out = { alpha: { numberTransform: true, calleePrefix: '9' }, document };
    assert.equal(carriedBy(numberStage(out), { callee: '442079460000' }).callee, '9%232001');
    assert.equal(carriedBy(numberStage(out), { callee: '442079460001' }).callee, '9442079460001');
  });
});

describe('numbers that a routing gateway does not take', () => {
  it('go to the next one for the number that forwarded the call', () => {
    const forwardPrefixes = { allow: false, prefixes: ['1555'] };
    const taker = (headers: string, mapping: object): string => {
      const stage = numberStage({ mapping, alpha: { forwardPrefixes } });
      stage.caller.send(inviteText({ headers }).text);
      return stage.carrierA.take().length > 0
        ? 'alpha'
        : stage.carrierB.takeOne('INVITE').header('Diversion');
    };
    const diversion = 'Diversion: <sip:15559999@phone.example>;reason=busy\r\n';
    const trusted = { trusted: true };
    assert.equal(taker(diversion, trusted), '<sip:15559999@127.0.0.1>;reason=busy');
    assert.equal(taker(diversion, {}), 'alpha', 'what nobody vouches for is not known');
    assert.equal(taker('', trusted), 'alpha');
    assert.equal(taker(diversion.replace('1555', '1666'), trusted), 'alpha');
  });

  it('go to the next one', () => {
    const stage = numberStage({ alpha: { callerPrefixes: { allow: false, prefixes: ['1'] } } });
    dial(stage, {});
    assert.deepEqual(stage.carrierA.take(), []);
    stage.carrierB.takeOne('INVITE');
  });

  it('go to the next one only while a scheduled rule holds', () => {
    const taker = (working: boolean): string => {
      const rule = { calendar: 'now', working, number: 'callee', allow: false, prefixes: ['4420'] };
      const alpha = { scheduledPrefixes: [rule] };
      const stage = numberStage({ alpha, document: groups });
      dial(stage, {});
      return stage.carrierA.take().length > 0
        ? 'alpha'
        : numbersOf(stage.carrierB.takeOne('INVITE')).callee;
    };
    assert.deepEqual([taker(true), taker(false)], ['442071234567', 'alpha']);
  });

  it('end the call where there is none', () => {
    const rule = { calleeGroups: { allow: false, names: ['tests'] } };
    const stage = numberStage({ alpha: rule, beta: rule, document: groups });
    const { status, cdr } = refusedBy(stage);
    assert.deepEqual([cdr.endReason, status], ['NoAvailableRouter', 503]);
    assert.equal(stage.effects.counted('skippedNumber'), 2);
  });
});

describe('black and white lists', () => {
  const lists = (...numberGroups: object[]): NumberChanges => ({ document: { numberGroups } });
  const caller = { name: 'c', list: 'callerBlack', numbers: ['15551234'] };
  const callee = { name: 'd', list: 'calleeBlack', numbers: ['442071234567'] };

  it('catch callers and called numbers, each in its place', () => {
    const first = refusedBy(numberStage(lists(caller)));
    assert.deepEqual([first.cdr.endReason, first.status], ['Caller blacklisted', 403]);
    const second = refusedBy(numberStage(lists(callee)));
    assert.deepEqual([second.cdr.endReason, second.status], ['Callee blacklisted', 403]);
    carriedBy(numberStage(lists(caller)), { callee: '15551234', caller: '1' });
    const both = lists({ name: 'b', list: 'black', numbers: ['15551234'] });
    refusedBy(numberStage(both));
    refusedBy(numberStage(both), { callee: '15551234', caller: '1' });
  });

  it('let a white number pass, and gateways that ignore them', () => {
    const white = { name: 'w', list: 'white', numbers: ['15551234', '442071234567'] };
    carriedBy(numberStage(lists(caller, callee, white)));
    carriedBy(numberStage({ ...lists(caller, callee), mapping: { ignoreBlackLists: true } }));
  });

  it('are only those that are called one', () => {
    carriedBy(numberStage(lists({ name: 'g', numbers: ['15551234', '442071234567'] })));
  });

  it('find each of 100,000 numbers, and no other', () => {
    const numbers = Array.from({ length: 100_000 }, (_, n) => String(15_500_000_000 + n * 7));
    const stage = numberStage(lists({ name: 'many', list: 'callerBlack', numbers }));
    for (const number of [numbers[0]!, numbers[50_000]!, numbers.at(-1)!]) {
      refusedBy(stage, { caller: number });
    }
    carriedBy(stage, { caller: '15500000001' });
  });
});

describe('the call level of a gateway', () => {
  const rates = (callType: string) => ({
    parameters: { SS_MAXCPS: 0 },
    rateTables: [{ name: 'r', rates: [{ prefix: '', ratePerMinute: '1', callType }] }],
    accounts: [{ name: 'acme', kind: 'customer', balance: '9', rateTable: 'r' }],
  });
  const stage = (callType: string) =>
    numberStage({ mapping: { account: 'acme', callLevel: 'local' }, document: rates(callType) });

  it('refuses types above it', () => {
    const { cdr } = refusedBy(stage('national'));
    assert.equal(cdr.endReason, 'Authorization limited');
    carriedBy(stage('local'));
  });
});

describe('an emergency call', () => {
  const strict = {
    parameters: { SS_MAXCPS: 1, SS_EMERGENCY_E164S: ['112', '911*'] },
    rateTables: [{ name: 'r', rates: [{ prefix: '44', ratePerMinute: '1' }] }],
    accounts: [
      { name: 'acme', kind: 'customer', balance: '0', rateTable: 'r', locked: true, lineLimit: 1 },
      { name: 'alpha', kind: 'clearing', balance: '0', creditLimit: '0', locked: true },
    ],
    numberGroups: [{ name: 'b', list: 'black', numbers: ['112', '15551234'] }],
  };
  const changes: NumberChanges = {
    mapping: {
      account: 'acme',
      callerLengths: [3],
      proportionalPrefixes: [{ prefix: 'A', proportion: 1 }],
      lineLimit: 1,
      cpsLimit: 1,
    },
    alpha: { account: 'alpha', cpsLimit: 1, lineLimit: 1 },
    document: strict,
  };

  it('passes every limit, bills nobody, and goes out as it is', () => {
    const stage = numberStage(changes);
    stage.effects.acquireCps = (_slot, limit) => limit === 0;
    const carried = carriedBy(stage, { callee: '112' });
    assert.deepEqual(carried, { callee: '112', to: '112', caller: '15551234' });
    assert.equal(stage.effects.counted('emergencyCalls'), 1);
    assert.equal(stage.effects.held.size, 0);
    assert.equal(refusedBy(numberStage(changes), { callee: '113' }).cdr.endReason, callerLimited);
  });

  it('is known behind the dial plan and the tech prefix too', () => {
    const mapped = {
      ...changes,
      mapping: { ...changes.mapping, techPrefix: '9#', calleeDialPlan: '999:911' },
    };
    assert.equal(carriedBy(numberStage(mapped), { callee: '9%23999' }).callee, '911');
    assert.equal(carriedBy(numberStage(mapped), { callee: '9%23112' }).callee, '112');
  });

  it('is stopped by no rule of a routing gateway, and leaves with its digits whatever a dial plan makes of it', () => {
    const carried = (alpha: object): string =>
      carriedBy(numberStage({ ...changes, alpha: { ...changes.alpha, ...alpha } }), {
        callee: '112',
      }).callee;
    assert.equal(carried({ calleeLengths: [11], callerPrefixes: { prefixes: ['44'] } }), '112');
    assert.equal(carried({ calleePrefixes: { allow: false, prefixes: ['1'] } }), '112');
    assert.equal(carried({ calleeDialPlan: '*:' }), '112');
    assert.equal(carried({ calleeDialPlan: '112:', calleePrefix: '9#' }), '9%23112');
    assert.equal(carried({ calleeDialPlan: '112:911' }), '911', 'a plan may still translate it');
  });

  it('is not lost in a dial plan of its mapping gateway', () => {
    const emptied = { ...changes, mapping: { ...changes.mapping, calleeDialPlan: '*:' } };
    assert.equal(carriedBy(numberStage(emptied), { callee: '112' }).callee, '112');
    assert.equal(refusedBy(numberStage(emptied), { callee: '113' }).status, 484);
  });

  it('takes lines beyond every limit, and gives them back', () => {
    const stage = numberStage(changes);
    const limits: number[] = [];
    const { acquireLine } = stage.effects;
    stage.effects.acquireLine = (slot, limit) => {
      limits.push(limit);
      return acquireLine(slot, limit);
    };
    carriedBy(stage, { callee: '112' });
    assert.deepEqual(limits, [0, 0, 0]);
    stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
    assert.deepEqual(stage.effects.lines, []);
  });

  it('is served when it has waited too long for others', () => {
    const stage = createStage({
      parameters: { SS_EMERGENCY_E164S: '112' },
      mappingGateways: [{ name: 'in', addresses: ['127.0.0.2'] }],
      routingGateways: [{ name: 'alpha', address: '127.0.0.3', prefixes: [''] }],
    });
    stage.deliver(inviteText({ callee: '113' }).text, stage.caller.hop, 900);
    stage.caller.takeOne('SIP/2.0 503');
    stage.deliver(inviteText({ callee: '112' }).text, stage.caller.hop, 900);
    assert.equal(numbersOf(stage.carrierA.takeOne('INVITE')).callee, '112');
  });

  it('is refused by a locked gateway', () => {
    const locked = { ...changes, mapping: { ...changes.mapping, locked: true } };
    assert.equal(refusedBy(numberStage(locked), { callee: '112' }).cdr.endReason, 'Account locked');
  });
});
