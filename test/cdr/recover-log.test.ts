import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Piscina } from 'piscina';
import type { CallTerms } from '../../core/cdr/cdr.ts';
import {
  latestIncarnation,
  listSegments,
  openLogSet,
  settledIncarnation,
} from '../../workers/cdr/log-set.ts';
import { unpackAnswers } from '../../workers/cdr/packed-answers.ts';
import { type RecoveryReport, recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import type { RecoverCdrLogResult } from '../../workers/tasks/recover-cdr-log.ts';
import { FailingDisk } from './failing-disk.ts';
import { fileBytes, openLog, readFrames, segmentFiles } from './log-under-test.ts';
import { endOf, sampleAnswer, sampleWallMs, temporaryDirectory } from './sample-records.ts';

const laterMs = sampleWallMs + 3_600_000;

function recover(directory: string, options: object = {}): RecoveryReport {
  return recoverCdrLog({ directory, node: 'edge-1', nowWallMs: laterMs, ...options });
}

function ids(report: RecoveryReport): string[] {
  return report.calls.map((call) => call.answer.cdr.id).sort();
}

function ends(directory: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const frame of readFrames(directory)) {
    if (frame.kind === 'end') counts.set(frame.cdr.id, (counts.get(frame.cdr.id) ?? 0) + 1);
  }
  return counts;
}

// A log that is simply not closed is what a dead worker leaves.

test('a call that was up is billed to the last alive frame and can be hung up', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const answer = sampleAnswer('up', sampleWallMs + 4_000);
  const ended = sampleAnswer('ended');
  log.recordAnswer(answer);
  log.recordAnswer(ended);
  log.recordEnd(endOf(ended, sampleWallMs + 5_000));
  log.flush();
  for (let nowMs = 0; nowMs <= 23_000; nowMs += 500) log.tick(nowMs, sampleWallMs + nowMs);
  const report = recover(directory);
  assert.equal(report.calls.length, 1);
  const call = report.calls[0]!;
  assert.equal(call.worker, 0);
  assert.deepEqual(call.answer.caller, answer.caller);
  assert.deepEqual(call.answer.callee, answer.callee);
  assert.deepEqual(call.answer.cdr, {
    ...answer.cdr,
    endedAt: sampleWallMs + 20_000,
    holdTimeMs: 16_000,
    endReason: 'Server forced release',
    endedBy: 'server',
    sipCode: 200,
  });
  const written = readFrames(directory).filter((frame) => frame.kind === 'end' && frame.recovered);
  assert.equal(written.length, 1);
  assert.ok(written[0]!.kind === 'end');
  assert.deepEqual(written[0]!.cdr, call.answer.cdr);
});

test('a call that was up is charged to the last alive frame, by the terms of its answer record', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const rate = {
    prefix: '44',
    price: 6_000_000n,
    perSeconds: 60,
    connectionFee: 0n,
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    sections: [],
    taxPercent: 0n,
  };
  const terms: CallTerms = {
    carryMs: 1000,
    freeSeconds: 0,
    feeUnit: 10n,
    payers: [
      { account: 'acme', free: false, rate },
      { account: 'north', free: false, rate: { ...rate, price: 3_000_000n } },
    ],
    vendor: { account: 'carrier-a', free: false, rate: { ...rate, nextIncrementSeconds: 12 } },
  };
  log.recordAnswer({ ...sampleAnswer('up', sampleWallMs + 4_000), terms });
  log.flush();
  for (let nowMs = 0; nowMs <= 23_000; nowMs += 500) log.tick(nowMs, sampleWallMs + nowMs);
  const { cdr } = recover(directory).calls[0]!.answer;
  assert.equal(cdr.holdTimeMs, 16_000);
  assert.deepEqual([cdr.fee, cdr.tax, cdr.billedSeconds], [1_600_000n, 0n, 16]);
  assert.deepEqual(cdr.agentFees, [
    { account: 'north', fee: 800_000n, giftFee: 0n, billedSeconds: 16 },
  ]);
  assert.deepEqual([cdr.cost, cdr.clearingBilledSeconds], [2_500_000n, 25]);
});

test('a frame later than the last alive frame counts as life', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  log.tick(0, sampleWallMs);
  log.recordAnswer(sampleAnswer('one', sampleWallMs + 2_000));
  log.recordAnswer(sampleAnswer('two', sampleWallMs + 3_500));
  log.flush();
  const report = recover(directory);
  assert.deepEqual(
    report.calls.map((call) => call.answer.cdr.holdTimeMs),
    [1_500, 0],
  );
});

