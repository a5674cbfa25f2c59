// Many calls whose 180 and 200 follow each other without a pause (short form and soak).
import assert from 'node:assert/strict';
import { freePorts } from '../../bench/peers/free-port.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import { openNode } from './node-under-test.ts';

export interface OrderRun {
  readonly calls: number;
  readonly rate: number;
  readonly callWorkers: number;
}

export async function checkOrder({ calls, rate, callWorkers }: OrderRun): Promise<void> {
  const node = await openNode({ callWorkers });
  try {
    const [callerPort, gatewayPort] = await freePorts(2);
    await node.apply({
      parameters: { SS_MAXCPS: 0 },
      mappingGateways: [{ name: 'customer', auth: 'ip', addresses: [`127.0.0.1:${callerPort}`] }],
      routingGateways: [{ name: 'carrier', address: `127.0.0.1:${gatewayPort}`, prefixes: ['44'] }],
    });
    const gateway = await startSippGateway(node.folder, 'gateway-at-once', { port: gatewayPort! });
    const placed = await placeSippCalls(node.folder, {
      scenario: 'caller-answer',
      port: callerPort!,
      targetPort: node.port,
      service: '44',
      rate,
      calls,
      patienceMs: (calls / rate) * 1000 + 60_000,
    });
    const taken = await gateway.stop();
    assertPlayed(placed, calls);
    assertPlayed(taken, calls);
    await node.quiet();
    const cdrs = await node.cdrs();
    assert.equal(cdrs.length, calls);
    assert.equal(new Set(cdrs.map(({ callId }) => callId)).size, calls);
    assert.ok(cdrs.every(({ endReason }) => endReason === 'Normal release'));
  } finally {
    await node.close();
  }
}
