// What every hand-off does, whatever it hands to: cursors of their own, the log kept for them, and how long.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { mock } from 'node:test';
import type { Cdr } from '../../core/cdr/cdr.ts';
import type { CdrLog } from '../../workers/cdr/cdr-log.ts';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { HandOff, type HandOffTarget } from '../../workers/hand-off/hand-off.ts';
import type { HandOffBatch } from '../../workers/hand-off/log-source.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { LedgerAway, type LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { openLog, segmentFiles } from '../cdr/log-under-test.ts';
import { failedCdr, sampleAnswer, temporaryDirectory } from '../cdr/sample-records.ts';

const baseMs = Date.now() - 60_000;
const dayMs = 86_400_000;

/** Takes ids, or not. */
class Receiver implements HandOffTarget<string, null> {
  readonly name: 'files' | 'push';
  readonly to = 'nowhere';
  readonly fresh = null;
  cursorDelayMs = 0;
  batchMax = 10;
  isAway = false;
  readonly taken: string[] = [];

  constructor(name: 'files' | 'push' = 'push') {
    this.name = name;
  }

  recordsMax(): number {
    return this.batchMax;
  }

  form(cdr: Cdr): string {
    return cdr.id;
  }

  async deliver({ items }: HandOffBatch<string>): Promise<null> {
    if (this.isAway) throw new Error('away');
    this.taken.push(...items);
    return null;
  }

  async rest(): Promise<null> {
    return null;
  }

  async end(): Promise<void> {}

  setAside(): number {
    return 0;
  }

  close(): void {}
}

interface Choices {
  readonly keepDays?: number;
  freeShare?: number;
  readonly lost?: { file: string; records: number; reason: string }[];
}

function handOffTo(
  dataDir: string,
  target: Receiver,
  choices: Choices = {},
): HandOff<string, null> {
  const handOff = new HandOff({
    dataDir,
    target,
    keepDays: () => choices.keepDays ?? 7,
    onUnusable: () => {},
    onLost: (lost) => choices.lost?.push(lost),
    freeShare: () => choices.freeShare ?? 1,
  });
  handOff.want({ since: 1 });
  return handOff;
}

async function drain(handOff: HandOff<string, null>): Promise<void> {
  while ((await handOff.step()) === 'more');
}

function ends(log: CdrLog, ids: readonly string[]): void {
  for (const id of ids) {
    log.recordEnd(failedCdr(id, baseMs));
    log.flush();
  }
}

function idsOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function writerBeside(
  directory: string,
  store: LedgerStore,
  readers: readonly HandOff<string, null>[],
): CdrWriter {
  return new CdrWriter({
    directory,
    store,
    parameters: () => defaultWriterParameters,
    onRejected: () => {},
    readers,
  });
}

test('what was read of a batch before reading failed is read again', async () => {
  const directory = temporaryDirectory();
  const log = openLog(directory, { nowWallMs: baseMs, rotateBytes: 10_000 });
  const ids = idsOf('c', 400);
  for (const id of ids) {
    ends(log, [id]);
    log.flush();
  }
  assert.ok(segmentFiles(directory).length > 5);
  const receiver = new Receiver();
  receiver.batchMax = 90;
  const handOff = handOffTo(directory, receiver);
  const open = fs.openSync;
  let tries = 0;
  const fault = mock.method(fs, 'openSync', (file: fs.PathLike, flags: fs.OpenMode) => {
    // the cursor of the hand-off is a file, too, and is not meant
    if (String(file).endsWith('.log') && ++tries % 4 === 0) throw new Error('EMFILE');
    return open(file, flags);
  });
  let failed = 0;
  try {
    for (let went = ''; went !== 'idle' && failed < 1000; ) {
      went = await handOff.step().catch((error: Error) => {
        assert.equal(error.message, 'EMFILE');
        failed++;
        return 'failed';
      });
      if (failed > 5) fault.mock.restore();
    }
  } finally {
    fault.mock.restore();
  }
  assert.ok(failed > 1, `${failed} failures`);
  assert.deepEqual(receiver.taken, ids);
  await handOff.close();
  log.close(baseMs);
});

