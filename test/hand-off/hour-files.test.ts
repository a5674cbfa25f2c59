// Hourly files of CDRs: every line once whatever fails between two steps, and a finished hour is whole.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { CdrLog } from '../../workers/cdr/cdr-log.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { defaultWriterParameters, type WriterParameters } from '../../workers/cdr/row-rules.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';
import { HandOff } from '../../workers/hand-off/hand-off.ts';
import {
  graceMs,
  HourFiles,
  type HourFilesState,
  type HourLine,
} from '../../workers/hand-off/hour-files.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { failedCdr, sampleAnswer, sampleCdr, temporaryDirectory } from '../cdr/sample-records.ts';
import { HourDirectory } from './hour-directory.ts';

const kolkata = zoneOffsets('Asia/Kolkata');
/** 08:30 in Kolkata. */
const startMs = Date.parse('2026-01-31T03:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

class Stage {
  readonly dataDir = temporaryDirectory();
  readonly files = new HourDirectory(path.join(this.dataDir, 'out'));
  parameters: WriterParameters = { ...defaultWriterParameters, SS_CDR_RECORD_TO_FILE: true };
  nowWallMs = startMs;
  zone = kolkata;
  readonly unusable: string[] = [];
  handOff: HandOff<HourLine, HourFilesState> = this.open();

  /** As after a kill -9: nothing is closed, all is read from what is on the disk. */
  open(): HandOff<HourLine, HourFilesState> {
    this.handOff = new HandOff({
      dataDir: this.dataDir,
      target: new HourFiles({
        fileSystem: this.files,
        zone: () => this.zone,
        parameters: () => this.parameters,
        nowWallMs: () => this.nowWallMs,
      }),
      keepDays: () => 7,
      onUnusable: ({ reason }) => this.unusable.push(reason),
      onLost: () => {},
    });
    this.handOff.want({ since: 1 });
    return this.handOff;
  }

  async drain(): Promise<void> {
    while ((await this.handOff.step()) === 'more');
  }
}

function end(log: CdrLog, id: string, endedAt: number): void {
  log.recordEnd(sampleCdr(id, { endedAt }));
  log.flush();
}

test('an hour is a part until it is over, then a file of its own, by the clock of the node', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  end(log, 'b', startMs + 29 * minuteMs);
  end(log, 'c', startMs + 30 * minuteMs);
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108.txt.part': ['a', 'b'],
    '2026013109.txt.part': ['c'],
  });
  stage.nowWallMs = startMs + 30 * minuteMs + graceMs - 1;
  await stage.drain();
  assert.ok('2026013108.txt.part' in stage.files.lines());
  stage.nowWallMs++;
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108.txt': ['a', 'b'],
    '2026013109.txt.part': ['c'],
  });
  const { mode } = fs.statSync(path.join(stage.files.directory, '2026013108.txt'));
  assert.equal(mode & 0o007, 0, "CDRs are nobody else's business");
  log.close(startMs);
});

test('the hour that a clock repeats is one file, open until its second end', async () => {
  const stage = new Stage();
  stage.zone = zoneOffsets('Europe/London');
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  const summerMs = Date.parse('2026-10-25T00:30:00Z');
  end(log, 'summer', summerMs);
  stage.nowWallMs = summerMs + 45 * minuteMs;
  await stage.drain();
  end(log, 'winter', summerMs + hourMs);
  stage.nowWallMs = summerMs + hourMs;
  await stage.drain();
  assert.deepEqual(stage.files.lines(), { '2026102501.txt.part': ['summer', 'winter'] });
  stage.nowWallMs = Date.parse('2026-10-25T02:00:00Z') + graceMs;
  await stage.drain();
  assert.deepEqual(stage.files.lines(), { '2026102501.txt': ['summer', 'winter'] });
  log.close(startMs);
});

test('a finished file is never changed: what comes late has a file of its own', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  stage.nowWallMs = startMs + hourMs;
  await stage.drain();
  end(log, 'late', startMs + 1);
  await stage.drain();
  end(log, 'later', startMs + 2);
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108-1.txt': ['late'],
    '2026013108-2.txt': ['later'],
    '2026013108.txt': ['a'],
  });
  log.close(startMs);
});

