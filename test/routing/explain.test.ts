// Routing analysis says what a call would do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  explainRoute,
  type RouteExplanation,
  type RoutePorts,
} from '../../core/routing/explain.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { analyzeRoute } from '../../workers/tasks/analyze-route.ts';
import { idleState } from '../doubles/route-question.ts';
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
  state: idleState,
  minutePrice: () => Number.NaN,
  sellPrice: () => Number.NaN,
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
      calleeAccess: '442079460000',
      calleeRouted: '442079460000',
      order: ['long'],
      protect: [],
      protectDelaySeconds: 0,
      winner: 'long',
      candidates: [
        {
          gateway: 'long',
          prefix: '4420',
          calleeOut: '#9442079460000',
          prefixLength: 4,
          priority: 100,
          prefixMode: 'terminate',
          sortKeys: { prefixLength: 4, priority: 100, lineUsage: 0, callsToday: 0 },
        },
        {
          gateway: 'short',
          prefix: '44',
          calleeOut,
          prefixLength: 2,
          priority: 100,
          prefixMode: 'continue',
          sortKeys: { prefixLength: 2, priority: 100, lineUsage: 0, callsToday: 0 },
          skipped: 'long has a longer prefix and prefixMode terminate',
        },
        {
          gateway: 'off',
          prefix: '44',
          calleeOut,
          prefixLength: 2,
          priority: 100,
          prefixMode: 'continue',
          skipped: 'locked',
        },
        {
          gateway: 'short',
          prefix: '4',
          calleeOut,
          prefixLength: 1,
          priority: 100,
          prefixMode: 'continue',
          skipped: 'has a longer prefix that matches',
        },
      ],
      endReason: null,
      sipCode: null,
    });
    assert.deepEqual(steps.at(-1), { step: 'outcome', result: 'sent to long' });
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

  it('knows no gateway that does not exist', () => {
    assert.equal(explainRoute(snapshot, { gateway: 'long', callee: '44' }, ports), undefined);
  });
});

describe('the routing analysis task', () => {
  it('refuses what does not exist, by name', () => {
    const arena = new SharedArrayBuffer(8192);
    const memory = allocateSharedMemory({ workers: 1 });
    assert.throws(
      () => analyzeRoute({ arena, memory, request: { gateway: 'in', callee: '' }, listeners: [] }),
      /callee/,
    );
    assert.throws(
      () =>
        analyzeRoute({ arena, memory, request: { gateway: 'in', callee: '44' }, listeners: [] }),
      /no compiled snapshot/,
    );
  });
});