test('ledger, files and push hold each other up in no way', async () => {
  const dataDir = temporaryDirectory();
  const ledger = await openEmbeddedLedger(dataDir);
  const [files, push] = [new Receiver('files'), new Receiver('push')];
  const [toFiles, toPush] = [handOffTo(dataDir, files), handOffTo(dataDir, push)];
  let isAway = true;
  const store: LedgerStore = {
    ...ledger,
    commit: (batch) => (isAway ? Promise.reject(new LedgerAway('gone')) : ledger.commit(batch)),
  };
  const writer = writerBeside(dataDir, store, [toFiles, toPush]);
  const log = openLog(dataDir, { nowWallMs: baseMs });
  const first = idsOf('a', 25);
  ends(log, first);
  push.isAway = true;
  await assert.rejects(writer.step(), LedgerAway);
  await assert.rejects(toPush.step(), /away/);
  await drain(toFiles);
  assert.deepEqual(files.taken, first);
  assert.equal(toPush.figures(baseMs)!.queue.records, 25);
  isAway = false;
  await writer.drain();
  assert.equal(writer.figures(baseMs).storedRows, 25);
  push.isAway = false;
  await drain(toPush);
  assert.deepEqual(push.taken, first);
  assert.deepEqual(toPush.figures(baseMs)!.queue, { records: 0, bytes: 0, oldestMs: 0 });
  await Promise.all([toFiles.close(), toPush.close()]);
  writer.close();
  log.close(baseMs);
  await ledger.close();
});

test('goes on from its cursor, over a death and the recovery of the log, in the order of the log', async () => {
  const dataDir = temporaryDirectory();
  const receiver = new Receiver();
  const expected: string[] = [];
  for (let life = 0; life < 4; life++) {
    const nowWallMs = baseMs + life;
    recoverCdrLog({ directory: dataDir, node: 'edge-1', nowWallMs });
    const log = openLog(dataDir, { nowWallMs, rotateBytes: 6000 });
    const handOff = handOffTo(dataDir, receiver);
    const ids = idsOf(`life${life}-`, 33);
    ends(log, ids);
    expected.push(...ids);
    // It dies with some not handed off, without closing anything.
    for (let step = 0; step < life; step++) await handOff.step();
  }
  await drain(handOffTo(dataDir, receiver));
  assert.deepEqual(receiver.taken, expected);
});

test('workers come as one sequence, by the end of the call, also over batches', async () => {
  const dataDir = temporaryDirectory();
  const receiver = new Receiver();
  const logs = [0, 1, 2].map((worker) =>
    openLog(dataDir, { worker, nowWallMs: baseMs, rotateBytes: 5000 }),
  );
  const expected: string[] = [];
  for (let step = 0; step < 100; step++) {
    const log = logs[(step * 7 + (step >> 3)) % 3]!;
    log.recordAnswer(sampleAnswer(`answered-${step}`, baseMs));
    log.recordEnd(failedCdr(`c${step}`, baseMs + step));
    log.flush();
    expected.push(`c${step}`);
  }
  await drain(handOffTo(dataDir, receiver));
  assert.deepEqual(receiver.taken, expected);
  for (const log of logs) log.close(baseMs);
});

test('a cursor that is saved now and then hands over again after a death, and loses none', async () => {
  const dataDir = temporaryDirectory();
  const receiver = new Receiver();
  receiver.cursorDelayMs = 3_600_000;
  const log = openLog(dataDir, { nowWallMs: baseMs });
  const handOff = handOffTo(dataDir, receiver);
  await handOff.step();
  ends(log, idsOf('a', 5));
  await handOff.step();
  await drain(handOffTo(dataDir, receiver));
  assert.deepEqual(receiver.taken, [...idsOf('a', 5), ...idsOf('a', 5)]);
  ends(log, ['b']);
  await drain(handOff);
  await handOff.close();
  receiver.taken.length = 0;
  await drain(handOffTo(dataDir, receiver));
  assert.deepEqual(receiver.taken, [], 'closed in order, it knows where it was');
  log.close(baseMs);
});

test('what is not handed off is passed in steps, and no step takes that for the end', async () => {
  const dataDir = temporaryDirectory();
  const receiver = new Receiver();
  const form = receiver.form.bind(receiver);
  Object.assign(receiver, {
    form: (cdr: Cdr) => (cdr.id.startsWith('skip') ? undefined : form(cdr)),
  });
  const log = openLog(dataDir, { nowWallMs: baseMs });
  for (const id of [...idsOf('skip', 12_000), 'kept']) log.recordEnd(failedCdr(id, baseMs));
  log.flush();
  const handOff = handOffTo(dataDir, receiver);
  const went = [await handOff.step(), await handOff.step(), await handOff.step()];
  assert.deepEqual(went, ['more', 'more', 'idle']);
  assert.deepEqual(receiver.taken, ['kept']);
  log.close(baseMs);
});

test('a cursor that cannot be read is not guessed', async () => {
  const dataDir = temporaryDirectory();
  const receiver = new Receiver();
  const log = openLog(dataDir, { nowWallMs: baseMs });
  await handOffTo(dataDir, receiver).step();
  const file = path.join(dataDir, 'hand-off', 'push.json');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').slice(0, 20));
  ends(log, ['a']);
  const handOff = handOffTo(dataDir, receiver);
  await assert.rejects(handOff.step(), /push\.json is no cursor/);
  assert.equal(handOff.figures(baseMs)!.state, 'away');
  assert.deepEqual(receiver.taken, []);
  log.close(baseMs);
});

