import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { latestIncarnation, openLogSet, settledIncarnation } from '../../workers/cdr/log-set.ts';
import { FailingDisk } from './failing-disk.ts';
import { endedIds, fileBytes, openLog, readFrames, segmentFiles } from './log-under-test.ts';
import {
  endOf,
  failedCdr,
  sampleAnswer,
  sampleWallMs,
  temporaryDirectory,
} from './sample-records.ts';

test('nothing is in the file before the flush, all of it after, in one write', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files });
  const writesBefore = files.writes;
  const answer = sampleAnswer('a');
  log.recordAnswer(answer);
  log.recordEnd(failedCdr('b'));
  log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  assert.deepEqual(endedIds(directory), []);
  assert.equal(log.flush(), true);
  assert.equal(files.writes, writesBefore + 1);
  const frames = readFrames(directory);
  assert.deepEqual(
    frames.map((frame) => frame.kind),
    ['segmentHeader', 'answer', 'end', 'end'],
  );
  assert.ok(frames[1]!.kind === 'answer');
  assert.deepEqual(frames[1]!.answer, answer);
  assert.equal(log.frames, 4);
  assert.equal(log.openCalls, 0);
  log.close(sampleWallMs + 10_000);
});

test('the header says whose segment it is', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { worker: 3 });
  assert.deepEqual(readFrames(directory)[0], {
    kind: 'segmentHeader',
    header: {
      set: openLogSet(directory).id,
      node: 'edge-1',
      worker: 3,
      incarnation: log.incarnation,
      sequence: 0,
      startedAt: sampleWallMs,
      oldestOpenSequence: 0,
    },
  });
  log.close(sampleWallMs);
});

test('alive frames come every five seconds and say what is up', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  log.recordAnswer(sampleAnswer('a'));
  for (let nowMs = 0; nowMs <= 15_000; nowMs += 200) log.tick(nowMs, sampleWallMs + nowMs);
  const alive = readFrames(directory).filter((frame) => frame.kind === 'alive');
  assert.deepEqual(
    alive.map((frame) => frame.alive.at - sampleWallMs),
    [0, 5_000, 10_000, 15_000],
  );
  assert.ok(alive.every((frame) => frame.alive.openCalls === 1));
  log.close(sampleWallMs + 15_000);
});

test('the reserve is real zeros, grows with the calls up and is given back at the end', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const file = segmentFiles(directory)[0]!;
  const answers = Array.from({ length: 2_000 }, (_, index) => sampleAnswer(`c${index}`));
  for (const answer of answers) log.recordAnswer(answer);
  log.flush();
  for (let nowMs = 0; nowMs < 2_000; nowMs += 200) log.tick(nowMs, sampleWallMs + nowMs);
  let endBytes = 0;
  const bytesBefore = log.bytes;
  const reserve = fileBytes(file) - bytesBefore;
  // Blocks, not holes.
  assert.ok(fs.statSync(file).blocks * 512 >= fileBytes(file));
  for (const answer of answers) log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  log.flush();
  endBytes = log.bytes - bytesBefore;
  assert.ok(reserve >= endBytes, `${reserve} bytes of reserve for ${endBytes} of ends`);
  log.close(sampleWallMs + 10_000);
  assert.equal(fileBytes(file), log.bytes);
});

test('room is kept for calls in setup', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const file = segmentFiles(directory)[0]!;
  for (let nowMs = 0; nowMs < 4_000; nowMs += 200) log.tick(nowMs, sampleWallMs, 1_000);
  assert.ok(fileBytes(file) - log.bytes > 1_000 * 2_048);
  log.close(sampleWallMs);
});

test('segments rotate, calls span them, and the unused next one is removed', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 100_000 });
  const long = sampleAnswer('long');
  log.recordAnswer(long);
  for (let index = 0; index < 1_000; index++) {
    const answer = sampleAnswer(`c${index}`);
    log.recordAnswer(answer);
    log.flush();
    log.recordEnd(endOf(answer, sampleWallMs + 5_000 + index));
    assert.equal(log.flush(), true);
  }
  log.recordEnd(endOf(long, sampleWallMs + 9_000));
  log.close(sampleWallMs + 10_000);
  const files = segmentFiles(directory);
  assert.ok(files.length > 5, `${files.length} segments`);
  const frames = readFrames(directory);
  assert.equal(frames.filter((frame) => frame.kind === 'answer').length, 1_001);
  assert.equal(frames.filter((frame) => frame.kind === 'end').length, 1_001);
  const headers = frames.filter((frame) => frame.kind === 'segmentHeader');
  assert.equal(headers.length, files.length);
  assert.deepEqual(
    headers.map((frame) => frame.header.sequence),
    headers.map((_, index) => index),
  );
  // The long call keeps segment 0 needed throughout.
  assert.ok(headers.every((frame) => frame.header.oldestOpenSequence === 0));
  assert.equal(frames.filter((frame) => frame.kind === 'segmentClose').length, files.length);
  assert.equal(log.errors, 0);
});

