// A node that drains, as SIPp sees it on both sides.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import { assertPlayed, placeSippCalls, scenarioWith, startSippGateway } from '../peers/sipp.ts';
import { openNode, until } from './node-under-test.ts';

it('new calls hear 503 while a node drains, those that are up end as they want, and it ends with 0', async () => {
  const [heldPort, newPort] = (await freePorts(2)) as [number, number];
  const node = await openNode({ drainSeconds: 60 });
  try {
    const gateway = await startSippGateway(node.folder, 'gateway-answer');
    const customer = { name: 'customer', auth: 'ip', addresses: ['127.0.0.1'] };
    const carrier = { name: 'carrier', address: `127.0.0.1:${gateway.port}`, prefixes: ['8'] };
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [customer],
      routingGateways: [carrier],
    });
    const calls = { service: '8', rate: 20, targetPort: node.port };
    const held = placeSippCalls(node.folder, {
      ...calls,
      scenario: 'caller-hold',
      port: heldPort,
      calls: 4,
      holdMs: 5_000,
    });
    await until(async () => (await node.status()).callsAnsweredUp === 4, 'four calls are up');
    const stopped = node.stop();
    await until(async () => (await node.status()).state === 'draining', 'the node drains');
    const refused = await placeSippCalls(node.folder, {
      ...calls,
      scenario: scenarioWith(node.folder, 'caller-refused', { STATUS: 503 }),
      port: newPort,
      calls: 5,
    });
    assertPlayed(refused, 5);
    assertPlayed(await held, 4);
    assert.equal(await stopped, 0);
    assertPlayed(await gateway.stop(), 4);
    await node.start();
    const ends = (await node.cdrs()).map(({ endReason, endedBy }) => `${endReason}, ${endedBy}`);
    assert.deepEqual(ends, Array(4).fill('Normal release, caller'));
  } finally {
    await node.close();
  }
});
