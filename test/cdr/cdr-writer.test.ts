// The CDR writer on an embedded ledger: exactly once whatever fails between two steps, and what is kept.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { currentLogSet } from '../../workers/cdr/log-set.ts';
import { queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway, type LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { openLog, segmentFiles } from './log-under-test.ts';
import {
  endOf,
  failedCdr,
  sampleAnswer,
  sampleCdr,
  sampleCharges,
  temporaryDirectory,
} from './sample-records.ts';
import { storedIds, writerOn } from './writer-under-test.ts';

const baseMs = Date.now() - 60_000;

async function ids(directory: string, ledger: LedgerStore): Promise<string[]> {
  const found: string[] = [];
  for await (const cdr of queryCdrs({ directory, ledger })) found.push(cdr.id);
  return found;
}

test('ships every worker, in batches, and a CDR is seen once at every moment', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const logs = [0, 1].map((worker) =>
    openLog(directory, { worker, nowWallMs: baseMs, rotateBytes: 20_000 }),
  );
  const writer = writerOn(directory, ledger, { SS_CDR_FILE_WRITE_MAX: 7 });
  const expected: string[] = [];
  for (let step = 0; step < 120; step++) {
    const log = logs[step % 2]!;
    const answer = sampleAnswer(`c${step}`, baseMs);
    log.recordAnswer(answer);
    log.recordEnd({ ...endOf(answer, baseMs + step), ...sampleCharges });
    log.flush();
    expected.push(`c${step}`);
    if (step % 5 === 0) await writer.step();
    if (step % 11 === 0) assert.deepEqual(await ids(directory, ledger), expected);
  }
  await writer.drain();
  assert.deepEqual(await storedIds(ledger), expected);
  assert.deepEqual(await ids(directory, ledger), expected);
  assert.deepEqual(writer.figures(baseMs).queue, { records: 0, bytes: 0, oldestMs: 0 });
  assert.equal(writer.figures(baseMs).storedRows, 120);
  // Ended since the writer looked.
  logs[1]!.recordEnd(failedCdr('late'));
  logs[1]!.flush();
  assert.equal(writer.figures(baseMs).queue.records, 1);
  await writer.drain();
  assert.equal(writer.figures(baseMs).queue.records, 0);
  assert.equal(await auditLedger(ledger), undefined);
  writer.close();
  for (const log of logs) log.close(baseMs);
  await ledger.close();
});

/** Fails at every second commit, half of them after the commit took place: the answer got lost. */
function unreliable(store: LedgerStore): LedgerStore {
  let commits = 0;
  return {
    ...store,
    commit: async (prepared) => {
      const turn = commits++ % 4;
      if (turn === 1) throw new LedgerAway('before');
      const result = await store.commit(prepared);
      if (turn === 3) throw new LedgerAway('after');
      return result;
    },
  };
}

