// The CDR writer where the log cannot be read for a moment, or the ledger has never answered.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { mock } from 'node:test';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway, type LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { openLog, segmentFiles } from './log-under-test.ts';
import { failedCdr, sampleCdr, sampleCharges, temporaryDirectory } from './sample-records.ts';
import { storedIds, writerOn } from './writer-under-test.ts';

const baseMs = Date.now() - 60_000;

/** Segments cannot be opened at every third try, as where descriptors have run out. */
function fewDescriptors(): { restore(): void } {
  const open = fs.openSync;
  let tries = 0;
  const fault = mock.method(fs, 'openSync', (file: fs.PathLike, flags: fs.OpenMode) => {
    if (String(file).endsWith('.log') && ++tries % 3 === 0) throw new Error('EMFILE');
    return open(file, flags);
  });
  return { restore: () => fault.mock.restore() };
}

test('what was read of a batch before reading failed is read again', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs, rotateBytes: 10_000 });
  const expected = Array.from({ length: 400 }, (_, index) => `c${index}`);
  for (const [index, id] of expected.entries()) {
    log.recordEnd(sampleCdr(id, { ...sampleCharges, endedAt: baseMs + index }));
    log.flush();
  }
  assert.ok(segmentFiles(directory).length > 5);
  const writer = writerOn(directory, ledger, { SS_CDR_FILE_WRITE_MAX: 90 });
  const descriptors = fewDescriptors();
  let failed = 0;
  try {
    for (let went = ''; went !== 'idle' && failed < 1000; ) {
      went = await writer.step().catch((error: Error) => {
        assert.equal(error.message, 'EMFILE');
        assert.equal(writer.figures(baseMs).state, 'away');
        failed++;
        return 'failed';
      });
      if (failed > 5) descriptors.restore();
    }
  } finally {
    descriptors.restore();
  }
  assert.ok(failed > 1, `${failed} failures`);
  assert.deepEqual(await storedIds(ledger), expected);
  assert.equal(writer.figures(baseMs).state, 'up');
  assert.equal(await auditLedger(ledger), undefined);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('the queue is told from the start on while the store has never answered', async () => {
  const directory = temporaryDirectory();
  const ledger = await openEmbeddedLedger(directory);
  const log = openLog(directory, { nowWallMs: baseMs });
  for (let step = 0; step < 10; step++) log.recordEnd(failedCdr(`c${step}`, baseMs + step));
  log.flush();
  let isAway = true;
  const store: LedgerStore = {
    ...ledger,
    checkpoint: (set) => (isAway ? Promise.reject(new LedgerAway('gone')) : ledger.checkpoint(set)),
  };
  const writer = writerOn(directory, store);
  await assert.rejects(writer.step(), LedgerAway);
  const { queue, state } = writer.figures(baseMs + 5_000);
  assert.deepEqual([state, queue.records, queue.oldestMs], ['away', 10, 5_000]);
  log.recordEnd(failedCdr('late', baseMs + 10));
  log.flush();
  assert.equal(writer.figures(baseMs + 5_000).queue.records, 11);
  isAway = false;
  await writer.drain();
  assert.deepEqual(writer.figures(baseMs).queue, { records: 0, bytes: 0, oldestMs: 0 });
  assert.equal((await storedIds(ledger)).length, 11);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});