test('recovery twice closes each call once', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  for (let index = 0; index < 20; index++) log.recordAnswer(sampleAnswer(`c${index}`));
  log.flush();
  assert.equal(recover(directory).calls.length, 20);
  const again = recover(directory);
  assert.equal(again.calls.length, 0);
  // The segment that recovery wrote is looked at once more, then never again.
  assert.equal(recover(directory).segmentsRead, 0);
  assert.deepEqual([...ends(directory).values()], Array(20).fill(1));
});

test('a recovery cut short anywhere is completed by the next one, each call closed once', () => {
  const directory = temporaryDirectory();
  const set = openLogSet(directory);
  const log = openLog(directory);
  const calls = 8;
  for (let index = 0; index < calls; index++) log.recordAnswer(sampleAnswer(`c${index}`));
  log.flush();
  const settledFile = path.join(set.directory, 'settled-0');
  recover(directory);
  const written = listSegments(set.directory).find((segment) => segment.role === 'r')!;
  const writtenPath = path.join(set.directory, written.file);
  const whole = fs.readFileSync(writtenPath);
  for (let cut = 0; cut <= whole.length; cut += 37) {
    for (const segment of listSegments(set.directory)) {
      if (segment.role === 'r') fs.rmSync(path.join(set.directory, segment.file));
    }
    fs.rmSync(settledFile, { force: true });
    fs.writeFileSync(writtenPath, whole.subarray(0, cut));
    recover(directory);
    const counts = ends(directory);
    assert.equal(counts.size, calls, `cut at ${cut}`);
    assert.ok(
      [...counts.values()].every((count) => count === 1),
      `cut at ${cut}`,
    );
  }
});

test('workers are recovered apart from each other, also one that is no longer configured', () => {
  const directory = temporaryDirectory();
  const logs = [0, 1, 7].map((worker) => openLog(directory, { worker }));
  logs.forEach((log, index) => {
    log.recordAnswer(sampleAnswer(`w${index}`));
    log.flush();
  });
  logs[2]!.tick(0, sampleWallMs + 30_000);
  const report = recover(directory);
  assert.deepEqual(
    report.calls.map((call) => [call.worker, call.answer.cdr.id, call.answer.cdr.holdTimeMs]),
    [
      [0, 'w0', 0],
      [1, 'w1', 0],
      [7, 'w2', 26_000],
    ],
  );
});

test('one dead worker is recovered while its successor and another worker write', () => {
  const directory = temporaryDirectory();
  const set = openLogSet(directory);
  const dead = openLog(directory);
  const other = openLog(directory, { worker: 1 });
  dead.recordAnswer(sampleAnswer('dead'));
  dead.flush();
  other.recordAnswer(sampleAnswer('other'));
  other.flush();
  const through = latestIncarnation(set.directory, 0);
  const successor = openLog(directory);
  const living = sampleAnswer('living');
  successor.recordAnswer(living);
  successor.flush();
  assert.deepEqual(ids(recover(directory, { worker: 0, through })), ['dead']);
  assert.equal(settledIncarnation(set.directory, 0), through);
  // The successor goes on undisturbed.
  successor.recordEnd(endOf(living, sampleWallMs + 8_000));
  assert.equal(successor.flush(), true);
  successor.close(sampleWallMs + 9_000);
  assert.deepEqual(ids(recover(directory)), ['other']);
  assert.deepEqual([...ends(directory).entries()].sort(), [
    ['dead', 1],
    ['living', 1],
    ['other', 1],
  ]);
});

test('a crash in the middle of a batch: the whole frames count, the torn one does not', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const answers = Array.from({ length: 5 }, (_, index) => sampleAnswer(`c${index}`));
  for (const answer of answers) log.recordAnswer(answer);
  log.flush();
  const before = log.bytes;
  for (const answer of answers) log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  log.flush();
  const file = segmentFiles(directory)[0]!;
  const batchBytes = log.bytes - before;
  // The last two and a half ends never reached the disk.
  fs.truncateSync(file, before + Math.floor(batchBytes / 2));
  const report = recover(directory);
  assert.deepEqual(ids(report), ['c2', 'c3', 'c4']);
  assert.equal(report.tornTails, 1);
  assert.deepEqual([...ends(directory).values()], Array(5).fill(1));
});

