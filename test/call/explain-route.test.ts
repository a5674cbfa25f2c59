// Routing analysis says what a call would do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRoute, type RoutePorts } from '../../core/call/explain-route.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { analyzeRoute } from '../../workers/tasks/analyze-route.ts';
import { idleReadings } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const mappingGateways = [
  { name: 'in', addresses: ['192.0.2.1'] },
  { name: 'closed', addresses: ['192.0.2.2'], locked: true },
];
const routingGateways = [
  {
    name: 'long',
    address: '192.0.2.9',
    prefixes: ['4420'],
    prefixMode: 'terminate',
    calleePrefix: '#9',
  },
  { name: 'short', address: '192.0.2.9', prefixes: ['44', '4'] },
  { name: 'off', address: '192.0.2.9', prefixes: ['44'], locked: true },
  { name: 'us', address: '192.0.2.9', prefixes: ['1'] },
];
const snapshot = snapshotOf({ mappingGateways, routingGateways }, 7);

const ports: RoutePorts = {
  at: Date.UTC(2026, 0, 1),
  readings: idleReadings,
  node: 'edge-1',
  unreachable: () => undefined,
};

function explain(gateway: string, callee: string): RouteExplanation {
  const explanation = explainRoute(snapshot, { gateway, callee }, ports);
  assert.ok(explanation !== undefined);
  return explanation;
}

