// Started by cdr-kill.test.ts: answers and ends calls for ever, and tells on standard output, after each
// flush, what is in the log by then. Lines: "up ID" and "end ID".
import fs from 'node:fs';
import type { AnswerRecord } from '../../core/cdr/cdr.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { billedAnswer, endOf } from '../cdr/sample-records.ts';

const directory = process.argv[2]!;
const run = process.argv[3]!;
const log = openLog(directory, { nowWallMs: Date.now(), rotateBytes: 300_000, syncMs: 20 });
const up: AnswerRecord[] = [];
let calls = 0;

function batch(): void {
  let lines = '';
  for (let index = 0; index < 8; index++) {
    const answer = billedAnswer(`${run}-${calls++}`, Date.now());
    up.push(answer);
    log.recordAnswer(answer);
    lines += `up ${answer.cdr.id}\n`;
    if (up.length > 50) {
      const ending = up.shift()!;
      log.recordEnd(endOf(ending, Date.now()));
      lines += `end ${ending.cdr.id}\n`;
    }
  }
  log.tick(performance.now(), Date.now());
  if (!log.flush()) throw new Error(log.failure);
  fs.writeSync(1, lines);
  setImmediate(batch);
}
batch();