test('only the segments that can hold open calls are read', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 30_000 });
  let previous = sampleAnswer('c0');
  log.recordAnswer(previous);
  for (let index = 1; index <= 600; index++) {
    const answer = sampleAnswer(`c${index}`);
    log.recordAnswer(answer);
    log.recordEnd(endOf(previous, sampleWallMs + 5_000));
    log.flush();
    previous = answer;
  }
  assert.ok(segmentFiles(directory).length >= 10);
  const report = recover(directory);
  assert.deepEqual(ids(report), ['c600']);
  assert.ok(report.segmentsRead <= 3, `${report.segmentsRead} segments read`);
});

test('an old call up keeps its segment needed', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 30_000 });
  log.recordAnswer(sampleAnswer('long'));
  for (let index = 0; index < 300; index++) {
    const answer = sampleAnswer(`c${index}`);
    log.recordAnswer(answer);
    log.recordEnd(endOf(answer, sampleWallMs + 5_000));
    log.flush();
  }
  assert.ok(segmentFiles(directory).length >= 5);
  assert.deepEqual(ids(recover(directory)), ['long']);
});

test('the reserve of the dead is given back, and segments without frames are removed', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 30_000 });
  log.recordAnswer(sampleAnswer('up'));
  for (let index = 0; log.bytes < 20_000; index++) {
    const answer = sampleAnswer(`c${index}`);
    log.recordAnswer(answer);
    log.recordEnd(endOf(answer, sampleWallMs + 5_000));
    log.flush();
  }
  // The current segment and the next one, which is being made ready.
  assert.equal(segmentFiles(directory).length, 2);
  recover(directory);
  const files = segmentFiles(directory);
  assert.equal(files.length, 2);
  assert.equal(fileBytes(files.find((file) => path.basename(file).startsWith('w'))!), log.bytes);
});

test('a disk too full for the ends is an error, and the next recovery has all calls', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  for (let index = 0; index < 50; index++) log.recordAnswer(sampleAnswer(`c${index}`));
  log.flush();
  const files = new FailingDisk();
  files.freeBytes = 5_000;
  assert.throws(() => recover(directory, { files }), /recovered CDRs cannot be written: .*ENOSPC/);
  const written = ends(directory).size;
  assert.ok(written > 0 && written < 50);
  assert.equal(recover(directory).calls.length, 50 - written);
  assert.deepEqual([...ends(directory).values()], Array(50).fill(1));
});

test('calls of an older log set are closed in the set in use', () => {
  const directory = temporaryDirectory();
  const old = openLog(directory);
  old.recordAnswer(sampleAnswer('restored'));
  old.flush();
  fs.rmSync(path.join(directory, 'cdr', 'log-set'));
  const set = openLogSet(directory);
  assert.deepEqual(ids(recover(directory)), ['restored']);
  const written = listSegments(set.directory);
  assert.deepEqual(
    written.map((segment) => segment.role),
    ['r'],
  );
  assert.equal(recover(directory).calls.length, 0);
});

test('as a task on the pool, answers packed', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const answers = Array.from({ length: 300 }, (_, index) => sampleAnswer(`c${index}`));
  for (const answer of answers) log.recordAnswer(answer);
  log.flush();
  const pool = new Piscina({
    filename: new URL('../../workers/tasks/recover-cdr-log.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  });
  try {
    const through = latestIncarnation(log.set.directory, 0);
    const request = { directory, node: 'edge-1', nowWallMs: laterMs, worker: 0, through };
    const result: RecoverCdrLogResult = await pool.run(request, { name: 'recoverCdrLogTask' });
    assert.equal(result.calls, 300);
    const back = [...unpackAnswers(result.answers)];
    assert.deepEqual(
      back.map((answer) => answer.callee),
      answers.map((answer) => answer.callee),
    );
    assert.equal(back[0]!.cdr.endReason, 'Server forced release');
  } finally {
    await pool.destroy();
  }
});

test('one worker without the incarnation where to stop is refused: its successor may write', () => {
  assert.throws(() => recover(temporaryDirectory(), { worker: 0 }), /worker and through/);
});

test('a segment of which nothing can be read is left as evidence', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory);
  const file = segmentFiles(directory)[0]!;
  const bytes = fs.statSync(file).size;
  fs.writeFileSync(file, Buffer.alloc(bytes, 0xa5));
  const report = recover(directory);
  assert.equal(report.tornTails, 1);
  assert.equal(fileBytes(file), bytes);
  log.close(sampleWallMs);
});
