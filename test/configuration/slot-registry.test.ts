// Counter slots belong to names: kept over snapshots, given on only when nobody can still be counted there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createSlotRegistry,
  type SlotRegistry,
} from '../../workers/configuration/slot-registry.ts';

function settle(registry: SlotRegistry, names: string[]): ReadonlyMap<string, number> {
  const assignment = registry.assign(names);
  assert.ok(assignment !== undefined);
  registry.settle(assignment);
  return assignment;
}

describe('the slot registry', () => {
  it('gives each name a slot of its own, never that of the node', () => {
    const registry = createSlotRegistry(() => true);
    assert.deepEqual(
      [...settle(registry, ['a', 'b', 'c'])],
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
    );
  });

  it('keeps slots over snapshots, and gives a returning name its own back', () => {
    const registry = createSlotRegistry(() => false);
    settle(registry, ['a', 'b']);
    assert.deepEqual(
      [...settle(registry, ['b', 'c'])],
      [
        ['b', 2],
        ['c', 3],
      ],
    );
    assert.equal(settle(registry, ['a', 'c']).get('a'), 1);
  });

  it('gives the slot of a removed name on only when it is idle', () => {
    const busy = new Set([1, 2]);
    const registry = createSlotRegistry((slot) => !busy.has(slot));
    settle(registry, ['a', 'b']);
    settle(registry, ['x']);
    assert.equal(settle(registry, ['x', 'y']).get('y'), 4);
    busy.delete(2);
    assert.equal(settle(registry, ['x', 'y', 'z']).get('z'), 2);
    assert.equal(settle(registry, ['x', 'b']).get('b'), 5);
  });

  it('gives nothing on before the snapshot without the name runs everywhere', () => {
    const registry = createSlotRegistry(() => true);
    settle(registry, ['a']);
    assert.equal(registry.assign(['b'])?.get('b'), 2);
    assert.equal(
      registry.assign(['c'])?.get('c'),
      2,
      'a proposal that was not settled holds nothing',
    );
    settle(registry, ['c']);
    assert.equal(registry.assign(['c', 'd'])?.get('d'), 1);
  });

  it('says so when every slot is in use, and changes nothing', () => {
    const busy = new Set([1, 2]);
    const registry = createSlotRegistry((slot) => !busy.has(slot), 4);
    settle(registry, ['a', 'b']);
    settle(registry, ['c']);
    assert.equal(registry.assign(['c', 'd']), undefined);
    busy.delete(1);
    assert.deepEqual(
      [...settle(registry, ['c', 'd'])],
      [
        ['c', 3],
        ['d', 1],
      ],
    );
    assert.equal(registry.assign(['c', 'd', 'e']), undefined);
  });
});
