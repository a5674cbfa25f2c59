// The CDR log through windows on its files: what a reader finds, when a window ends, and what happens
// without one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { diskFileSystem, type FileSystemPort } from '../../workers/cdr/file-system-port.ts';
import { fileSystemOf } from '../../workers/cdr/mapped-files.ts';
import { loadSystemCalls, type SystemCalls } from '../../workers/system-calls.ts';
import { endedIds, openLog, readFrames, segmentFiles } from './log-under-test.ts';
import {
  endOf,
  failedCdr,
  sampleAnswer,
  sampleWallMs,
  temporaryDirectory,
} from './sample-records.ts';

const calls = (await loadSystemCalls()) as SystemCalls;

/** Windows whatever the file system of the test machine, counted. */
class WindowedFiles {
  opened = 0;
  released = 0;
  writes = 0;
  refuses = false;
  readonly port: FileSystemPort = {
    ...diskFileSystem,
    write: (descriptor, bytes, position) => {
      this.writes++;
      return diskFileSystem.write(descriptor, bytes, position);
    },
    map: (descriptor, position, length) => {
      assert.equal(position % 65_536, 0);
      assert.ok(position + length <= fs.fstatSync(descriptor).size, 'a window on what is not there');
      if (this.refuses) return undefined;
      this.opened++;
      const bytes = calls.mapFile(descriptor, position, length)!;
      const release = (): void => {
        this.released++;
        calls.unmapFile(bytes);
      };
      return { bytes, release };
    },
  };
}

test('a reader finds what was stored, at once and without a write', () => {
  const directory = temporaryDirectory();
  const files = new WindowedFiles();
  const log = openLog(directory, { files: files.port });
  const writes = files.writes;
  const answer = sampleAnswer('a');
  log.recordAnswer(answer);
  log.recordEnd(endOf(answer, sampleWallMs + 9_000));
  assert.deepEqual(endedIds(directory), []);
  assert.equal(log.flush(), true);
  assert.deepEqual(endedIds(directory), ['a']);
  assert.equal(files.writes, writes);
  log.close(sampleWallMs);
  assert.equal(files.released, files.opened);
});

test('frames are whole and in order over windows, rotations and long batches', () => {
  const directory = temporaryDirectory();
  const files = new WindowedFiles();
  const log = openLog(directory, { files: files.port, rotateBytes: 4 * 1024 * 1024 });
  const ids: string[] = [];
  for (let batch = 0; batch < 400; batch++) {
    // Every fiftieth is longer than a window.
    const records = batch % 50 === 49 ? 3000 : 20;
    for (let record = 0; record < records; record++) {
      ids.push(`${batch}-${record}`);
      log.recordEnd(failedCdr(ids.at(-1)!));
    }
    assert.equal(log.flush(), true);
    log.tick(batch * 20, sampleWallMs + batch * 20);
  }
  log.close(sampleWallMs);
  assert.deepEqual(endedIds(directory), ids);
  assert.ok(segmentFiles(directory).length > 1);
  assert.ok(files.opened > 5, `${files.opened} windows`);
  assert.equal(files.released, files.opened);
});

test('where the kernel gives no window everything is written', () => {
  const directory = temporaryDirectory();
  const files = new WindowedFiles();
  files.refuses = true;
  const log = openLog(directory, { files: files.port });
  const writes = files.writes;
  for (const id of ['a', 'b']) {
    log.recordEnd(failedCdr(id));
    assert.equal(log.flush(), true);
  }
  assert.equal(files.writes, writes + 2);
  assert.deepEqual(endedIds(directory), ['a', 'b']);
  log.close(sampleWallMs);
});

test('a log that is left behind, not closed, has all that was stored', () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { files: new WindowedFiles().port });
  log.recordAnswer(sampleAnswer('up'));
  log.flush();
  assert.deepEqual(
    readFrames(directory).map((frame) => frame.kind),
    ['segmentHeader', 'answer'],
  );
});

test('no windows without system calls, or on a file system that moves what it writes', () => {
  const directory = temporaryDirectory();
  assert.equal(fileSystemOf(directory, undefined), diskFileSystem);
  // procfs stands for all that are not known to write in place.
  assert.equal(fileSystemOf('/proc', calls), diskFileSystem);
});