describe('routing analysis', () => {
  it('lists the order, and every candidate with its reason where it is left out', () => {
    const { steps, ...explanation } = explain('in', '442079460000');
    const calleeOut = '442079460000';
    assert.deepEqual(explanation, {
      configurationVersion: 7,
      mappingGateway: 'in',
      calleeAccess: '442079460000',
      calleeRouted: '442079460000',
      callerAccess: '',
      callerRouted: '',
      order: ['long'],
      protect: [],
      protectDelaySeconds: 0,
      winner: 'long',
      candidates: [
        {
          gateway: 'long',
          prefix: '4420',
          calleeOut: '#9442079460000',
          callerOut: '',
          prefixLength: 4,
          priority: 100,
          prefixMode: 'terminate',
          sortKeys: { prefixLength: 4, priority: 100, lineUsage: 0, callsToday: 0 },
          vendorRate: '0',
          margin: null,
        },
        {
          gateway: 'short',
          prefix: '44',
          calleeOut,
          callerOut: '',
          prefixLength: 2,
          priority: 100,
          prefixMode: 'continue',
          sortKeys: { prefixLength: 2, priority: 100, lineUsage: 0, callsToday: 0 },
          vendorRate: '0',
          margin: null,
          skipped: 'long has a longer prefix and prefixMode terminate',
        },
        {
          gateway: 'off',
          prefix: '44',
          calleeOut,
          callerOut: '',
          prefixLength: 2,
          priority: 100,
          prefixMode: 'continue',
          vendorRate: '0',
          margin: null,
          skipped: 'locked',
        },
        {
          gateway: 'short',
          prefix: '4',
          calleeOut,
          callerOut: '',
          prefixLength: 1,
          priority: 100,
          prefixMode: 'continue',
          vendorRate: '0',
          margin: null,
          skipped: 'has a longer prefix that matches',
        },
      ],
      endReason: null,
      sipCode: null,
    });
    assert.deepEqual(steps.at(-1), { step: 'outcome', result: 'sent to long' });
  });

  it('says which scheduled rule leaves a gateway out, by the time asked for', () => {
    const scheduledPrefixes = [
      { calendar: 'day', number: 'callee', allow: false, prefixes: ['4420'] },
    ];
    const scheduled = snapshotOf({
      calendars: [{ name: 'day', timeZone: 'UTC', from: '08:00', to: '18:00' }],
      mappingGateways,
      routingGateways: [
        {
          name: 'by-night',
          address: '192.0.2.9',
          prefixes: ['44'],
          priority: 1,
          scheduledPrefixes,
        },
        { name: 'always', address: '192.0.2.9', prefixes: ['44'], priority: 2 },
      ],
    });
    const at = (hour: number): RouteExplanation =>
      explainRoute(
        scheduled,
        { gateway: 'in', callee: '442079460000' },
        // A Thursday.
        { ...ports, at: Date.UTC(2026, 0, 1, hour) },
      )!;
    assert.deepEqual(at(19).order, ['by-night', 'always']);
    const day = at(12);
    assert.deepEqual(day.order, ['always']);
    const left = day.candidates.find(({ gateway }) => gateway === 'by-night')!;
    assert.equal(left.skipped, 'its number rules do not take the call');
    assert.deepEqual(left.numbers, [
      { step: 'scheduled callee prefixes', result: '442079460000 is forbidden now' },
    ]);
  });

  it('says how a call without a route ends', () => {
    const explanation = explain('in', '33');
    assert.deepEqual(explanation.order, []);
    assert.deepEqual([explanation.endReason, explanation.sipCode], ['NoAvailableRouter', 503]);
  });

  it('says how a call of a locked gateway ends', () => {
    const explanation = explain('closed', '44');
    assert.deepEqual([explanation.endReason, explanation.sipCode], ['Account locked', 403]);
    assert.deepEqual(explanation.candidates, []);
  });

  it('shows what dial plans and tech prefixes make of the numbers', () => {
    const numbers = snapshotOf({
      mappingGateways: [
        {
          name: 'in',
          addresses: ['192.0.2.1'],
          techPrefix: '77',
          calleeDialPlan: '00:,00E3:9',
          callerDialPlan: '*:1;2',
        },
      ],
      routingGateways: [
        {
          name: 'out',
          address: '192.0.2.9',
          prefixes: ['44'],
          calleePrefix: '#',
          scheduledDialPlans: [{ from: '00:00', to: '24:00', calleeDialPlan: '44:0' }],
        },
        { name: 'gone', address: '192.0.2.9', prefixes: ['4'], calleeDialPlan: '*:' },
      ],
    });
    const ask = (callee: string): RouteExplanation =>
      explainRoute(numbers, { gateway: 'in', callee, caller: '555' }, ports)!;
    const found = ask('770044201');
    assert.deepEqual(
      [found.calleeAccess, found.calleeRouted, found.callerRouted, found.order],
      ['770044201', '44201', '1', ['out']],
    );
    assert.deepEqual(found.steps.slice(1, 4), [
      { step: 'tech prefix', result: '77 taken off: 0044201' },
      {
        step: 'caller dial plan',
        result: '555 becomes 1 by "*:1;2", one of 2 targets at random',
      },
      { step: 'callee dial plan', result: '0044201 becomes 44201 by "00:"' },
    ]);
    const [out, gone] = found.candidates;
    assert.deepEqual([out!.calleeOut, out!.callerOut, out!.skipped], ['#0201', '1', undefined]);
    assert.deepEqual(out!.numbers, [
      { step: 'callee dial plan', result: '44201 becomes 0201 by "44:0"' },
    ]);
    assert.deepEqual(
      [gone!.calleeOut, gone!.skipped],
      ['', 'its dial plan leaves nothing of the number'],
    );
    assert.deepEqual(
      [ask('77').endReason, ask('77').sipCode],
      ['Number empty after transform', 484],
    );
    assert.deepEqual([ask('44').endReason, ask('44').sipCode], ['Illegal call', 403]);
    assert.equal(ask('774').endReason, 'Number empty after transform');
  });

  it('shows the number that a pool would give', () => {
    const pooled = snapshotOf({
      numberGroups: [{ name: 'uk', numbers: ['4401', '4402'] }],
      rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] }],
      accounts: [{ name: 'acme', kind: 'customer', rateTable: 'retail', numbers: ['4402'] }],
      mappingGateways: [{ name: 'in', account: 'acme', addresses: ['192.0.2.1'] }],
      routingGateways: [
        {
          name: 'out',
          address: '192.0.2.9',
          prefixes: [''],
          callerPool: { group: 'uk', mode: 'poll', multiplexes: 5 },
        },
      ],
    });
    const [out] = explainRoute(pooled, { gateway: 'in', callee: '44' }, ports)!.candidates;
    assert.equal(out!.callerOut, '4402');
    assert.deepEqual(out!.numbers, [
      { step: 'caller pool', result: '4402, one of 1 of uk in turn, each in 5 calls at most' },
    ]);
  });

  it('knows no gateway that does not exist', () => {
    assert.equal(explainRoute(snapshot, { gateway: 'long', callee: '44' }, ports), undefined);
  });
});

describe('the routing analysis task', () => {
  it('refuses what does not exist, by name', () => {
    const arena = new SharedArrayBuffer(8192);
    const memory = allocateSharedMemory({ workers: 1 });
    assert.throws(
      () =>
        analyzeRoute({
          arena,
          memory,
          request: { gateway: 'in', callee: '' },
          listeners: [],
          node: 'edge-1',
        }),
      /callee/,
    );
    assert.throws(
      () =>
        analyzeRoute({
          arena,
          memory,
          request: { gateway: 'in', callee: '44' },
          listeners: [],
          node: 'edge-1',
        }),
      /no compiled snapshot/,
    );
  });
});

