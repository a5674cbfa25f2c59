// The shared texts of a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayHop, gatewayText } from '../../core/call/gateway-text.ts';
import { routingGatewayAt } from '../../core/configuration/open-snapshot.ts';
import type { RoutingGateway } from '../../core/configuration/snapshot.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function gateway(address: string, transport: 0 | 1): RoutingGateway {
  const host = address.includes(':') ? `[${address}]` : address;
  const scheme = transport === 1 ? 'tcp' : 'udp';
  const routingGateways = [{ name: 'out', address: `${scheme}://${host}:5070`, prefixes: [''] }];
  return routingGatewayAt(snapshotOf({ routingGateways }), 0);
}

test('host, port and transport as they stand in URIs and CDRs; IPv6 in brackets', () => {
  const { uriEnd, toEnd, address } = gatewayText(gateway('192.0.2.9', 0));
  assert.deepEqual([uriEnd, toEnd, address], ['@192.0.2.9:5070', '@192.0.2.9>', '192.0.2.9:5070']);
  const stream = gatewayText(gateway('2001:db8::9', 1));
  assert.equal(stream.uriEnd, '@[2001:db8::9]:5070;transport=tcp');
  assert.equal(stream.toEnd, '@[2001:db8::9]>');
  assert.equal(stream.address, '[2001:db8::9]:5070');
});

test('a gateway has one hop a listener, and two gateways share none', () => {
  const first = gateway('192.0.2.9', 0);
  const hop = gatewayHop(first, 2);
  assert.deepEqual(hop, {
    transport: 0,
    listener: 2,
    connection: 0,
    address: '192.0.2.9',
    port: 5070,
  });
  assert.equal(gatewayHop(first, 2), hop);
  assert.equal(gatewayHop(first, 0).listener, 0);
  assert.notEqual(gatewayHop(gateway('192.0.2.9', 0), 2), hop);
});
