// The analysis task: gateways out of reach of the node's sockets are skipped, as calls skip them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Transport } from '../../core/sip/hop.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { analyzeRoute } from '../../workers/tasks/analyze-route.ts';

const udp4 = { transport: Transport.udp, address: '192.0.2.9', port: 5060 };
const tcp4 = { transport: Transport.tcp, address: '192.0.2.9', port: 5060 };

function arenaOf(routingGateways: object[]): SharedArrayBuffer {
  const parsed = parseDocument({
    mappingGateways: [{ name: 'in', addresses: ['192.0.2.1'] }],
    routingGateways,
  });
  assert.ok(parsed.ok);
  const slots = new Map(slotNames(parsed.document).map((name, index) => [name, index + 1]));
  const compiled = compileSnapshot(parsed.document, 1, slots);
  const arena = new SharedArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  return arena;
}

const memory = allocateSharedMemory({ workers: 1 });
const request = { gateway: 'in', callee: '4420' };
const stream = {
  name: 'stream',
  address: 'tcp://192.0.2.2',
  prefixes: ['4420'],
  prefixMode: 'terminate',
};
const plain = { name: 'plain', address: '192.0.2.3', prefixes: ['44'] };

test('a gateway out of reach is skipped with its reason, and ends no hunting', () => {
  const arena = arenaOf([stream, plain]);
  const explained = analyzeRoute({ arena, memory, request, listeners: [udp4] });
  assert.deepEqual(explained.order, ['plain']);
  assert.deepEqual(
    explained.candidates.map(({ gateway, skipped }) => [gateway, skipped]),
    [
      ['plain', undefined],
      ['stream', 'this node has no TCP listener on IPv4; it listens on udp://192.0.2.9:5060'],
    ],
  );
  assert.equal(explained.endReason, null);
  assert.equal(explained.steps.at(-1)!.result, 'sent to plain');
  const reached = analyzeRoute({ arena, memory, request, listeners: [udp4, tcp4] });
  assert.deepEqual(reached.order, ['stream']);
});

test('a call that only gateways out of reach could take ends as one whose gateways are all busy', () => {
  const explained = analyzeRoute({ arena: arenaOf([stream]), memory, request, listeners: [udp4] });
  assert.deepEqual(explained.order, []);
  assert.equal(explained.endReason, 'AllGatewayBusy');
  assert.equal(explained.sipCode, 503);
});
