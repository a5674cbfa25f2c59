// Compiling and opening a snapshot: what goes in comes out, wherever in the arena it lies.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { defaultParameters } from '../../core/configuration/model.ts';
import {
  allMappingGateways,
  allRoutingGateways,
  mappingGatewayByName,
  openSnapshot,
  routingGatewayByName,
} from '../../core/configuration/open-snapshot.ts';
import type { RouteExplanation } from '../../core/routing/route-explanation.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import type { AnalyzeTask } from '../../workers/tasks/analyze-route.ts';
import {
  type CompileAnswer,
  type CompileRequest,
  compileConfiguration,
} from '../../workers/tasks/compile-configuration.ts';
import { candidatesOf, plainMapping } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

const source = {
  parameters: { SS_MAXCPS: 7, SS_SIP_RESEND_INTERVAL: [0.5, 1] },
  accounts: [{ name: 'käufer "x"', kind: 'customer' }],
  mappingGateways: [
    { name: 'zwei', addresses: ['192.0.2.2'], lineLimit: 9, cpsLimit: 3, trusted: true },
    { name: 'één\u2028x', addresses: ['192.0.2.1'], account: 'käufer "x"' },
  ],
  routingGateways: [
    { name: 'locked', address: '192.0.2.1', prefixes: ['1'], locked: true, priority: 1 },
    { name: 'b', address: '192.0.2.1', prefixes: ['1'], stopCodes: [404], priority: 1 },
    { name: 'a', address: '192.0.2.1', prefixes: ['1'], switchUntilConnect: true, priority: 1 },
  ],
};

describe('a compiled snapshot', () => {
  it('gives back parameters with their defaults, and gateways with their slots', () => {
    const snapshot = snapshotOf(source, 42);
    assert.equal(snapshot.version, 42);
    assert.deepEqual(snapshot.parameters, {
      ...defaultParameters,
      SS_MAXCPS: 7,
      SS_SIP_RESEND_INTERVAL: [0.5, 1],
    });
    assert.deepEqual(allMappingGateways(snapshot), [
      {
        ...plainMapping,
        name: 'zwei',
        slot: 1,
        account: null,
        accountRow: -1,
        lineLimit: 9,
        cpsLimit: 3,
        trusted: true,
        maxCallSeconds: -1,
        locked: false,
        techPrefix: '',
        callLevel: 5,
        numbers: null,
      },
      {
        ...plainMapping,
        name: 'één\u2028x',
        slot: 2,
        account: 'käufer "x"',
        accountRow: 0,
        lineLimit: 0,
        cpsLimit: 0,
        trusted: false,
        maxCallSeconds: -1,
        locked: false,
        techPrefix: '',
        callLevel: 5,
        numbers: null,
      },
    ]);
    const names = allRoutingGateways(snapshot).map((gateway) => [gateway.name, gateway.slot]);
    assert.deepEqual(names, [
      ['a', 5],
      ['b', 4],
      ['locked', 3],
    ]);
    assert.equal(mappingGatewayByName(snapshot, 'één\u2028x')?.slot, 2);
    assert.equal(routingGatewayByName(snapshot, 'locked')?.locked, true);
    assert.equal(routingGatewayByName(snapshot, 'zwei'), undefined);
    assert.deepEqual(routingGatewayByName(snapshot, 'b')?.stopCodes, [404]);
  });

  it('may lie anywhere in an arena, and be written over', () => {
    const parsed = parseDocument(source);
    assert.ok(parsed.ok);
    const slots = new Map(slotNames(parsed.document).map((name, index) => [name, index + 1]));
    const compiled = compileSnapshot(parsed.document, 1, slots);
    const arena = new SharedArrayBuffer(compiled.bytesNeeded * 2 + 8);
    new Uint8Array(arena).fill(0xff);
    for (const offset of [0, 8, compiled.bytesNeeded + 8]) {
      compiled.writeInto(arena, offset);
      const snapshot = openSnapshot(arena, offset);
      assert.equal(candidatesOf(snapshot, '123').length, 2);
    }
    assert.throws(() => compiled.writeInto(new ArrayBuffer(compiled.bytesNeeded - 1)), RangeError);
    assert.throws(() => openSnapshot(new ArrayBuffer(1024)), /no compiled snapshot/);
  });

  it('is refused for a gateway without a slot', () => {
    const parsed = parseDocument(source);
    assert.ok(parsed.ok);
    assert.throws(() => compileSnapshot(parsed.document, 1, new Map()), /no counter slot/);
  });

  it('gives every gateway of a kind one shape', () => {
    const [left, right] = allRoutingGateways(snapshotOf(source));
    assert.deepEqual(Object.keys(left!), Object.keys(right!));
  });
});

describe('the compile task', () => {
  it('compiles a stored version into the arena, and takes a larger one when it must', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tandem-compile-'));
    const store = await openConfigurationStore(dataDir);
    const versions = new ConfigurationVersions(store);
    const staged = versions.apply(source);
    assert.ok(staged.kind === 'staged');
    const { version } = staged;
    const slots = new Map(versions.slotNames(version)!.map((name, index) => [name, index + 1]));
    const request = { dataDir, version, slots, behindCalls: false };
    const first = await compileConfiguration({ ...request, arena: null });
    assert.equal(openSnapshot(first.arena).version, version);
    const again = await compileConfiguration({ ...request, arena: first.arena });
    assert.equal(again.arena, first.arena);
    const small = new SharedArrayBuffer(1024);
    const larger = await compileConfiguration({ ...request, arena: small });
    assert.notEqual(larger.arena, small);
    assert.ok(larger.arena.byteLength >= larger.bytesUsed);
    const empty = await compileConfiguration({ ...request, version: 0, arena: null });
    assert.deepEqual(candidatesOf(openSnapshot(empty.arena), '1'), []);
    await assert.rejects(
      compileConfiguration({ ...request, version: 99, arena: null }),
      /version 99 is not kept/,
    );
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('runs on the task pool: arenas cross threads without being copied', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tandem-compile-'));
    const store = await openConfigurationStore(dataDir);
    const versions = new ConfigurationVersions(store);
    const staged = versions.apply(source);
    assert.ok(staged.kind === 'staged');
    const { version } = staged;
    const slots = new Map(versions.slotNames(version)!.map((name, index) => [name, index + 1]));
    const filename = (task: string): string =>
      fileURLToPath(new URL(`../../workers/tasks/${task}.js`, import.meta.url));
    const pool = new Piscina({ maxThreads: 1 });
    const arena = new SharedArrayBuffer(1 << 20);
    const answer = (await pool.run(
      { dataDir, version, slots, arena, behindCalls: true } satisfies CompileRequest,
      {
        filename: filename('compile-configuration'),
        name: 'compileConfiguration',
      },
    )) as CompileAnswer;
    assert.equal(openSnapshot(arena).version, version);
    assert.equal(openSnapshot(answer.arena).version, version);
    const explanation = (await pool.run(
      {
        arena,
        memory: allocateSharedMemory({ workers: 1 }),
        request: { gateway: 'zwei', callee: '123' },
        listeners: [{ transport: 0, address: '192.0.2.9', port: 5060 }],
        node: 'edge-1',
      } satisfies AnalyzeTask,
      { filename: filename('analyze-route'), name: 'analyzeRoute' },
    )) as RouteExplanation;
    assert.deepEqual(explanation.order, ['a', 'b']);
    await pool.destroy();
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
});