test('a commit that failed, or whose answer got lost, is stored once', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  for (let step = 0; step < 100; step++) {
    log.recordEnd(sampleCdr(`c${step}`, { ...sampleCharges, endedAt: baseMs + step }));
  }
  log.flush();
  const writer = writerOn(directory, unreliable(ledger), { SS_CDR_FILE_WRITE_MAX: 3 });
  let away = 0;
  for (let turns = 0; turns < 200; turns++) {
    try {
      if ((await writer.step()) === 'idle') break;
    } catch (error) {
      assert.ok(error instanceof LedgerAway);
      away++;
      assert.equal(writer.figures(baseMs + 1000).state, 'away');
      assert.ok(writer.figures(baseMs + 1000).queue.oldestMs > 800);
    }
  }
  assert.ok(away > 10);
  assert.equal((await storedIds(ledger)).length, 100);
  assert.equal(new Set(await storedIds(ledger)).size, 100);
  assert.equal(await auditLedger(ledger), undefined);
  assert.deepEqual(writer.figures(baseMs).queue, { records: 0, bytes: 0, oldestMs: 0 });
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('batches of calls that have ended since the checkpoint was asked for are new', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  const said: (boolean | undefined)[] = [];
  const store: LedgerStore = {
    ...ledger,
    prepare: (batch) => {
      said.push(batch.isNew);
      return ledger.prepare(batch);
    },
  };
  const writer = writerOn(directory, store);
  const laterMs = Date.now() + 60_000;
  for (const ended of [[baseMs], [laterMs, laterMs + 1], [laterMs, baseMs]]) {
    for (const endedAt of ended) log.recordEnd(failedCdr(`c${said.length}-${endedAt}`, endedAt));
    log.flush();
    await writer.drain();
  }
  assert.deepEqual(said, [false, true, false]);
  assert.equal((await storedIds(ledger)).length, 5);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('the queue is told in records and bytes while the store is away', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  const away: LedgerStore = {
    ...ledger,
    commit: () => Promise.reject(new LedgerAway('gone')),
  };
  const writer = writerOn(directory, away, { SS_CDR_FILE_WRITE_MAX: 2 });
  for (let step = 0; step < 10; step++) {
    log.recordAnswer(sampleAnswer(`c${step}`, baseMs));
    log.recordEnd(failedCdr(`c${step}`, baseMs + step));
  }
  log.flush();
  await assert.rejects(writer.step(), LedgerAway);
  const { queue, state, reason } = writer.figures(baseMs + 5_000);
  assert.deepEqual([state, reason, queue.records, queue.oldestMs], ['away', 'gone', 10, 5_000]);
  assert.ok(queue.bytes > 10 * 100 && queue.bytes < log.bytes);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('goes on where an earlier process stopped, over a crash and its recovery', async () => {
  const directory = temporaryDirectory();
  const expected: string[] = [];
  for (let life = 0; life < 4; life++) {
    const nowWallMs = baseMs + life * 1000;
    recoverCdrLog({ directory, node: 'edge-1', nowWallMs });
    const ledger = await openEmbeddedLedger(directory);
    const writer = writerOn(directory, ledger, { SS_CDR_FILE_WRITE_MAX: 4 });
    const log = openLog(directory, { nowWallMs });
    log.recordAnswer(sampleAnswer(`up-${life}`, nowWallMs));
    for (let step = 0; step < 9; step++) {
      log.recordEnd(failedCdr(`${life}-${step}`, nowWallMs + step));
      expected.push(`${life}-${step}`);
    }
    log.flush();
    for (let steps = 0; steps <= life; steps++) await writer.step();
    writer.close();
    await ledger.close();
    // Nothing is closed in order: the next life recovers what was up.
    expected.push(`up-${life}`);
  }
  recoverCdrLog({ directory, node: 'edge-1', nowWallMs: baseMs + 9_000 });
  const ledger = await openEmbeddedLedger(directory);
  const writer = writerOn(directory, ledger);
  await writer.drain();
  assert.deepEqual((await storedIds(ledger)).sort(), expected.sort());
  writer.close();
  await ledger.close();
});

test('ships what is left of a log set that was put aside', async () => {
  const directory = temporaryDirectory();
  const old = openLog(directory, { nowWallMs: baseMs });
  old.recordEnd(failedCdr('old', baseMs));
  old.close(baseMs);
  fs.rmSync(path.join(directory, 'cdr', 'log-set'));
  const log = openLog(directory, { nowWallMs: baseMs + 1 });
  log.recordEnd(failedCdr('new', baseMs + 1));
  log.flush();
  const ledger = await openEmbeddedLedger(directory);
  const writer = writerOn(directory, ledger);
  await writer.drain();
  assert.deepEqual(await storedIds(ledger), ['old', 'new']);
  writer.close();
  log.close(baseMs + 1);
  await ledger.close();
});

test('parameters keep CDRs out of the tables, never out of the log or the books', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  log.recordEnd(failedCdr('zero', baseMs));
  log.recordEnd(sampleCdr('server', { ...sampleCharges, endedBy: 'server' }));
  log.recordEnd(sampleCdr('free', { calleeAccess: '800555' }));
  log.recordEnd(sampleCdr('kept', sampleCharges));
  log.flush();
  const writer = writerOn(directory, ledger, {
    SERVER_BILLING_RECORD_ZERO_HOLD_TIME: false,
    SERVER_BILLING_RECORD_SERVER_HANG_UP: false,
    SERVER_BILLING_NO_CDR_E164S: ['800*'],
  });
  await writer.drain();
  assert.deepEqual(await storedIds(ledger), ['kept']);
  assert.equal((await ledger.account('acme'))?.balance, -2n * 1_320_000n);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('segments stay until stored and until their calls have ended, then as long as the parameter says', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs, rotateBytes: 10_000 });
  const up = sampleAnswer('up', baseMs);
  log.recordAnswer(up);
  log.flush();
  const fill = (name: string): void => {
    for (let step = 0; step < 100; step++) {
      log.recordEnd(failedCdr(`${name}${step}`, baseMs + step));
      log.flush();
    }
    log.alive(baseMs + 100);
    log.flush();
  };
  fill('a');
  const writer = writerOn(directory, ledger);
  const later = Date.now() + 2 * 86_400_000;
  await writer.removeOld(later, 0);
  const before = segmentFiles(directory).length;
  assert.ok(before > 1);
  await writer.drain();
  await writer.removeOld(later, 0);
  assert.equal(
    segmentFiles(directory).length,
    before,
    'the answer of a call that is up is in the first',
  );
  log.recordEnd(endOf(up, baseMs + 1000));
  fill('b');
  await writer.drain();
  await writer.removeOld(Date.now(), 0);
  assert.ok(segmentFiles(directory).length > before, 'they are younger than a day');
  await writer.removeOld(later, 0);
  const left = segmentFiles(directory);
  assert.ok(left.length <= 2, left.join());
  fill('c');
  await writer.drain();
  assert.equal((await ids(directory, ledger)).length, 301);
  log.close(baseMs);
  await writer.drain();
  await writer.removeOld(later, 0);
  assert.deepEqual(segmentFiles(directory), []);
  await writer.drain();
  const places = (await ledger.checkpoint(currentLogSet(directory)!.id)).places;
  assert.deepEqual(places, {});
  assert.equal((await ids(directory, ledger)).length, 301);
  writer.close();
  await ledger.close();
});

test('a segment that was stored in part is not removed before it was read, however old', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  for (const worker of [0, 1]) {
    const log = openLog(directory, { worker, nowWallMs: baseMs });
    for (let step = 0; step < 10; step++) log.recordEnd(failedCdr(`${worker}-${step}`, baseMs));
    log.close(baseMs);
  }
  const first = writerOn(directory, ledger, { SS_CDR_FILE_WRITE_MAX: 5 });
  // Streams take turns, so both have a place in the checkpoint now, within their only segment.
  await first.step();
  await first.step();
  first.close();
  const second = writerOn(directory, ledger, { SS_CDR_FILE_WRITE_MAX: 2 });
  await second.step();
  await second.removeOld(Date.now() + 9 * 86_400_000, 0);
  await second.drain();
  assert.equal((await storedIds(ledger)).length, 20);
  second.close();
  await ledger.close();
});

