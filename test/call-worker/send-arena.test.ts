// A buffer that the kernel may still read is never written again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSendArena, type Slab, slabBytes, slabsMax } from '../../workers/call/send-arena.ts';

function take(slab: Slab, length: number): void {
  slab.used += length;
  slab.pending++;
}

test('a slab with a send outstanding is passed over', () => {
  const arena = createSendArena(() => {});
  const first = arena.slabFor(1000)!;
  take(first, slabBytes);
  const second = arena.slabFor(1000)!;
  assert.notEqual(second, first);
  take(second, slabBytes);
  assert.equal(arena.pending(), 2);
  first.onSent(null);
  const third = arena.slabFor(1000)!;
  assert.equal(third, first);
  assert.equal(third.used, 0);
});

test('errors are told, and free the slab all the same', () => {
  const errors: string[] = [];
  const arena = createSendArena((error) => errors.push(error.message));
  const slab = arena.slabFor(10)!;
  take(slab, 10);
  slab.onSent(new Error('EMSGSIZE'));
  assert.deepEqual(errors, ['EMSGSIZE']);
  assert.equal(arena.pending(), 0);
});

test('at its limit the arena refuses, and recovers', () => {
  const arena = createSendArena(() => {});
  const slabs: Slab[] = [];
  for (let i = 0; i < slabsMax; i++) {
    const slab = arena.slabFor(slabBytes)!;
    take(slab, slabBytes);
    slabs.push(slab);
  }
  assert.equal(arena.slabFor(1), undefined);
  slabs[5]!.onSent(null);
  assert.equal(arena.slabFor(1), slabs[5]);
});
