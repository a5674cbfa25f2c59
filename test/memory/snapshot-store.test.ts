import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateSharedMemory } from '../../workers/memory/shared-memory.ts';
import { adoptSnapshot, epochWords, SnapshotStore } from '../../workers/memory/snapshot-store.ts';

const waitMs = 60_000;
const soonMs = 5;
// A wait does not keep the event loop alive, and nothing else does here.
const keptAlive = setInterval(() => {}, waitMs);
test.after(() => clearInterval(keptAlive));

function open(workers: number) {
  const memory = allocateSharedMemory({ workers });
  return { store: new SnapshotStore(memory), epochs: epochWords(memory) };
}

async function publish(store: SnapshotStore, version: number, bytes = 100) {
  await store.begin(bytes, soonMs);
  return store.publish(version);
}

test('two arenas are used in turn, and no third is ever made', async () => {
  const { store, epochs } = open(2);
  const arenas = new Set<SharedArrayBuffer>();
  for (let version = 1; version <= 60; version++) {
    const ticket = await publish(store, version);
    assert.deepEqual([ticket.version, ticket.epoch], [version, version]);
    assert.equal(store.current, ticket);
    arenas.add(ticket.arena);
    if (version === 1) for (const worker of [0, 1]) store.assign(worker);
    for (const worker of [0, 1]) adoptSnapshot(epochs, worker, ticket.epoch);
  }
  assert.equal(arenas.size, 2);
});

test('a larger buffer takes the place of the idle arena, and stays in turn', async () => {
  const { store } = open(1);
  await publish(store, 1);
  const larger = new SharedArrayBuffer(3_000_000);
  assert.throws(() => store.replaceIdle(larger), /replaced without begin/);
  await store.begin(0, soonMs);
  store.replaceIdle(larger);
  assert.equal(store.publish(2).arena, larger);
  assert.notEqual((await publish(store, 3)).arena, larger);
  assert.equal((await publish(store, 4, larger.byteLength)).arena, larger);
});

test('an arena is not given out while a live worker reads it', async () => {
  const { store, epochs } = open(2);
  await publish(store, 1);
  store.assign(0);
  store.assign(1);
  const second = await publish(store, 2);
  adoptSnapshot(epochs, 0, second.epoch);
  assert.equal(store.isAdopted(), false);
  await assert.rejects(
    store.begin(100, soonMs),
    /snapshot: worker 1 still runs on the version before the current one after 5 ms/,
  );
  const third = store.begin(100, waitMs);
  setImmediate(() => adoptSnapshot(epochs, 1, second.epoch));
  assert.notEqual(await third, second.arena);
  assert.ok(store.isAdopted());
});

test('a dead worker holds no arena; its successor starts on the current version', async () => {
  const { store } = open(1);
  await publish(store, 1);
  store.assign(0);
  const second = await publish(store, 2);
  store.release(0);
  await store.begin(100, soonMs);
  assert.equal(store.assign(0), second);
  assert.ok(store.isAdopted());
});

test('a compile that fails leaves the current version, and the arena to the next try', async () => {
  const { store } = open(1);
  const first = await publish(store, 1);
  store.assign(0);
  const given = await store.begin(100, soonMs);
  assert.equal(store.current, first);
  assert.equal(await store.begin(100, soonMs), given);
  assert.equal(store.publish(2).arena, given);
});

test('an arena grows only when it is too small, and the published one stays as it is', async () => {
  const { store, epochs } = open(1);
  const first = await publish(store, 1, 10);
  store.assign(0);
  new Uint8Array(first.arena).fill(7);
  const second = await publish(store, 2, first.arena.byteLength + 1);
  assert.ok(second.arena.byteLength > first.arena.byteLength);
  assert.equal(new Uint8Array(first.arena)[0], 7);
  adoptSnapshot(epochs, 0, second.epoch);
  assert.equal(await store.begin(first.arena.byteLength, soonMs), first.arena);
});

test('a rollback publishes an old version under a new epoch', async () => {
  const { store, epochs } = open(1);
  const first = await publish(store, 1);
  store.assign(0);
  const second = await publish(store, 2);
  adoptSnapshot(epochs, 0, second.epoch);
  const again = await publish(store, 1);
  assert.equal(again.version, first.version);
  assert.notEqual(again.epoch, first.epoch);
  assert.equal(store.isAdopted(), false);
});

test('wrong use is refused', async () => {
  const { store } = open(1);
  assert.throws(() => store.publish(1), /snapshot version 1: published without begin/);
  assert.throws(() => store.assign(0), /a worker started before the first version/);
  await publish(store, 1);
  assert.throws(() => store.publish(2), /published without begin/);
  await publish(store, 2);
  assert.throws(() => store.publish(3), /snapshot version 3: published without begin/);
  await assert.rejects(store.begin(-1, soonMs), /snapshot bytes: -1; expected 0 to/);
});