test('a file that is there is never overwritten, and a part that was taken away is handed off', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  await stage.drain();
  fs.writeFileSync(path.join(stage.files.directory, '2026013108.txt'), 'x|theirs\n');
  stage.nowWallMs = startMs + hourMs;
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108-1.txt': ['a'],
    '2026013108.txt': ['theirs'],
  });
  end(log, 'b', startMs + hourMs);
  await stage.drain();
  fs.rmSync(path.join(stage.files.directory, '2026013109.txt.part'));
  end(log, 'c', startMs + hourMs);
  await stage.drain();
  assert.deepEqual(stage.files.lines()['2026013109-2.txt.part'], ['c']);
  log.close(startMs);
});

test('a directory that is gone or full holds the lines up, loses none and doubles none', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  await stage.drain();
  end(log, 'b', startMs);
  stage.files.tornBytes = 20;
  await assert.rejects(stage.drain(), /ENOSPC/);
  assert.deepEqual(
    { ...stage.handOff.figures(startMs + 5000), to: '' },
    {
      ...{ to: '', state: 'away', reason: 'ENOSPC: injected', records: 1, setAside: 0, lost: 0 },
      queue: { records: 1, bytes: stage.handOff.figures(startMs)!.queue.bytes, oldestMs: 5000 },
    },
  );
  end(log, 'c', startMs);
  assert.equal(stage.handOff.figures(startMs)!.queue.records, 2, 'the queue is the log');
  stage.files.failure = 'EROFS';
  await assert.rejects(stage.drain(), /EROFS/);
  stage.files.failure = '';
  fs.renameSync(stage.files.directory, `${stage.files.directory}-away`);
  await assert.rejects(stage.drain(), /ENOENT/);
  fs.renameSync(`${stage.files.directory}-away`, stage.files.directory);
  await stage.drain();
  assert.deepEqual(stage.files.lines(), { '2026013108.txt.part': ['a', 'b', 'c'] });
  const { state, queue } = stage.handOff.figures(startMs)!;
  assert.deepEqual([state, queue], ['up', { records: 0, bytes: 0, oldestMs: 0 }]);
  log.close(startMs);
});

test('what a killed node had half written is overwritten, and half a finish is finished', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  await stage.drain();
  end(log, 'b', startMs);
  stage.files.tornBytes = 33;
  await assert.rejects(stage.drain());
  // The hour ends while the node is down: the torn line goes with the finish, and is written behind it.
  stage.nowWallMs = startMs + hourMs;
  stage.open();
  await stage.drain();
  assert.deepEqual(stage.files.lines(), { '2026013108.txt': ['a', 'b'] });
  end(log, 'c', startMs + hourMs);
  stage.nowWallMs = startMs + 2 * hourMs;
  stage.files.diesAfterFinish = true;
  await assert.rejects(stage.drain(), /killed/);
  end(log, 'd', startMs + hourMs);
  stage.open();
  await stage.drain();
  const { '2026013108.txt': before, '2026013109.txt': first, ...late } = stage.files.lines();
  assert.deepEqual([before, first], [['a', 'b'], ['c']]);
  assert.deepEqual(Object.values(late), [['d']]);
  log.close(startMs);
});

test('unanswered calls, and those without rows, are in the files as the parameters say', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  const write = (name: string): void => {
    log.recordEnd(failedCdr(`${name}-busy`, startMs));
    log.recordEnd(sampleCdr(`${name}-free`, { endedAt: startMs, calleeAccess: '800555' }));
    log.recordEnd(sampleCdr(`${name}-ours`, { endedAt: startMs, endedBy: 'server' }));
    end(log, `${name}-plain`, startMs);
  };
  write('1');
  await stage.drain();
  stage.parameters = {
    ...stage.parameters,
    SS_CDR_RECORD_NONCONNECT: true,
    SERVER_BILLING_NO_CDR_E164S: ['800*'],
    SERVER_BILLING_RECORD_SERVER_HANG_UP: false,
  };
  write('2');
  await stage.drain();
  stage.parameters = { ...stage.parameters, SERVER_BILLING_RECORD_ZERO_HOLD_TIME: false };
  write('3');
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108.txt.part': ['1-free', '1-ours', '1-plain', '2-busy', '2-plain', '3-plain'],
  });
  log.close(startMs);
});

test('a record that cannot be a line is passed over and told of', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  end(log, 'odd', Number.NaN);
  end(log, 'b', startMs);
  await stage.drain();
  assert.deepEqual(stage.files.lines(), { '2026013108.txt.part': ['a', 'b'] });
  assert.equal(stage.unusable.length, 1);
  assert.equal(stage.handOff.figures(startMs)!.setAside, 1);
  log.close(startMs);
});

