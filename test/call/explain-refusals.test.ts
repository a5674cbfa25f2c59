// Routing analysis refuses what a call setup refuses, at the same check, and names why a carrier is passed over.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountLineSlot } from '../../core/admission/line-limits.ts';
import { explainRoute, type RoutePorts } from '../../core/call/explain-route.ts';
import { accountAt, accountRowByName } from '../../core/configuration/open-billing.ts';
import { mappingGatewayByName } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { idleReadings } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const ports: RoutePorts = {
  at: Date.UTC(2026, 0, 1),
  readings: idleReadings,
  node: 'edge-1',
  unreachable: () => undefined,
};

describe('a call that would be refused', () => {
  const gone = '2020-01-01T00:00:00Z';
  const documentOf = (changes: {
    acme?: object;
    top?: object;
    rate?: object;
    mapping?: object;
    carrier?: object;
    carrierRate?: object;
  }): object => ({
    rateTables: [
      { name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.06', ...changes.rate }] },
      { name: 'buy', rates: [{ prefix: '44', ratePerMinute: '0.01', ...changes.carrierRate }] },
    ],
    accounts: [
      { name: 'top', kind: 'agent', rateTable: 'retail', ...changes.top },
      { name: 'acme', kind: 'customer', agent: 'top', rateTable: 'retail', ...changes.acme },
      { name: 'carrier', kind: 'clearing', rateTable: 'buy', ...changes.carrier },
    ],
    gatewayGroups: [{ name: 'g', lineLimit: 2 }],
    mappingGateways: [
      { name: 'in', addresses: ['192.0.2.1'], account: 'acme', ...changes.mapping },
    ],
    routingGateways: [
      { name: 'out', address: '192.0.2.9', prefixes: [''], account: 'carrier', priority: 1 },
    ],
  });
  type Fields = Parameters<typeof documentOf>[0];
  const ask = (
    changes: Fields,
    readings: (snapshot: Snapshot) => Partial<RoutePorts['readings']> = () => ({}),
    request: object = {},
  ): RouteExplanation => {
    const of = snapshotOf(documentOf(changes));
    const more = { ...ports, readings: { ...idleReadings, ...readings(of) } };
    return explainRoute(of, { gateway: 'in', callee: '44123', ...request }, more)!;
  };
  const slotOf = (of: Snapshot, name: string): number =>
    accountAt(of, accountRowByName(of, name)).slot;
  const broke =
    (name: string) =>
    (of: Snapshot): Partial<RoutePorts['readings']> => ({
      available: (slot) => (slot === slotOf(of, name) ? 0n : undefined),
    });
  const used =
    (slot: (of: Snapshot) => number) =>
    (of: Snapshot): Partial<RoutePorts['readings']> => ({
      linesUsed: (asked) => (asked === slot(of) ? 2 : 0),
    });
  const accountLines = (name: string) => used((of) => accountLineSlot(slotOf(of, name)));

  const cases: readonly [
    step: string,
    endReason: string,
    sipCode: number,
    changes: Fields,
    readings?: (snapshot: Snapshot) => Partial<RoutePorts['readings']>,
  ][] = [
    ['account', 'Account locked', 403, { acme: { locked: true } }],
    ['account', 'Account locked', 403, { top: { locked: true } }],
    ['account', 'Account expired', 403, { acme: { expiresAt: gone } }],
    ['account', 'Account not found', 403, { acme: { node: 'edge-2' } }],
    ['rate', 'No matching rate', 403, { rate: { prefix: '1' } }],
    ['rate', 'Rate locked', 403, { rate: { locked: true } }],
    [
      'rate',
      'Authorization limited',
      403,
      { rate: { callType: 'international' }, mapping: { callLevel: 'local' } },
    ],
    [
      'gateway lines',
      'Connection limit exceeded',
      503,
      { mapping: { lineLimit: 2 } },
      used((of) => mappingGatewayByName(of, 'in')!.slot),
    ],
    [
      'gateway lines',
      'Connection limit exceeded',
      503,
      { mapping: { groups: ['g'] } },
      used((of) => mappingGatewayByName(of, 'in')!.groups[0]!.slot),
    ],
    [
      'account lines',
      'Connection limit exceeded',
      503,
      { acme: { lineLimit: 2 } },
      accountLines('acme'),
    ],
    [
      'fraud limits, calls',
      'Connection limit exceeded',
      503,
      { acme: { fraudLimits: [{ callsAtOnce: { block: 0 } }] } },
    ],
    ['balance', 'Insufficient balance', 403, {}, broke('acme')],
    ['balance', 'Agent insufficient balance', 403, {}, broke('top')],
    [
      'fraud limits, day',
      'Daily money limited',
      403,
      { acme: { fraudLimits: [{ moneyPerDay: { block: '1' } }] } },
      () => ({ readUsage: () => 100_000_000n }),
    ],
  ];
  for (const [step, endReason, sipCode, changes, readings] of cases) {
    it(`says so at "${step}": ${endReason}, ${JSON.stringify(changes)}`, () => {
      const explained = ask(changes, readings);
      assert.deepEqual(
        [explained.endReason, explained.sipCode, explained.winner],
        [endReason, sipCode, null],
      );
      const refused = explained.steps.find(({ result }) => result.startsWith('refused: '));
      assert.deepEqual(refused, { step, result: `refused: ${endReason} (${sipCode})` });
    });
  }

  it('says so of a number that is too long for a CDR', () => {
    const long = '4'.repeat(256);
    for (const [request, endReason, sipCode] of [
      [{ callee: long }, 'SIP 414 Request-URI Too Long', 414],
      [{ caller: long }, 'SIP 400 Bad Request', 400],
    ] as const) {
      const explained = ask({}, undefined, request);
      assert.deepEqual([explained.endReason, explained.sipCode], [endReason, sipCode]);
      const result = `refused: ${endReason} (${sipCode})`;
      assert.deepEqual(explained.steps.at(-2), { step: 'number length', result });
    }
  });

  it('behind its route still says who would be tried', () => {
    const { order, candidates, steps } = ask({}, broke('acme'));
    assert.deepEqual(order, ['out']);
    assert.equal(candidates[0]!.skipped, undefined);
    assert.ok(
      steps.some(({ step, result }) => step === 'balance' && result === 'acme: 0 available'),
    );
  });

  it('for its carrier says why that is passed over', () => {
    const told = (
      changes: Fields,
      readings?: (snapshot: Snapshot) => Partial<RoutePorts['readings']>,
    ): unknown[] => {
      const { endReason, candidates, winner } = ask(changes, readings);
      return [endReason, candidates[0]!.skipped, winner];
    };
    const busy = 'AllGatewayBusy';
    assert.deepEqual(told({ carrier: { locked: true } }), [
      busy,
      'its account carrier: Account locked',
      null,
    ]);
    assert.deepEqual(told({ carrier: { expiresAt: gone } }), [
      busy,
      'its account carrier: Account expired',
      null,
    ]);
    assert.deepEqual(told({ carrier: { node: 'edge-2' } }), [
      busy,
      'its account carrier: Account not found',
      null,
    ]);
    assert.deepEqual(told({ carrier: { node: 'edge-1' } }), [null, undefined, 'out']);
    assert.deepEqual(told({ carrierRate: { locked: true } }), [
      busy,
      'its account carrier: Rate locked',
      null,
    ]);
    assert.deepEqual(told({ carrier: { lineLimit: 2 } }, accountLines('carrier')), [
      busy,
      'its account carrier is full: 2 of 2 lines in use',
      null,
    ]);
    assert.deepEqual(told({}, broke('carrier')), [
      'Clearing account insufficient',
      'its account carrier cannot pay for the first step',
      null,
    ]);
  });

  it('was not refused where its CDR has attempts', () => {
    const recorded = { attempted: ['out'], calleeBilling: '44123' };
    const poor = (): Partial<RoutePorts['readings']> => ({
      available: () => 0n,
      linesUsed: () => 1000,
    });
    const changes = { acme: { lineLimit: 1 }, carrier: { lineLimit: 1 } };
    assert.notEqual(ask(changes, poor).endReason, null);
    const { endReason, winner } = ask(changes, poor, { recorded });
    assert.deepEqual([endReason, winner], [null, 'out']);
  });
});
