import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { type CdrQuery, queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import type { StoredCdr } from '../../workers/ledger/ledger-store.ts';
import { openLog, segmentFiles } from './log-under-test.ts';
import { failedCdr, sampleAnswer, sampleCdr, temporaryDirectory } from './sample-records.ts';

const baseMs = Date.now() - 60_000;

async function query(directory: string, rest: Partial<CdrQuery> = {}): Promise<StoredCdr[]> {
  const cdrs: StoredCdr[] = [];
  for await (const cdr of queryCdrs({ directory, ...rest })) cdrs.push(cdr);
  return cdrs;
}

function ended(id: string, endedAt: number, changes: Partial<Cdr> = {}): Cdr {
  return sampleCdr(id, { startedAt: baseMs, answeredAt: baseMs, endedAt, ...changes });
}

test('CDRs of all workers and incarnations come oldest first', async () => {
  const directory = temporaryDirectory();
  const expected: string[] = [];
  const logs = [0, 1, 2].map((worker) =>
    openLog(directory, { worker, nowWallMs: baseMs, rotateBytes: 20_000 }),
  );
  for (let step = 0; step < 900; step++) {
    const log = logs[(step * 7) % 3]!;
    log.recordEnd(ended(`c${step}`, baseMs + step));
    log.flush();
    expected.push(`c${step}`);
  }
  for (const log of logs) log.close(baseMs + 1_000);
  const second = openLog(directory, { worker: 1, nowWallMs: baseMs + 1_000 });
  second.recordEnd(failedCdr('c900', baseMs + 1_000));
  second.flush();
  expected.push('c900');
  assert.ok(segmentFiles(directory).length > 9);
  assert.deepEqual(
    (await query(directory)).map((cdr) => cdr.id),
    expected,
  );
  second.close(baseMs + 2_000);
});

test('since is included, until is not', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs });
  for (let step = 0; step < 10; step++) log.recordEnd(ended(`c${step}`, baseMs + step));
  log.flush();
  const found = await query(directory, { since: baseMs + 3, until: baseMs + 6 });
  assert.deepEqual(
    found.map((cdr) => cdr.id),
    ['c3', 'c4', 'c5'],
  );
  assert.equal((await query(directory, { limit: 4 })).length, 4);
  log.close(baseMs);
});

test('texts that are too long for a row are cut before there is one', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs });
  log.recordEnd(ended('a', baseMs, { callId: 'c'.repeat(3000), calleeAccess: '7'.repeat(300) }));
  log.flush();
  const [cdr] = await query(directory);
  assert.deepEqual(
    [cdr!.callId, cdr!.calleeAccess],
    [`${'c'.repeat(1021)}\xe2\x80\xa6`, `${'7'.repeat(252)}\xe2\x80\xa6`],
  );
  assert.deepEqual(await query(directory, { callId: `${'c'.repeat(1021)}\u2026` }), [cdr]);
  log.close(baseMs);
});

test('filters by account, gateway and Call-ID', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs });
  const attempt = { callId: 'b2', sipCode: 503, endReason: 'x', startedAt: baseMs, tookMs: 5 };
  log.recordEnd(ended('a', baseMs, { account: 'acme', clearingAccount: 'carrier-a' }));
  log.recordEnd(ended('b', baseMs, { account: 'other', clearingAccount: 'carrier-b' }));
  log.recordEnd(
    ended('c', baseMs, {
      mappingGateway: 'other-in',
      routingGateway: 'carrier-b',
      attempts: [{ ...attempt, gateway: 'carrier-c' }],
      callId: Buffer.from('ü@x', 'utf8').toString('latin1'),
    }),
  );
  log.flush();
  const found = async (rest: Partial<CdrQuery>): Promise<string> =>
    (await query(directory, rest)).map((cdr) => cdr.id).join('');
  assert.equal(await found({ account: 'acme' }), 'ac');
  assert.equal(await found({ account: 'carrier-b' }), 'b');
  assert.equal(await found({ gateway: 'other-in' }), 'c');
  assert.equal(await found({ gateway: 'carrier-b' }), 'c');
  assert.equal(await found({ gateway: 'carrier-c' }), 'c');
  assert.equal(await found({ gateway: 'carrier-a' }), 'ab');
  assert.equal(await found({ callId: 'ü@x' }), 'c');
  assert.equal(await found({ callId: 'b2' }), 'c');
  assert.equal(await found({ callId: 'b-a' }), 'a');
  assert.equal(await found({ callId: 'none' }), '');
  log.close(baseMs);
});

test('reads while a worker writes: no CDR twice, none missing, torn tail is the end for now', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs, rotateBytes: 50_000 });
  let written = 0;
  const write = (count: number): void => {
    for (let index = 0; index < count; index++) {
      log.recordEnd(ended(`c${written}`, baseMs + written));
      written++;
    }
    log.flush();
  };
  write(600);
  const writtenBefore = written;
  const seen: string[] = [];
  for await (const cdr of queryCdrs({ directory })) {
    seen.push(cdr.id);
    if (seen.length % 10 === 0 && written < 1_200) write(7);
  }
  assert.ok(seen.length >= writtenBefore);
  assert.deepEqual(
    seen,
    seen.map((_, index) => `c${index}`),
  );
  assert.equal((await query(directory)).length, written);
  log.close(baseMs + 5_000);
});

test('every CDR has the identity of its frame', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs, rotateBytes: 20_000 });
  for (let step = 0; step < 200; step++) {
    log.recordEnd(ended(`c${step}`, baseMs + step));
    log.flush();
  }
  log.close(baseMs);
  const cdrs = await query(directory);
  const identities = new Set(cdrs.map((cdr) => JSON.stringify(cdr.logId)));
  assert.equal(identities.size, 200);
  assert.equal(cdrs[0]!.logId.set, log.set.id);
  assert.match(cdrs[0]!.logId.file, /^w0-\d+-0\.log$/);
  assert.ok(new Set(cdrs.map((cdr) => cdr.logId.file)).size > 1);
});

test('recovered calls stand where they ended', async () => {
  const directory = temporaryDirectory();
  const dead = openLog(directory, { nowWallMs: baseMs });
  dead.recordAnswer(sampleAnswer('up', baseMs + 10));
  dead.flush();
  const log = openLog(directory, { worker: 1, nowWallMs: baseMs });
  log.recordEnd(ended('before', baseMs + 5));
  log.recordEnd(ended('after', baseMs + 20));
  log.close(baseMs + 30);
  recoverCdrLog({ directory, node: 'edge-1', nowWallMs: baseMs + 40_000 });
  assert.deepEqual(
    (await query(directory)).map((cdr) => cdr.id),
    ['before', 'up', 'after'],
  );
});

test('a data directory without a log has no CDRs', async () => {
  assert.deepEqual(await query(temporaryDirectory()), []);
});

test('a reader that stops early closes what it opened', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs });
  for (let step = 0; step < 50; step++) log.recordEnd(ended(`c${step}`, baseMs + step));
  log.flush();
  const openFiles = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = openFiles();
  for (let round = 0; round < 20; round++) {
    for await (const _cdr of queryCdrs({ directory })) break;
  }
  assert.equal(openFiles(), before);
  log.close(baseMs);
});