test('days of the tables go when the parameter says so', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  const oldMs = Date.now() - 40 * 86_400_000;
  log.recordEnd(sampleCdr('old', { ...sampleCharges, startedAt: oldMs, endedAt: oldMs }));
  log.recordEnd(sampleCdr('new', { startedAt: baseMs, endedAt: baseMs }));
  log.flush();
  const writer = writerOn(directory, ledger, { SERVER_CDR_KEEP_DAYS: 30 });
  await writer.drain();
  await writer.removeOld(Date.now());
  assert.deepEqual(await storedIds(ledger), ['new']);
  assert.equal((await ledger.account('acme'))?.balance, -1_320_000n);
  assert.equal(await auditLedger(ledger), undefined);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('an end record that cannot be read is set aside, and holds up nothing', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  log.recordEnd(failedCdr('before', baseMs));
  log.recordEnd({ ...failedCdr('odd', baseMs), attempts: [] });
  log.recordEnd(failedCdr('nan', Number.NaN));
  log.recordEnd(failedCdr('after', baseMs + 1));
  log.flush();
  const writer = writerOn(directory, ledger);
  await writer.drain();
  assert.deepEqual(await storedIds(ledger), ['before', 'odd', 'after']);
  const [rejected] = await ledger.rejectedRows();
  assert.match(rejected!.reason, /endedAt/);
  assert.match(rejected!.raw, /"nan"/);
  assert.equal(writer.figures(baseMs).rejectedRecords, 1);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});
