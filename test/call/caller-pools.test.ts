// Caller number pools: whose numbers a carrier is shown, in how many calls at a time, and that every number is
// given back once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acquireLine, linesUsed, releaseLine } from '../../core/admission/line-limits.ts';
import type { MappingGateway } from '../../core/configuration/snapshot.ts';
import { allocateSharedMemory, workerLines } from '../../workers/memory/shared-memory.ts';
import { carriedBy, dial, numberStage, numbersOf } from '../doubles/number-stage.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';
import {
  answer,
  answeredCall,
  callerRequest,
  cancelText,
  createStage,
  inviteText,
  responseTo,
  type Stage,
} from '../doubles/switch-stage.ts';

const numberGroups = [{ name: 'pool', numbers: ['4401', '4402', '4403'] }];

function poolStage(callerPool: unknown, document: object = {}): Stage {
  return numberStage({
    alpha: { callerPool, callerDialPlan: '*:9' },
    beta: { callerDialPlan: '*:8' },
    document: { numberGroups, ...document },
  });
}

/** From here on lines are counted, and limits hold. */
function counting(stage: Stage): Map<number, number> {
  const used = new Map<number, number>();
  const { effects } = stage;
  const { releaseLine: release } = effects;
  effects.acquireLine = (slot, limit) => {
    const count = used.get(slot) ?? 0;
    if (limit > 0 && count >= limit) return false;
    used.set(slot, count + 1);
    effects.lines.push(slot);
    return true;
  };
  effects.releaseLine = (slot) => {
    used.set(slot, used.get(slot)! - 1);
    release(slot);
  };
  return used;
}

describe('a caller pool', () => {
  it('in turn gives the numbers in their order, over and over', () => {
    const stage = poolStage({ group: 'pool', mode: 'poll' });
    const callers = Array.from({ length: 7 }, () => carriedBy(stage).caller);
    assert.deepEqual(callers, ['4401', '4402', '4403', '4401', '4402', '4403', '4401']);
  });

  it('by chance gives each of them; the name of the group is enough', () => {
    const stage = poolStage('pool');
    const callers = new Set(Array.from({ length: 60 }, () => carriedBy(stage).caller));
    assert.deepEqual([...callers].sort(), ['4401', '4402', '4403']);
  });

  it('gives no number to more calls than multiplexes, then the caller stays as rewritten', () => {
    const stage = poolStage({ group: 'pool', multiplexes: 2 });
    counting(stage);
    const callers = Array.from({ length: 8 }, () => carriedBy(stage).caller).sort();
    assert.deepEqual(callers, ['4401', '4401', '4402', '4402', '4403', '4403', '9', '9']);
    assert.equal(stage.effects.counted('poolsExhausted'), 2);
  });

  it('is in the CDR, and not of another gateway', () => {
    const stage = poolStage({ group: 'pool', mode: 'poll' });
    dial(stage, {});
    const first = stage.carrierA.takeOne('INVITE');
    assert.equal(numbersOf(first).caller, '4401');
    stage.carrierA.send(responseTo(first, 503, { tag: 'x' }));
    const second = stage.carrierB.takeOne('INVITE');
    assert.equal(numbersOf(second).caller, '8');
    stage.carrierB.send(responseTo(second, 503, { tag: 'x' }));
    const { cdr } = { cdr: stage.effects.ends[0]! };
    assert.equal(cdr.callerOut, '8');
    const again = poolStage({ group: 'pool', mode: 'poll' });
    answeredCall(again);
    assert.equal(again.effects.answers[0]!.cdr.callerOut, '4401');
  });

  it('gives its numbers back once, however the call ends', () => {
    const endings: readonly ((stage: Stage) => void)[] = [
      (stage) => {
        const { invite, callerTag } = answeredCall(stage);
        stage.caller.send(callerRequest('BYE', invite, callerTag, { cseq: 2 }));
      },
      (stage) => {
        dial(stage, {});
        const invite = stage.carrierA.takeOne('INVITE');
        stage.carrierA.send(responseTo(invite, 486, { tag: 'x' }));
      },
      (stage) => {
        dial(stage, {});
        stage.pass(11_000);
        stage.pass(40_000);
        stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
      },
      (stage) => {
        const invite = inviteText();
        stage.caller.send(invite.text);
        stage.carrierA.send(responseTo(stage.carrierA.takeOne('INVITE'), 180, { tag: 'x' }));
        stage.caller.send(cancelText(invite));
      },
      (stage) => {
        dial(stage, {});
        stage.carrierA.take();
        stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
      },
    ];
    for (const [index, end] of endings.entries()) {
      const stage = poolStage({ group: 'pool', multiplexes: 1, mode: 'poll' });
      const used = counting(stage);
      end(stage);
      assert.deepEqual(stage.effects.lines, [], `ending ${index}`);
      assert.ok(
        [...used.values()].every((count) => count === 0),
        `ending ${index}`,
      );
      assert.equal(used.size >= 3, true, `ending ${index} took a number`);
    }
  });

  it('serves a call that goes on after the pool is gone, and one whose pool came', () => {
    const stage = poolStage('pool');
    dial(stage, {});
    const first = stage.carrierA.takeOne('INVITE');
    stage.shard.onConfiguration(snapshotOf({}, 2));
    stage.carrierA.send(responseTo(first, 503, { tag: 'x' }));
    assert.equal(numbersOf(stage.carrierB.takeOne('INVITE')).caller, '8');
    const gone = numberStage({
      beta: { callerPool: 'pool' },
      document: { numberGroups },
    });
    dial(gone, {});
    const tried = gone.carrierA.takeOne('INVITE');
    gone.shard.onConfiguration(snapshotOf({}, 2));
    gone.carrierA.send(responseTo(tried, 503, { tag: 'x' }));
    assert.equal(numbersOf(gone.carrierB.takeOne('INVITE')).caller, '15551234');
  });

  it('does not hide who calls for help', () => {
    const stage = poolStage('pool', { parameters: { SS_EMERGENCY_E164S: '112' } });
    assert.equal(carriedBy(stage, { callee: '112' }).caller, '9');
  });

  it('is exact over all workers', () => {
    const memory = allocateSharedMemory({ workers: 2 });
    const stages = [0, 1].map((worker) => {
      const stage = poolStage({ group: 'pool', mode: 'poll', multiplexes: 3 });
      const lines = workerLines(memory, worker);
      const releases: number[] = [];
      stage.effects.acquireLine = (slot, limit) => acquireLine(lines, slot, limit);
      stage.effects.releaseLine = (slot) => {
        releases.push(slot);
        releaseLine(lines, slot);
      };
      return { stage, lines, releases };
    });
    const callers: string[] = [];
    for (let call = 0; call < 12; call++) callers.push(carriedBy(stages[call % 2]!.stage).caller);
    const pooled = callers.filter((caller) => caller !== '9').sort();
    assert.deepEqual(
      pooled,
      ['4401', '4402', '4403'].flatMap((number) => [number, number, number]),
    );
    for (const { stage } of stages) stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
    for (const { releases, lines } of stages) {
      for (const slot of releases) assert.equal(linesUsed(lines, slot), 0);
    }
  });
});

