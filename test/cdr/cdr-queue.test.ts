// What the log says of frames that are not on the disk yet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailingDisk } from './failing-disk.ts';
import { openLog } from './log-under-test.ts';
import { failedCdr, sampleWallMs, temporaryDirectory } from './sample-records.ts';

test('frames are counted until a sync took them, and those in memory apart', async () => {
  const files = new FailingDisk();
  const log = openLog(temporaryDirectory(), { files });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };
  log.tick(1_000, sampleWallMs);
  await until(() => log.syncs === 1);
  log.tick(1_100, sampleWallMs);
  assert.deepEqual(log.queue(), {
    waitingFrames: 0,
    waitingBytes: 0,
    unsyncedFrames: 0,
    unsyncedBytes: 0,
    oldestMs: 0,
  });
  const before = log.bytes;
  log.recordEnd(failedCdr('a'));
  log.flush();
  log.tick(1_400, sampleWallMs);
  const written = log.queue();
  assert.equal(written.unsyncedFrames, 1);
  assert.equal(written.unsyncedBytes, log.bytes - before);
  assert.equal(written.oldestMs, 300);
  files.freeBytes = 0;
  let recorded = 0;
  while (log.flush()) log.recordEnd(failedCdr(`c${recorded++}`));
  log.tick(1_900, sampleWallMs);
  const waiting = log.queue();
  assert.ok(waiting.waitingFrames >= 1);
  assert.equal(waiting.waitingBytes, log.waitingBytes);
  assert.equal(waiting.oldestMs, 800);
  files.freeBytes = 10_000_000;
  log.tick(2_900, sampleWallMs);
  await until(() => log.syncs >= 2);
  log.tick(2_950, sampleWallMs);
  assert.equal(log.queue().waitingFrames, 0);
  assert.equal(log.queue().unsyncedBytes, 0);
  log.close(sampleWallMs);
});
