import assert from 'node:assert/strict';
import test from 'node:test';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { FailingDisk } from '../cdr/failing-disk.ts';
import { endedIds, openLog, readFrames } from '../cdr/log-under-test.ts';
import {
  billedAnswer,
  endOf,
  failedCdr,
  sampleAnswer,
  sampleWallMs,
  temporaryDirectory,
} from '../cdr/sample-records.ts';
import { assertBooks } from './audited-ledger.ts';

test('a full disk refuses new calls and still takes the end of every call that is up', async () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  const up = Array.from({ length: 3_000 }, (_, index) => billedAnswer(`up${index}`));
  for (const answer of up) {
    log.recordAnswer(answer);
    assert.equal(log.flush(), true);
  }
  files.freeBytes = 0;
  // New calls eat what is kept beyond the ends, then are refused.
  const late: ReturnType<typeof billedAnswer>[] = [];
  while (log.accepts) {
    const answer = billedAnswer(`late${late.length}`);
    late.push(answer);
    log.recordAnswer(answer);
    assert.equal(log.flush(), true);
  }
  assert.match(log.failure, /ENOSPC/);
  assert.ok(log.errors > 0);
  for (const answer of [...up, ...late]) {
    log.recordEnd(endOf(answer, sampleWallMs + 60_000));
    assert.equal(log.flush(), true, answer.cdr.id);
  }
  assert.equal(endedIds(directory).length, up.length + late.length);
  assert.equal(log.openCalls, 0);
  await assertBooks(directory, up.length + late.length);
});

test('accepts again by itself when there is room again', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  files.freeBytes = 0;
  for (let index = 0; log.accepts; index++) {
    log.recordAnswer(sampleAnswer(`c${index}`));
    log.flush();
  }
  log.tick(1_000, sampleWallMs + 1_000);
  assert.equal(log.accepts, false);
  files.freeBytes = 10_000_000;
  log.tick(2_000, sampleWallMs + 2_000);
  assert.equal(log.accepts, true);
  assert.equal(log.failure, '');
});

test('accepts again when enough calls have ended', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  const answers = Array.from({ length: 200 }, (_, index) => sampleAnswer(`c${index}`));
  for (const answer of answers) log.recordAnswer(answer);
  log.flush();
  files.freeBytes = 0;
  log.tick(1_000, sampleWallMs, 200 + 400);
  assert.equal(log.accepts, false);
  log.tick(2_000, sampleWallMs, 200);
  assert.equal(log.accepts, true);
});

test('once the reserve is used up frames wait, none is lost, none doubled', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  files.freeBytes = 0;
  let recorded = 0;
  while (log.flush()) log.recordEnd(failedCdr(`c${recorded++}`));
  assert.equal(log.accepts, false);
  assert.ok(log.waitingBytes > 0);
  const inFile = endedIds(directory).length;
  for (let more = 0; more < 10; more++) {
    log.recordEnd(failedCdr(`c${recorded++}`));
    assert.equal(log.flush(), false);
  }
  // A full disk may still have room for a part: then the file ends in a torn batch for a while.
  files.freeBytes = 700;
  assert.equal(log.flush(), false);
  assert.ok(endedIds(directory).length >= inFile);
  files.freeBytes = 10_000_000;
  assert.equal(log.flush(), true);
  assert.equal(log.waitingBytes, 0);
  log.tick(1_000, sampleWallMs);
  assert.equal(log.accepts, true);
  const expected = Array.from({ length: recorded }, (_, index) => `c${index}`);
  assert.deepEqual(endedIds(directory), expected);
  assert.equal(log.lost, 0);
});

test('short writes are completed', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  files.writeBytesMax = 100;
  log.recordEnd(failedCdr('a'));
  assert.equal(log.flush(), true);
  log.recordAnswer(sampleAnswer('b'));
  assert.equal(log.flush(), true);
  assert.deepEqual(
    readFrames(directory).map((frame) => frame.kind),
    ['segmentHeader', 'end', 'answer'],
  );
});