describe('numbers assigned to accounts', () => {
  /** Calls of an account, with the numbers that they are shown by. */
  function callersOf(account: string, calls: number, multiplexes = 0): string[] {
    const stage = createStage({
      parameters: { SS_MAXCPS: 0 },
      rateTables: [{ name: 'r', rates: [{ prefix: '', ratePerMinute: '0.1' }] }],
      numberGroups: [{ name: 'pool', numbers: ['4401', '4402', '4403', '4404'] }],
      accounts: [
        { name: 'north', kind: 'agent', balance: '9', rateTable: 'r', numbers: ['4404'] },
        { name: 'acme', kind: 'customer', balance: '9', rateTable: 'r', numbers: ['4402'] },
        { name: 'below', kind: 'customer', balance: '9', rateTable: 'r', agent: 'north' },
        { name: 'other', kind: 'customer', balance: '9', rateTable: 'r' },
      ],
      mappingGateways: [{ name: 'in', account, addresses: ['127.0.0.2'] }],
      routingGateways: [
        {
          name: 'alpha',
          address: '127.0.0.3',
          prefixes: [''],
          callerPool: { group: 'pool', mode: 'poll', multiplexes },
        },
      ],
    });
    counting(stage);
    return Array.from({ length: calls }, () => carriedBy(stage).caller);
  }

  it('serve that account first, and nobody else', () => {
    assert.deepEqual(new Set(callersOf('acme', 6)), new Set(['4402']));
    assert.deepEqual(callersOf('other', 4), ['4401', '4403', '4401', '4403']);
    assert.deepEqual(callersOf('other', 3, 1).at(-1), '15551234');
  });

  it('serve the accounts below an agent', () => {
    assert.deepEqual(new Set(callersOf('below', 3)), new Set(['4404']));
    assert.deepEqual(new Set(callersOf('north', 3)), new Set(['4404']));
  });

  it('leave the rest to the numbers of nobody', () => {
    assert.deepEqual(callersOf('acme', 4, 1).sort(), ['15551234', '4401', '4402', '4403']);
    assert.deepEqual(callersOf('below', 4, 1).sort(), ['15551234', '4401', '4403', '4404']);
  });
});

