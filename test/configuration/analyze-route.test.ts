// The analysis task: gateways out of reach of the node's sockets are skipped, as calls skip them; what is in use is read from
// shared memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountLineSlot, acquireLine, linesUsed } from '../../core/admission/line-limits.ts';
import { Transport } from '../../core/sip/hop.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { isAccountSlotName, slotNames } from '../../workers/configuration/slot-registry.ts';
import {
  accountState,
  addToBalance,
  mainPurse,
  openBalances,
  purseOf,
} from '../../workers/memory/balance-block.ts';
import {
  allocateSharedMemory,
  lineLedger,
  workerLines,
} from '../../workers/memory/shared-memory.ts';
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
  const explained = analyzeRoute({ arena, memory, request, listeners: [udp4], node: 'edge-1' });
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
  const reached = analyzeRoute({ arena, memory, request, listeners: [udp4, tcp4], node: 'edge-1' });
  assert.deepEqual(reached.order, ['stream']);
});

test('a call that only gateways out of reach could take ends as one whose gateways are all busy', () => {
  const explained = analyzeRoute({
    arena: arenaOf([stream]),
    memory,
    request,
    listeners: [udp4],
    node: 'edge-1',
  });
  assert.deepEqual(explained.order, []);
  assert.equal(explained.endReason, 'AllGatewayBusy');
  assert.equal(explained.sipCode, 503);
});

test('money and lines of accounts are those of the node now, and stay as they are', () => {
  const parsed = parseDocument({
    rateTables: [{ name: 'retail', rates: [{ prefix: '', ratePerMinute: '0.06' }] }],
    accounts: [{ name: 'acme', kind: 'customer', rateTable: 'retail', lineLimit: 1 }],
    mappingGateways: [{ name: 'in', account: 'acme', addresses: ['192.0.2.1'] }],
    routingGateways: [plain],
  });
  assert.ok(parsed.ok);
  const arenaWith = (accountSlot: number): SharedArrayBuffer => {
    const names = slotNames(parsed.document);
    const slots = new Map(
      names.map((name, index) => [name, isAccountSlotName(name) ? accountSlot : index + 1]),
    );
    const compiled = compileSnapshot(parsed.document, 1, slots);
    const arena = new SharedArrayBuffer(compiled.bytesNeeded);
    compiled.writeInto(arena);
    return arena;
  };
  const slot = 7;
  const memory = allocateSharedMemory({ workers: 1 });
  const ledger = openBalances(memory);
  const ask = (accountSlot = slot): (string | null)[] => {
    const arena = arenaWith(accountSlot);
    const before = accountState(ledger, slot);
    const used = linesUsed(lineLedger(memory), accountLineSlot(slot));
    const { endReason, winner } = analyzeRoute({
      arena,
      memory,
      request,
      listeners: [udp4],
      node: 'edge-1',
    });
    assert.deepEqual(accountState(ledger, slot), before);
    assert.equal(linesUsed(lineLedger(memory), accountLineSlot(slot)), used);
    return [endReason, winner];
  };
  assert.deepEqual(ask(), ['Insufficient balance', null]);
  addToBalance(purseOf(ledger, mainPurse), slot, 100_000n);
  assert.deepEqual(ask(), [null, 'plain']);
  acquireLine(workerLines(memory, 0), accountLineSlot(slot), 0);
  assert.deepEqual(ask(), ['Connection limit exceeded', null]);
  // Of an account of an older version nothing is known.
  assert.deepEqual(ask(0), [null, 'plain']);
});

test('a source leads to its gateway, and what is none is refused by name', () => {
  const arena = arenaOf([plain]);
  const ask = (fields: object) =>
    analyzeRoute({
      arena,
      memory,
      request: { callee: '4420', ...fields },
      listeners: [udp4],
      node: 'edge-1',
    });
  assert.equal(ask({ source: '192.0.2.1:5060' }).mappingGateway, 'in');
  assert.throws(() => ask({ source: 'acme' }), /source: "acme": expected an address/);
  assert.throws(() => ask({ gateway: 'nobody' }), /gateway: "nobody"/);
});

test('a number is as long as a call may have it, and no longer', () => {
  const arena = arenaOf([plain]);
  const ask = (digits: number): string | null => {
    const callee = '44'.padEnd(digits, '7');
    const asked = { arena, memory, request: { ...request, callee }, node: 'edge-1' };
    return analyzeRoute({ ...asked, listeners: [udp4] }).winner;
  };
  assert.equal(ask(255), 'plain');
  assert.throws(() => ask(256), /^Error: callee: 256 characters: expected a number of 1 to 255$/);
});