test('an old log set is handed off before the new one', async () => {
  const dataDir = temporaryDirectory();
  const old = openLog(dataDir, { nowWallMs: baseMs });
  const receiver = new Receiver();
  const handOff = handOffTo(dataDir, receiver);
  await handOff.step();
  ends(old, ['old']);
  old.close(baseMs);
  fs.rmSync(path.join(dataDir, 'cdr', 'log-set'));
  const log = openLog(dataDir, { nowWallMs: baseMs + 1 });
  ends(log, ['new']);
  await drain(handOff);
  assert.deepEqual(receiver.taken, ['old', 'new']);
  log.close(baseMs);
});

/** A log of several segments, all in the ledger, and how many of them are left `days` later. */
async function keptLog(
  choices: Choices,
  isAway: boolean,
): Promise<{
  dataDir: string;
  receiver: Receiver;
  handOff: HandOff<string, null>;
  before: number;
  ids: string[];
  leftAfter: (days: number) => Promise<number>;
  close: () => Promise<void>;
}> {
  const dataDir = temporaryDirectory();
  const ledger = await openEmbeddedLedger(dataDir);
  const receiver = new Receiver();
  const handOff = handOffTo(dataDir, receiver, choices);
  const log = openLog(dataDir, { nowWallMs: baseMs, rotateBytes: 10_000 });
  await handOff.step();
  receiver.isAway = isAway;
  const ids = idsOf('a', 150);
  ends(log, ids);
  log.alive(baseMs);
  log.flush();
  await drain(handOff).catch(() => {});
  const writer = writerBeside(dataDir, ledger, [handOff]);
  await writer.drain();
  return {
    ...{ dataDir, receiver, handOff, ids, before: segmentFiles(dataDir).length },
    leftAfter: async (days) => {
      await writer.drain();
      await writer.removeOld(Date.now() + days * dayMs, 0);
      return segmentFiles(dataDir).length;
    },
    close: async () => {
      await handOff.close();
      writer.close();
      log.close(baseMs);
      await ledger.close();
    },
  };
}

test('segments stay until they are handed off, and then go', async () => {
  const kept = await keptLog({ keepDays: 0 }, true);
  assert.ok(kept.before > 3, `${kept.before} segments`);
  assert.equal(await kept.leftAfter(300), kept.before);
  kept.receiver.isAway = false;
  await drain(kept.handOff);
  assert.ok((await kept.leftAfter(300)) <= 2);
  assert.deepEqual(kept.receiver.taken, kept.ids);
  await kept.close();
});

test('a hand-off that is off keeps nothing; one of which nothing is known yet keeps all', async () => {
  const kept = await keptLog({}, true);
  const unknown = new HandOff({
    dataDir: kept.dataDir,
    target: new Receiver('files'),
    keepDays: () => 7,
    onUnusable: () => {},
    onLost: () => {},
  });
  const [set, segment] = [{ id: 'x', directory: kept.dataDir }, undefined as never];
  assert.equal(unknown.needs(set, { segment, isLast: false, ageMs: 9e15 }), true);
  kept.handOff.want(null);
  assert.ok((await kept.leftAfter(2)) <= 2);
  await kept.handOff.step();
  assert.equal(fs.existsSync(path.join(kept.dataDir, 'hand-off', 'push.json')), false);
  await kept.close();
});

test('after the days of the parameter the log goes; what is lost is counted, the rest is handed off', async () => {
  const lost: { file: string; records: number; reason: string }[] = [];
  const kept = await keptLog({ keepDays: 7, lost }, true);
  assert.equal(await kept.leftAfter(6), kept.before);
  const left = await kept.leftAfter(8);
  assert.ok(left <= 2, `${left} segments`);
  const { lost: lostRecords, queue } = kept.handOff.figures(baseMs)!;
  assert.ok(lostRecords > 50);
  assert.equal(
    lost.reduce((sum, { records }) => sum + records, 0),
    lostRecords,
  );
  assert.match(lost[0]!.reason, /older than 7 days/);
  assert.ok(queue.records > 0);
  kept.receiver.isAway = false;
  await drain(kept.handOff);
  assert.deepEqual(kept.receiver.taken, kept.ids.slice(lostRecords));
  assert.deepEqual(kept.handOff.figures(baseMs)!.queue, { records: 0, bytes: 0, oldestMs: 0 });
  await kept.close();
});

test('a disk that runs full keeps the log for the calls, not for a hand-off', async () => {
  const choices: Choices = { keepDays: 0, freeShare: 0.2, lost: [] };
  const kept = await keptLog(choices, true);
  assert.equal(await kept.leftAfter(2), kept.before);
  choices.freeShare = 0.05;
  assert.ok((await kept.leftAfter(2)) <= 2);
  assert.match(choices.lost![0]!.reason, /runs full/);
  await kept.close();
});
