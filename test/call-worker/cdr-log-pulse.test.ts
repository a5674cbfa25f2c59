// The pulse of the CDR log: calls in setup are told to the reserve, counters go on where they stood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Counter } from '../../core/metrics/counter-layout.ts';
import { createCdrLogPulse } from '../../workers/call/cdr-log-pulse.ts';
import { counterBlockSlots } from '../../workers/memory/shared-memory.ts';
import { FailingDisk } from '../cdr/failing-disk.ts';
import { fileBytes, openLog, segmentFiles } from '../cdr/log-under-test.ts';
import { sampleWallMs, temporaryDirectory } from '../cdr/sample-records.ts';

test('calls in setup have their reserve before any of them is answered', () => {
  const directory = temporaryDirectory();
  const cdrLog = openLog(directory, { files: new FailingDisk() });
  const counters = new Float64Array(counterBlockSlots);
  counters[Counter.cdrFrames] = 100;
  let callsUp = 0;
  const pulse = createCdrLogPulse({
    cdrLog,
    callsUp: () => callsUp,
    wallClock: () => sampleWallMs,
    counters,
    log: pino({ level: 'silent' }),
  });
  pulse(0);
  const file = segmentFiles(directory)[0]!;
  const idleBytes = fileBytes(file);
  callsUp = 1000;
  pulse(100);
  assert.ok(fileBytes(file) >= idleBytes + 1_000_000, `${idleBytes} to ${fileBytes(file)}`);
  assert.equal(counters[Counter.cdrFrames], 100 + cdrLog.frames);
  cdrLog.close(sampleWallMs);
});