describe('a rehearsed outage', () => {
  const gateways = ['a', 'b', 'c'].map((name, index) => ({
    name,
    address: '192.0.2.9',
    prefixes: ['44'],
    priority: index,
    stopCodes: [404],
  }));
  const last = { name: 'last', address: '192.0.2.9', prefixes: [''], protect: true };
  const plan = snapshotOf({
    parameters: { SS_TRY_PROTECT_ROUTE_DELAY: 30 },
    mappingGateways,
    routingGateways: [...gateways, last],
  });
  const ask = (fields: object, more: Partial<RoutePorts> = {}): RouteExplanation =>
    explainRoute(plan, { gateway: 'in', callee: '442', ...fields }, { ...ports, ...more })!;

  it('without a gateway leaves it out and says so', () => {
    const { order, protect, protectDelaySeconds, winner, candidates } = ask({ without: ['a'] });
    assert.deepEqual([order, protect, protectDelaySeconds], [['b', 'c'], ['last'], 30]);
    assert.equal(winner, 'b');
    const skipped = candidates.find(({ gateway }) => gateway === 'a')!.skipped;
    assert.equal(skipped, 'left out as asked');
  });

  it('with gateways that fail names the one that takes the call', () => {
    const fail = { a: 503, b: 500, c: 486 };
    assert.deepEqual(ask({ fail: { a: 503 } }).winner, 'b');
    const ended = ask({ fail });
    assert.deepEqual([ended.winner, ended.protect], [null, []]);
    assert.deepEqual(ended.steps.at(-1), { step: 'outcome', result: 'SIP 486 Busy Here' });
    const stopped = ask({ fail: { a: 404 } });
    assert.deepEqual([stopped.order, stopped.winner], [['a'], null]);
    assert.equal(
      stopped.candidates.find(({ gateway }) => gateway === 'b')!.skipped,
      'the hunt ends at a (404)',
    );
  });

  it('with all normal gateways gone goes to the protect route', () => {
    const { winner, steps } = ask({ without: ['a', 'b', 'c'] });
    assert.equal(winner, 'last');
    assert.ok(
      steps.some(({ step, result }) => step === 'protect, 30 s later' && result === 'last'),
    );
  });

  it('says who is full, offline or paused now', () => {
    const slots = new Map(gateways.map(({ name }, index) => [name, index + 3]));
    const readings = {
      ...idleReadings,
      closedSeconds: (slot: number) => (slot === slots.get('b') ? 17 : 0),
    };
    const { order, candidates } = ask({}, { readings });
    assert.deepEqual(order, ['a', 'c']);
    const b = candidates.find(({ gateway }) => gateway === 'b')!;
    assert.equal(b.skipped, 'asked for no calls for 17 s more (Retry-After)');
  });
});
describe('prices in routing analysis', () => {
  const priced = {
    parameters: { SS_EMERGENCY_E164S: '112' },
    rateTables: [
      { name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.02' }] },
      { name: 'cheap', rates: [{ prefix: '', ratePerMinute: '0.01' }] },
      { name: 'dear', rates: [{ prefix: '1', ratePerMinute: '0.03' }] },
    ],
    accounts: [
      { name: 'buyer', kind: 'customer', rateTable: 'retail' },
      { name: 'cheap', kind: 'clearing', rateTable: 'cheap' },
      { name: 'dear', kind: 'clearing', rateTable: 'dear' },
    ],
    routingGateways: ['cheap', 'dear'].map((name) => ({
      name,
      address: '192.0.2.9',
      prefixes: [''],
      account: name,
    })),
  };
  const ask = (callee: string, fields: object = {}): RouteExplanation => {
    const mapping = { name: 'in', addresses: ['192.0.2.1'], account: 'buyer', ...fields };
    const of = snapshotOf({ ...priced, mappingGateways: [mapping] });
    return explainRoute(of, { gateway: 'in', callee }, ports)!;
  };

  it('are told of every candidate, whatever they count for', () => {
    const { candidates, steps } = ask('12');
    assert.deepEqual(
      candidates.map(({ gateway, vendorRate, margin }) => [gateway, vendorRate, margin]),
      [
        ['cheap', '0.01', '0.01'],
        ['dear', '0.03', '-0.01'],
      ],
    );
    const rate = { step: 'rate', result: '12: prefix "", 0.02 a minute' };
    assert.ok(steps.some((each) => each.step === rate.step && each.result === rate.result));
    assert.deepEqual(
      [ask('44').candidates[1]!.vendorRate, ask('44').candidates[1]!.margin],
      [null, null],
    );
  });

  it('are told of the gateways that they leave out', () => {
    const { candidates, winner } = ask('12', { minProfitPercent: '10' });
    assert.equal(winner, 'cheap');
    const dear = candidates.find(({ gateway }) => gateway === 'dear')!;
    assert.deepEqual(
      [dear.skipped, dear.vendorRate, dear.margin],
      ['profit below minProfitPercent', '0.03', '-0.01'],
    );
  });

  it('end a call that none suits as "Profit limited"', () => {
    const explained = ask('12', { minProfitPercent: '200' });
    assert.deepEqual([explained.endReason, explained.sipCode], ['Profit limited', 503]);
    assert.ok(
      explained.steps.some(
        ({ step, result }) => step === 'route' && result === 'refused: Profit limited (503)',
      ),
    );
  });

  it('are not asked of a call for help', () => {
    const floor = { minProfitPercent: '200' };
    assert.deepEqual([ask('112', floor).endReason, ask('112', floor).winner], [null, 'cheap']);
  });
});