for (const code of ['EIO', 'EDQUOT', 'ENOSPC']) {
  test(`${code} withholds the batch until writing works again`, () => {
    const directory = temporaryDirectory();
    const files = new FailingDisk();
    const log = openLog(directory, { files });
    files.writeError = code;
    log.recordEnd(failedCdr('a'));
    assert.equal(log.flush(), false);
    assert.equal(log.flush(), false);
    assert.equal(log.accepts, false);
    assert.match(log.failure, new RegExp(code));
    assert.equal(log.errors, 2);
    assert.deepEqual(endedIds(directory), []);
    files.writeError = '';
    log.recordEnd(failedCdr('b'));
    assert.equal(log.flush(), true);
    assert.equal(log.accepts, true);
    assert.deepEqual(endedIds(directory), ['a', 'b']);
  });
}

test('a disk that is full at the start is survived', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  files.freeBytes = 0;
  const log = openLog(directory, { files });
  assert.equal(log.accepts, false);
  files.freeBytes = 10_000_000;
  log.tick(1_000, sampleWallMs);
  assert.equal(log.accepts, true);
  log.recordEnd(failedCdr('a'));
  assert.equal(log.flush(), true);
  assert.deepEqual(
    readFrames(directory).map((frame) => frame.kind),
    ['segmentHeader', 'end'],
  );
});

test('a directory that cannot be written is an error at the start', () => {
  const files = new FailingDisk();
  files.createError = 'EACCES';
  assert.throws(() => openLog(temporaryDirectory(), { files }), /EACCES/);
});

test('a failed sync refuses new calls until one succeeds', async () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  files.holdSyncs = true;
  const log = openLog(directory, { files });
  files.syncError = 'EIO';
  log.tick(1_000, sampleWallMs);
  files.finishSync();
  assert.equal(log.accepts, false);
  assert.match(log.failure, /EIO/);
  // Running calls are not concerned.
  log.recordEnd(failedCdr('a'));
  assert.equal(log.flush(), true);
  files.syncError = '';
  log.tick(2_000, sampleWallMs);
  files.finishSync();
  assert.equal(log.accepts, true);
});

test('a next segment that cannot be made leaves the log in the one it has', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files, rotateBytes: 20_000 });
  files.createError = 'EMFILE';
  const file = log.segmentFile;
  let recorded = 0;
  const record = (count: number): void => {
    for (let index = 0; index < count; index++) {
      log.recordEnd(failedCdr(`c${recorded++}`));
      assert.equal(log.flush(), true);
    }
  };
  record(200);
  assert.equal(log.segmentFile, file);
  assert.equal(log.accepts, true);
  assert.ok(log.errors > 0);
  files.createError = '';
  log.tick(60_000, sampleWallMs + 60_000);
  record(10);
  assert.notEqual(log.segmentFile, file);
  assert.equal(endedIds(directory).length, 210);
});

test('frames beyond what may wait are given up and counted, failed attempts first', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  const answer = sampleAnswer('up');
  log.recordAnswer(answer);
  log.flush();
  files.writeError = 'EIO';
  const large = 'x'.repeat(60_000);
  for (let index = 0; log.lost === 0 && index < 1_000; index++) {
    log.recordEnd({ ...failedCdr(`c${index}`), callerAccess: large });
    log.flush();
  }
  assert.equal(log.lost, 1);
  assert.ok(log.waitingBytes < 17 * 1024 * 1024);
  log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  assert.equal(log.lost, 1);
  files.writeError = '';
  assert.equal(log.flush(), true);
  assert.ok(endedIds(directory).includes('up'));
});

test('a process that dies in a failed batch: what reached the file counts once', async () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  const answers = Array.from({ length: 6 }, (_, index) => billedAnswer(`c${index}`));
  for (const answer of answers) log.recordAnswer(answer);
  log.flush();
  files.writeBytesMax = 80;
  for (const answer of answers) log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  // More pieces than one append takes.
  assert.equal(log.flush(), false);
  const written = endedIds(directory).length;
  assert.ok(written > 0 && written < 6, `${written} ends written`);
  const report = recoverCdrLog({ directory, node: 'edge-1', nowWallMs: sampleWallMs + 60_000 });
  assert.equal(report.calls.length, 6 - written);
  assert.equal(new Set(endedIds(directory)).size, 6);
  assert.equal(endedIds(directory).length, 6);
  await assertBooks(directory, 6);
});