test('finished files beyond SERVER_CDR_FILE_WRITE_MAX go, the oldest first, and nothing else', async () => {
  const stage = new Stage();
  stage.parameters = { ...stage.parameters, SERVER_CDR_FILE_WRITE_MAX: 2 };
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  fs.mkdirSync(stage.files.directory);
  fs.writeFileSync(path.join(stage.files.directory, 'notes.txt'), '');
  for (let hour = 0; hour < 5; hour++) {
    end(log, `h${hour}`, startMs + hour * hourMs);
    stage.nowWallMs = startMs + hour * hourMs;
    await stage.drain();
  }
  assert.deepEqual(Object.keys(stage.files.lines()), [
    '2026013110.txt',
    '2026013111.txt',
    '2026013112.txt.part',
    'notes.txt',
  ]);
  log.close(startMs);
});

test('turned off, the hour is finished; turned on again, it begins with calls that end from then on', async () => {
  const stage = new Stage();
  const log = openLog(stage.dataDir, { nowWallMs: startMs });
  end(log, 'a', startMs);
  await stage.drain();
  stage.handOff.want(null);
  assert.equal(await stage.handOff.step(), 'off');
  assert.equal(stage.handOff.figures(startMs), null);
  assert.deepEqual(stage.files.lines(), { '2026013108.txt': ['a'] });
  end(log, 'unheard', startMs + 1000);
  await stage.handOff.step();
  stage.handOff.want({ since: startMs + 2000 });
  end(log, 'b', startMs + 2000);
  await stage.drain();
  // Only once: a clock that goes back keeps no call out.
  end(log, 'c', startMs + 1500);
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108.txt': ['a'],
    '2026013108.txt.part': ['b', 'c'],
  });
  stage.nowWallMs = startMs + hourMs;
  await stage.drain();
  assert.deepEqual(stage.files.lines(), {
    '2026013108-1.txt': ['b', 'c'],
    '2026013108.txt': ['a'],
  });
  log.close(startMs);
});

/** What may happen to a node, its directory and its calls. */
const happenings = {
  call: (life: Life) => life.end(`c${life.turn}`),
  look: () => {},
  torn: ({ stage, turn }: Life) => {
    stage.files.tornBytes = (turn * 37) % 150;
  },
  full: ({ stage }: Life) => {
    stage.files.failure = 'ENOSPC';
  },
  back: ({ stage }: Life) => {
    stage.files.failure = '';
  },
  dieAtFinish: ({ stage }: Life) => {
    stage.files.diesAfterFinish = true;
  },
  time: ({ stage }: Life) => {
    stage.nowWallMs += 25 * minuteMs;
  },
  kill: ({ stage }: Life) => {
    stage.open();
  },
  crash: (life: Life) => life.crash(),
};

class Life {
  readonly stage = new Stage();
  readonly expected: string[] = [];
  turn = 0;
  log: CdrLog = this.#openLog();

  end(id: string): void {
    end(this.log, id, this.stage.nowWallMs);
    this.expected.push(id);
  }

  /** With a call that is up, which recovery ends. */
  crash(): void {
    const { stage, turn } = this;
    this.log.recordAnswer(sampleAnswer(`up${turn}`, stage.nowWallMs));
    this.log.flush();
    this.expected.push(`up${turn}`);
    recoverCdrLog({ directory: stage.dataDir, node: 'edge-1', nowWallMs: startMs + turn });
    this.log = this.#openLog();
    stage.open();
  }

  #openLog(): CdrLog {
    const { dataDir } = this.stage;
    return openLog(dataDir, { nowWallMs: startMs + this.turn, rotateBytes: 4000 });
  }
}

test('property: deaths and failures anywhere leave every line exactly once', async () => {
  const names = Object.keys(happenings) as (keyof typeof happenings)[];
  const anyStory = fc.array(fc.constantFrom(...names), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(anyStory, async (story) => {
      const life = new Life();
      const { stage } = life;
      for (const name of story) {
        life.turn++;
        happenings[name](life);
        if (name !== 'call') await stage.handOff.step().catch(() => {});
      }
      happenings.back(life);
      stage.files.tornBytes = undefined;
      stage.files.diesAfterFinish = false;
      stage.nowWallMs += hourMs * 2;
      await stage.drain();
      const lines = stage.files.lines();
      const parts = Object.keys(lines).filter((name) => !name.endsWith('.txt'));
      assert.deepEqual(parts, []);
      assert.deepEqual(Object.values(lines).flat().sort(), life.expected.sort());
      life.log.close(startMs);
      fs.rmSync(stage.dataDir, { recursive: true });
    }),
    { numRuns: 60 },
  );
});
