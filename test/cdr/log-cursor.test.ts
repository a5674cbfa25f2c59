import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { LogCursor } from '../../workers/cdr/log-cursor.ts';
import { listSegments } from '../../workers/cdr/log-set.ts';
import { openLog, segmentFiles } from './log-under-test.ts';
import { failedCdr, sampleWallMs, temporaryDirectory } from './sample-records.ts';

function idsOf(cursor: LogCursor): string[] {
  const ids: string[] = [];
  for (let logged = cursor.next(); logged !== null; logged = cursor.next()) {
    if (logged.frame.kind === 'end') ids.push(logged.frame.cdr.id);
  }
  return ids;
}

test('follows a log over its segments while it is written', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 20_000 });
  const cursor = new LogCursor(log.set, listSegments(log.set.directory)[0]!);
  for (let step = 0; step < 500; step++) {
    log.recordEnd(failedCdr(`c${step}`));
    assert.deepEqual(idsOf(cursor), []);
    log.flush();
    assert.deepEqual(idsOf(cursor), [`c${step}`]);
  }
  assert.ok(segmentFiles(directory).length > 3);
  cursor.close();
  log.close(sampleWallMs);
});

test('goes on from a checkpoint, at every frame', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 10_000 });
  const all: string[] = [];
  for (let step = 0; step < 80; step++) {
    log.recordEnd(failedCdr(`c${step}`));
    log.flush();
    all.push(`c${step}`);
  }
  log.close(sampleWallMs);
  const segments = listSegments(log.set.directory);
  const cursor = new LogCursor(log.set, segments[0]!);
  let passed = 0;
  for (let logged = cursor.next(); logged !== null; logged = cursor.next()) {
    if (logged.frame.kind === 'end') passed++;
    const segment = segments.find((one) => one.file === cursor.file)!;
    const resumed = new LogCursor(log.set, segment, { offset: cursor.offset });
    assert.deepEqual(idsOf(resumed), all.slice(passed));
    resumed.close();
  }
  assert.equal(passed, 80);
  cursor.close();
});

test('waits at a damaged place of a live segment, passes it in one that has ended', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { rotateBytes: 8_000 });
  for (let step = 0; step < 5; step++) log.recordEnd(failedCdr(`c${step}`));
  log.flush();
  const file = segmentFiles(directory)[0]!;
  const bytes = fs.readFileSync(file);
  const place = bytes.indexOf('c2@192');
  const descriptor = fs.openSync(file, 'r+');
  fs.writeSync(descriptor, Buffer.from('X'), 0, 1, place);
  fs.closeSync(descriptor);
  const cursor = new LogCursor(log.set, listSegments(log.set.directory)[0]!);
  assert.deepEqual(idsOf(cursor), ['c0', 'c1']);
  assert.deepEqual(idsOf(cursor), []);
  for (let step = 5; step < 40; step++) {
    log.recordEnd(failedCdr(`c${step}`));
    log.flush();
  }
  const rest = idsOf(cursor);
  assert.equal(rest[0], 'c3');
  assert.equal(rest.length, 37);
  assert.equal(cursor.damaged, 1);
  cursor.close();
  log.close(sampleWallMs);
});