describe('what else says who calls', () => {
  const trusted = { trusted: true } satisfies Partial<MappingGateway>;
  const identity =
    'P-Asserted-Identity: "Ann 1555" <sip:15551234@phone.example>\r\nDiversion: <sip:15559999@phone.example>;reason=busy\r\nPrivacy: none\r\n';
  const invited = (stage: Stage) => {
    stage.caller.send(inviteText({ headers: identity }).text);
    return stage.carrierA.takeOne('INVITE');
  };

  it('has the pool number in asserted identities, without a name', () => {
    const stage = numberStage({
      mapping: trusted,
      alpha: { callerPool: 'pool' },
      document: { numberGroups: [{ name: 'pool', numbers: ['+44'] }] },
    });
    const invite = invited(stage);
    assert.equal(invite.header('P-Asserted-Identity'), '<sip:+44@127.0.0.1>');
    assert.equal(invite.header('Diversion'), '<sip:15559999@127.0.0.1>;reason=busy');
    assert.equal(invite.header('Privacy'), 'none');
  });

  it('has a number of the forwarding pool in Diversion, counted like the other', () => {
    const stage = numberStage({
      mapping: trusted,
      alpha: { forwardingPool: { group: 'pool', multiplexes: 1 } },
      document: { numberGroups: [{ name: 'pool', numbers: ['4401'] }] },
    });
    counting(stage);
    const invite = invited(stage);
    assert.equal(invite.header('Diversion'), '<sip:4401@127.0.0.1>;reason=busy');
    assert.equal(invite.header('P-Asserted-Identity'), '"Ann 1555" <sip:15551234@127.0.0.1>');
    assert.equal(numbersOf(invite).caller, '15551234');
    assert.equal(invited(stage).header('Diversion'), '<sip:15559999@127.0.0.1>;reason=busy');
    dial(stage, {});
    stage.shard.endAllCalls({ key: 'x', sipCode: 503, q850: 0 });
    assert.deepEqual(stage.effects.lines, []);
  });

  it('has it in every value of a list, each with its own scheme and parameters', () => {
    const stage = numberStage({
      mapping: trusted,
      alpha: { callerPool: 'pool', callerDialPlan: '1555:8' },
      document: {
        parameters: { SS_MAXCPS: 0, FORWARD_SIGNAL_REWRITE_SEQUENCE: 'caller_dial_plan' },
        numberGroups: [{ name: 'pool', numbers: ['+44'] }],
      },
    });
    const headers =
      'P-Asserted-Identity: "Ann" <sip:15551234@phone.example>, <tel:+15551234>\r\n' +
      'Diversion: <sip:15559999@phone.example>;reason="<>", <sip:2@phone.example>;reason=busy\r\n';
    stage.caller.send(inviteText({ headers }).text);
    const invite = stage.carrierA.takeOne('INVITE');
    assert.deepEqual(invite.headers('P-Asserted-Identity'), ['<sip:+44@127.0.0.1>', '<tel:+44>']);
    assert.deepEqual(invite.headers('Diversion'), [
      '<sip:89999@127.0.0.1>;reason="<>"',
      '<sip:2@127.0.0.1>;reason=busy',
    ]);
  });

  it('has what a dial plan of its own makes of the asserted number, unless a pool has one', () => {
    const asserted = (alpha: object): string => {
      const document = { numberGroups: [{ name: 'pool', numbers: ['4401'] }] };
      const stage = numberStage({ mapping: trusted, alpha, document });
      return invited(stage).header('P-Asserted-Identity');
    };
    const assertedDialPlan = '1555:0044';
    assert.equal(asserted({ assertedDialPlan }), '<sip:00441234@127.0.0.1>');
    assert.equal(asserted({ assertedDialPlan: '9:' }), '"Ann 1555" <sip:15551234@127.0.0.1>');
    assert.equal(asserted({ assertedDialPlan, callerPool: 'pool' }), '<sip:4401@127.0.0.1>');
    const stage = numberStage({ mapping: trusted, alpha: { assertedDialPlan: '*:' } });
    assert.doesNotMatch(invited(stage).text, /P-Asserted-Identity/);
  });

  it('has the forwarding number as FORWARD_SIGNAL_REWRITE_SEQUENCE says', () => {
    const forwarding = (sequence: unknown, pooled: object = { forwardingPool: 'pool' }): string => {
      const stage = numberStage({
        mapping: trusted,
        alpha: { ...pooled, callerDialPlan: '4401:9,1555:8' },
        document: {
          parameters: { SS_MAXCPS: 0, FORWARD_SIGNAL_REWRITE_SEQUENCE: sequence },
          numberGroups: [{ name: 'pool', numbers: ['4401'] }],
        },
      });
      return invited(stage).header('Diversion').split('@')[0]!;
    };
    const plan = 'caller_dial_plan';
    const pool = 'caller_number_pool';
    assert.equal(forwarding(pool), '<sip:4401');
    assert.equal(forwarding(plan), '<sip:89999');
    assert.equal(forwarding(`${plan}, ${pool}`), '<sip:4401');
    assert.equal(forwarding([pool, plan]), '<sip:9');
    assert.equal(forwarding([pool, plan], {}), '<sip:89999');
    assert.equal(forwarding([]), '<sip:15559999');
  });

  it('has the number that leaves where the name is the number', () => {
    const stage = numberStage({ alpha: { callerDialPlan: '1555:44' } });
    stage.caller.send(inviteText().text.replace('"Ann"', '"15551234"'));
    assert.match(stage.carrierA.takeOne('INVITE').header('From'), /^"441234" <sip:441234@/);
  });

  it('answers as before', () => {
    const stage = poolStage('pool');
    dial(stage, {});
    const invite = stage.carrierA.takeOne('INVITE');
    stage.caller.take();
    stage.carrierA.send(responseTo(invite, 200, { tag: 'x', body: answer }));
    stage.caller.takeOne('SIP/2.0 200');
  });
});
