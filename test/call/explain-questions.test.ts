// What routing analysis can be asked: the call of a source address, of a gateway by its name, of a CDR.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRoute, type RoutePorts } from '../../core/call/explain-route.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { idleReadings } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const ports: RoutePorts = {
  at: Date.UTC(2026, 0, 1),
  readings: idleReadings,
  node: 'edge-1',
  unreachable: () => undefined,
};

describe('how the mapping gateway is found', () => {
  const shared = ['192.0.2.1', '192.0.2.5:5070'];
  const of = snapshotOf({
    mappingGateways: [
      { name: 'long', addresses: shared, techPrefix: '99', priority: 1 },
      { name: 'short', addresses: shared, techPrefix: '9', priority: 1 },
      { name: 'late', addresses: shared, techPrefix: '9', priority: 2 },
      { name: 'port', addresses: ['192.0.2.1:5090'] },
      { name: 'six', addresses: ['[2001:db8::1]:5060'] },
    ],
    routingGateways: [{ name: 'out', address: '192.0.2.9', prefixes: [''] }],
  });
  const ask = (request: object): RouteExplanation =>
    explainRoute(of, { callee: '9944', ...request }, ports)!;
  const how = (request: object): unknown[] => {
    const { mappingGateway, steps, endReason } = ask(request);
    return [mappingGateway, steps[0]!.result, endReason];
  };

  it('is told by the source: address and port, address, tech prefix', () => {
    assert.deepEqual(how({ source: '192.0.2.1:5090' }), [
      'port',
      'port, by address and port 192.0.2.1:5090',
      null,
    ]);
    assert.deepEqual(how({ source: '192.0.2.1:5060' }), [
      'long',
      'long, by address 192.0.2.1, any port, tech prefix "99", which is longer than of short (tech prefix "9")',
      null,
    ]);
    assert.deepEqual(how({ source: '192.0.2.5:5070', callee: '9144' }), [
      'short',
      'short, by address and port 192.0.2.5:5070, tech prefix "9"; the number does not begin as long (tech prefix "99")',
      null,
    ]);
    assert.equal(ask({ source: '192.0.2.1', callee: '9144' }).calleeRouted, '144');
    assert.deepEqual(how({ source: '[2001:0db8::1]:5060' }).slice(0, 1), ['six']);
  });

  it('is nobody where the address or the number is no one’s', () => {
    assert.deepEqual(how({ source: '198.51.100.1' }), [
      null,
      "198.51.100.1 is no gateway's",
      'Illegal call',
    ]);
    const stray = ask({ source: '192.0.2.1', callee: '44' });
    assert.deepEqual(
      [stray.mappingGateway, stray.endReason, stray.sipCode, stray.winner],
      [null, 'Illegal call', 403, null],
    );
    assert.match(stray.steps[0]!.result, /does not begin as long \(tech prefix "99"\), short/);
    assert.equal(explainRoute(of, { callee: '44', source: 'here' }, ports), undefined);
  });

  it('says of a gateway asked by name whose call such a number is where it sends from', () => {
    assert.deepEqual(how({ gateway: 'short' }), [
      'short',
      'short, by its name; from 192.0.2.1 it is one of long (tech prefix "99"), from 192.0.2.5:5070 it is one of long (tech prefix "99")',
      null,
    ]);
    assert.deepEqual(how({ gateway: 'long' })[1], 'long, by its name');
    assert.match(String(how({ gateway: 'late' })[1]), /no address leads to it/);
  });
});

describe('a recorded call', () => {
  const of = snapshotOf({
    accounts: [{ name: 'acme', kind: 'customer', rateTable: 'retail' }],
    rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] }],
    mappingGateways: [
      {
        name: 'in',
        addresses: ['192.0.2.1'],
        account: 'acme',
        calleeDialPlan: '44:441;442;443',
        proportionalPrefixes: [
          { prefix: '7', proportion: 1 },
          { prefix: '8', proportion: 50 },
          { prefix: '9', proportion: 1 },
        ],
      },
    ],
    routingGateways: [
      { name: 'first', address: '192.0.2.9', prefixes: [''], priority: 1, stopCodes: [408] },
      { name: 'second', address: '192.0.2.9', prefixes: [''], priority: 2 },
    ],
  });
  const ask = (request: object): RouteExplanation =>
    explainRoute(of, { gateway: 'in', callee: '4420', ...request }, ports)!;

  it('fails by silence where its gateway was silent: stop codes are of answers', () => {
    assert.equal(ask({ fail: { first: 0 } }).winner, 'second');
    const stopped = ask({ fail: { first: 408 } });
    assert.deepEqual([stopped.winner, stopped.order], [null, ['first']]);
  });

  it('has the draws that its rated number shows', () => {
    for (const calleeBilling of ['744120', '844220', '944320']) {
      const recorded = { attempted: ['first'], calleeBilling };
      assert.equal(ask({ recorded }).calleeRouted, calleeBilling);
    }
    const impossible = { attempted: ['first'], calleeBilling: '33' };
    assert.equal(ask({ recorded: impossible }).calleeRouted, ask({}).calleeRouted);
  });

  it('had the gateways that it was sent to, whatever they have now', () => {
    const readings = { ...idleReadings, closedSeconds: () => 9 };
    const later = { ...ports, readings };
    const recorded = { attempted: ['second'], calleeBilling: null };
    const request = { gateway: 'in', callee: '4420', recorded };
    assert.deepEqual(explainRoute(of, request, later)!.order, ['second']);
  });
});
