// Which gateways may take a call, in which order, and how a hunt walks over them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { type Candidate, candidatesMax } from '../../core/routing/gateway-ranking.ts';
import { candidateTried, nextCandidate, startHunt } from '../../core/routing/hunt.ts';
import { candidatesOf } from '../doubles/route-question.ts';
import { snapshotOf } from '../doubles/snapshot-of.ts';

function gateway(name: string, prefixes: string[], fields: object = {}): object {
  return { name, address: '192.0.2.1', prefixes, ...fields };
}

function routes(...routingGateways: object[]): Snapshot {
  return snapshotOf({ routingGateways });
}

function namesOf(candidates: readonly Candidate[]): string[] {
  return candidates.map((candidate) => candidate.gateway.name);
}

/** The gateways tried when each attempt fails; those in `full` are skipped, not tried. */
function huntThrough(candidates: readonly Candidate[], full: readonly string[] = []): string[] {
  const hunt = startHunt({ normal: candidates, protect: [], cut: false });
  const tried: string[] = [];
  for (let next = nextCandidate(hunt); next !== undefined; next = nextCandidate(hunt)) {
    if (full.includes(next.gateway.name)) continue;
    candidateTried(hunt, next);
    tried.push(next.gateway.name);
  }
  return tried;
}

describe('candidate gateways', () => {
  it('come by longest prefix, then priority, then name', () => {
    const snapshot = routes(
      gateway('default', [''], { priority: 0 }),
      gateway('b', ['44'], { priority: 2 }),
      gateway('a', ['44'], { priority: 2 }),
      gateway('c', ['44'], { priority: 1 }),
      gateway('london', ['4420'], { priority: 9 }),
      gateway('us', ['1']),
    );
    const candidates = candidatesOf(snapshot, '442079460000');
    assert.deepEqual(namesOf(candidates), ['london', 'c', 'a', 'b', 'default']);
    assert.deepEqual(
      candidates.map(({ prefixLength }) => prefixLength),
      [4, 2, 2, 2, 0],
    );
    assert.deepEqual(namesOf(candidatesOf(snapshot, '33')), ['default']);
  });

  it('are none where no prefix matches', () => {
    assert.deepEqual(candidatesOf(routes(gateway('a', ['44'])), '33'), []);
    assert.deepEqual(candidatesOf(snapshotOf({}), '44'), []);
  });

  it('leave locked gateways out', () => {
    const snapshot = routes(
      gateway('locked', ['44'], { locked: true, priority: 0 }),
      gateway('open', ['44']),
      gateway('locked-too', [''], { locked: true }),
    );
    assert.deepEqual(namesOf(candidatesOf(snapshot, '44')), ['open']);
  });

  it('hold a gateway once, under its longest prefix', () => {
    const candidates = candidatesOf(
      routes(gateway('a', ['', '44', '442']), gateway('b', ['44'])),
      '442',
    );
    assert.deepEqual(namesOf(candidates), ['a', 'b']);
    assert.equal(candidates[0]?.prefixLength, 3);
  });

  it('are at most candidatesMax', () => {
    const many = Array.from({ length: candidatesMax + 8 }, (_, index) =>
      gateway(`g${String(index).padStart(3, '0')}`, ['44']),
    );
    const candidates = candidatesOf(routes(...many), '44');
    assert.equal(candidates.length, candidatesMax);
    assert.equal(candidates.at(-1)?.gateway.name, `g0${candidatesMax - 1}`);
  });

  it('carry what the wire needs: transport, address, port and tech prefix as bytes', () => {
    const snapshot = routes(
      gateway('tcp', ['1'], { address: 'tcp://[2001:DB8::1]:5070', calleePrefix: '#é' }),
      gateway('udp', ['1'], { address: 'UDP://192.0.2.9' }),
    );
    const [tcp, udp] = candidatesOf(snapshot, '1').map((candidate) => candidate.gateway);
    assert.deepEqual([tcp?.transport, tcp?.address, tcp?.port], [1, '2001:db8::1', 5070]);
    assert.equal(tcp?.calleePrefix, '#\u00c3\u00a9');
    assert.deepEqual([udp?.transport, udp?.address, udp?.port], [0, '192.0.2.9', 5060]);
  });

  it('are in the order of the comparator, for any gateways', () => {
    const prefix = fc.constantFrom('', '4', '44', '442', '4420', '1');
    const fields = fc.record({
      prefixes: fc.uniqueArray(prefix, { minLength: 1, maxLength: 3 }),
      priority: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 20 }), (list) => {
        const snapshot = routes(
          ...list.map(({ prefixes, priority }, index) =>
            gateway(`g${index}`, prefixes, { priority }),
          ),
        );
        const keys = candidatesOf(snapshot, '442079').map(({ gateway, prefixLength }) => ({
          prefixLength,
          priority: gateway.priority,
          name: gateway.name,
        }));
        const inOrder = keys.toSorted(
          (left, right) =>
            right.prefixLength - left.prefixLength ||
            left.priority - right.priority ||
            (left.name < right.name ? -1 : 1),
        );
        assert.deepEqual(keys, inOrder);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a hunt', () => {
  const prefixMode = 'terminate';
  /** The documented example: two gateways on the long prefix, two on shorter ones. */
  const example = (first: object): Snapshot =>
    routes(
      gateway('long-1', ['9008'], { priority: 1, ...first }),
      gateway('long-2', ['9008'], { priority: 2 }),
      gateway('short', ['900']),
      gateway('shortest', ['9'], { prefixMode }),
    );

  it('goes on to shorter prefixes while no terminate gateway was tried', () => {
    const candidates = candidatesOf(example({}), '90080001');
    assert.deepEqual(huntThrough(candidates), ['long-1', 'long-2', 'short', 'shortest']);
  });

  it('finishes the prefix length of a terminate gateway, and ends there', () => {
    const candidates = candidatesOf(example({ prefixMode }), '90080001');
    assert.deepEqual(huntThrough(candidates), ['long-1', 'long-2']);
  });

  it('is not ended by a terminate gateway that was skipped for want of a line', () => {
    const candidates = candidatesOf(example({ prefixMode }), '90080001');
    assert.deepEqual(huntThrough(candidates, ['long-1']), ['long-2', 'short', 'shortest']);
  });

  it('ends at the end of an empty list', () => {
    assert.equal(nextCandidate(startHunt({ normal: [], protect: [], cut: false })), undefined);
  });
});