test('a header names the oldest segment still needed', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 50_000 });
  let previous = sampleAnswer('c0');
  log.recordAnswer(previous);
  for (let index = 1; index < 400; index++) {
    const answer = sampleAnswer(`c${index}`);
    log.recordAnswer(answer);
    log.recordEnd(endOf(previous, sampleWallMs + 5_000));
    log.flush();
    previous = answer;
  }
  const headers = readFrames(directory).filter((frame) => frame.kind === 'segmentHeader');
  const last = headers.at(-1)!.header;
  assert.ok(last.sequence >= 4);
  assert.equal(last.oldestOpenSequence, last.sequence - 1);
  log.recordEnd(endOf(previous, sampleWallMs + 5_000));
  log.close(sampleWallMs + 10_000);
});

test('syncs only what changed, never two at once', () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  files.holdSyncs = true;
  const log = openLog(directory, { files, syncMs: 10, aliveMs: 1_000_000 });
  log.recordEnd(failedCdr('a'));
  for (let nowMs = 100; nowMs < 400; nowMs += 10) {
    log.recordEnd(failedCdr(`t${nowMs}`));
    log.tick(nowMs, sampleWallMs + nowMs);
  }
  assert.equal(files.syncsRunning, 1);
  files.finishSync();
  log.tick(400, sampleWallMs);
  assert.equal(files.syncsRunning, 1);
  files.finishSync();
  // Nothing was written since.
  log.tick(500, sampleWallMs);
  log.tick(600, sampleWallMs);
  assert.equal(files.syncsRunning, 0);
  assert.equal(files.syncsRunningMost, 1);
  assert.equal(log.syncs, 2);
  log.close(sampleWallMs);
});

test('syncs on the real disk every 10 ms', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { syncMs: 10 });
  for (let step = 1; log.syncs < 5; step++) {
    log.recordEnd(failedCdr(`c${step}`));
    log.tick(step * 10, sampleWallMs + step * 10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(log.errors, 0);
  log.close(sampleWallMs);
});

test('a rotated segment is synced before it is closed', async () => {
  const directory = temporaryDirectory();
  const files = new FailingDisk();
  const log = openLog(directory, { files, rotateBytes: 20_000, syncMs: 10 });
  for (let index = 0; index < 200; index++) {
    log.recordEnd(failedCdr(`c${index}`));
    log.flush();
  }
  const before = log.syncs;
  for (let step = 1; log.syncs < before + 3; step++) {
    log.tick(step * 10, sampleWallMs + step * 10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(log.errors, 0);
  log.close(sampleWallMs + 60_000);
  assert.equal(new Set(endedIds(directory)).size, 200);
});

test('every start of a worker is a new incarnation, whatever the clock says', () => {
  const directory = temporaryDirectory();
  const incarnations: number[] = [];
  for (const nowWallMs of [sampleWallMs, sampleWallMs, sampleWallMs - 3_600_000]) {
    const log = openLog(directory, { nowWallMs });
    incarnations.push(log.incarnation);
    log.close(nowWallMs);
  }
  assert.deepEqual(incarnations, [sampleWallMs, sampleWallMs + 1, sampleWallMs + 2]);
  const set = openLogSet(directory);
  assert.equal(latestIncarnation(set.directory, 0), sampleWallMs + 2);
});

test('an end in order with no call up needs no recovery; with a call up it does', () => {
  const directory = temporaryDirectory();
  const set = openLogSet(directory);
  const first = openLog(directory);
  first.close(sampleWallMs);
  assert.equal(settledIncarnation(set.directory, 0), first.incarnation);
  const second = openLog(directory);
  second.recordAnswer(sampleAnswer('up'));
  second.close(sampleWallMs);
  assert.equal(settledIncarnation(set.directory, 0), first.incarnation);
  // Not even a later one in order passes it.
  openLog(directory).close(sampleWallMs);
  assert.equal(settledIncarnation(set.directory, 0), first.incarnation);
});

test('the log set is minted once and anew when its name was removed', () => {
  const directory = temporaryDirectory();
  const first = openLogSet(directory);
  assert.deepEqual(openLogSet(directory), first);
  fs.rmSync(path.join(directory, 'cdr', 'log-set'));
  assert.notEqual(openLogSet(directory).id, first.id);
  fs.writeFileSync(path.join(directory, 'cdr', 'log-set'), 'nonsense');
  assert.throws(() => openLogSet(directory), /"nonsense" is not the UUID/);
});

test('CDRs can be read by nobody else', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  assert.equal(fs.statSync(segmentFiles(directory)[0]!).mode & 0o777, 0o600);
  assert.equal(fs.statSync(log.set.directory).mode & 0o777, 0o700);
  log.close(sampleWallMs);
});
