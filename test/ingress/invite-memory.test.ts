// Which INVITE is taken for the repeat of one remembered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InviteMemory, inviteFingerprint } from '../../workers/ingress/invite-memory.ts';

const callIdHash = 0x9abcdef0;

function fingerprint(behindCallId: string, hash: number = callIdHash): number {
  const bytes = Buffer.from(`Call-ID: a@x${behindCallId}`, 'latin1');
  return inviteFingerprint(bytes, bytes.length, { start: 9, end: 12 }, hash);
}

test('the fingerprint tells Call-IDs and the CSeq behind them apart', () => {
  const first = fingerprint('\r\nCSeq: 1 INVITE\r\n\r\n');
  assert.equal(fingerprint('\r\nCSeq: 1 INVITE\r\n\r\n'), first);
  assert.notEqual(fingerprint('\r\nCSeq: 2 INVITE\r\n\r\n'), first);
  assert.notEqual(fingerprint('\r\nCSeq: 1 INVITE\r\n\r\n', callIdHash + 1), first);
  const last = fingerprint('\r\nCSeq: 4294967294 INVITE\r\n');
  assert.notEqual(fingerprint('\r\nCSeq: 4294967295 INVITE\r\n'), last);
});

test('only the message is read, not what else is in the buffer', () => {
  const bytes = Buffer.from('i: a\r\nCSeq: 1', 'latin1');
  const span = { start: 3, end: 4 };
  const first = inviteFingerprint(bytes, 9, span, callIdHash);
  bytes.fill(0, 9);
  assert.equal(inviteFingerprint(bytes, 9, span, callIdHash), first);
  assert.equal(inviteFingerprint(bytes, 4, span, callIdHash), callIdHash | 0);
});

test('different hashes of Call-IDs never agree when the same octets follow', () => {
  const seen = new Set<number>();
  for (let hash = 0; hash < 20_000; hash++)
    seen.add(fingerprint('\r\nCSeq: 1 INVITE', hash * 7919));
  assert.equal(seen.size, 20_000);
});

test('an entry is replaced by the next of its index', () => {
  const memory = new InviteMemory(32);
  const [first, next] = [0x0005_1234, 0x7ffd_1234];
  memory.remember(first, 40_000);
  assert.ok(memory.has(first, 40_000));
  assert.ok(!memory.has(next, 40_000));
  memory.remember(next, 40_000);
  assert.ok(memory.has(next, 40_000));
  assert.ok(!memory.has(first, 40_000));
});

test('a repeat is one for 32 seconds, also where the seconds start anew', () => {
  const wrapMs = 2 ** 18 * 1000;
  for (const startMs of [0, 999, 40_000, wrapMs - 1, 2 ** 31 * 1000 - 1, 2 ** 40]) {
    const memory = new InviteMemory(32);
    memory.remember(-5, startMs);
    assert.ok(memory.has(-5, startMs), `at ${startMs}`);
    assert.ok(memory.has(-5, startMs + 32_000), `32 s after ${startMs}`);
    assert.ok(!memory.has(-5, startMs + 33_000), `33 s after ${startMs}`);
  }
});
