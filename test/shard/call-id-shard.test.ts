import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MessageBytes } from '../../core/bytes/latin1.ts';
import { mintCallId, shardOfCallId, workersMax } from '../../core/shard/call-id-shard.ts';
import { octets } from '../sip/message-text.ts';

const scratch = Buffer.alloc(64) as Buffer & MessageBytes;

const key = Uint32Array.of(0x1badb002, 0xcafef00d);
const random32 = (): number => Math.floor(Math.random() * 2 ** 32);

function shardOf(callId: string, workers: number, withKey: Uint32Array = key): number {
  const bytes = octets(`..${callId}..`);
  return shardOfCallId(bytes, { start: 2, end: 2 + callId.length }, withKey, workers);
}

test('a minted Call-ID is printable, has no host and lands on its worker', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: workersMax }), fc.nat(), (workers, choice) => {
      const worker = choice % workers;
      const callId = mintCallId(worker, random32, key, scratch);
      assert.match(callId, /^[0-9a-f]{34}$/);
      assert.equal(shardOf(callId, workers), worker);
    }),
  );
});

test('any octets give a worker in range, the same each time', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.stringMatching(/^[0-9a-f]{34}$/)),
      fc.integer({ min: 1, max: workersMax }),
      (callId, workers) => {
        const shard = shardOf(callId, workers);
        assert.ok(Number.isInteger(shard) && shard >= 0 && shard < workers);
        assert.equal(shardOf(callId, workers), shard);
      },
    ),
  );
});

test('a forged check, another worker or another key does not choose the worker', () => {
  const workers = 16;
  let chosen = 0;
  let tries = 0;
  for (let worker = 0; worker < workers; worker++) {
    for (let round = 0; round < 50; round++) {
      const minted = mintCallId(worker, random32, key, scratch);
      const wanted = (worker + 1) % workers;
      const forged = `0${wanted.toString(16)}${minted.slice(2)}`;
      const otherKey = Uint32Array.of(1, 2);
      for (const [callId, withKey, aim] of [
        [forged, key, wanted],
        [minted, otherKey, worker],
        [minted.toUpperCase().replace(/^../, minted.slice(0, 2)), key, worker],
        [`${minted.slice(0, 33)}${minted[33] === '0' ? '1' : '0'}`, key, worker],
      ] as const) {
        if (callId === minted && withKey === key) continue;
        tries++;
        if (shardOf(callId, workers, withKey) === aim) chosen++;
      }
    }
  }
  // By chance one in 16 lands there; all would if the check were not looked at.
  assert.ok(chosen < tries / 8, `${chosen} of ${tries}`);
});

test('a worker that does not exist any more is hashed', () => {
  for (let worker = 4; worker < workersMax; worker++) {
    assert.ok(shardOf(mintCallId(worker, random32, key, scratch), 4) < 4);
  }
});

test('foreign Call-IDs spread evenly', () => {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < 8000; i++) counts[shardOf(`${i}@customer.example`, 8)]!++;
  for (const count of counts) assert.ok(count > 800 && count < 1200, counts.join(' '));
});
