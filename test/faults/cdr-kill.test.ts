import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { queryCdrs } from '../../workers/cdr/query-cdrs.ts';
import { recoverCdrLog } from '../../workers/cdr/recover-log.ts';
import { readFrames } from '../cdr/log-under-test.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';
import { assertBooks } from './audited-ledger.ts';

/** Lets a child write until it has told of `lines` records, then kills it; answers what it told. */
async function writeAndKill(directory: string, run: number, lines: number): Promise<string[]> {
  const script = path.join(import.meta.dirname, 'cdr-kill-child.js');
  const child = spawn(process.execPath, [script, directory, `r${run}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  let killed = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (!killed && told.length > lines * 8) {
      killed = true;
      process.kill(child.pid!, 'SIGKILL');
    }
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
  return told.split('\n').slice(0, -1);
}

test('kill -9 at any point: every record that was acknowledged is there, every call ends once', async () => {
  const directory = temporaryDirectory();
  const told = { up: new Set<string>(), end: new Set<string>() };
  let recovered = 0;
  for (let run = 0; run < 8; run++) {
    for (const line of await writeAndKill(directory, run, 150 + 777 * run)) {
      const [kind, id] = line.split(' ');
      told[kind as 'up' | 'end'].add(id!);
    }
    const report = recoverCdrLog({ directory, node: 'edge-1', nowWallMs: Date.now() });
    recovered += report.calls.length;
  }
  assert.ok(told.end.size > 1_000, `${told.end.size} ends told`);
  const answered = new Set<string>();
  const ends = new Map<string, number>();
  for (const frame of readFrames(directory)) {
    if (frame.kind === 'answer') answered.add(frame.answer.cdr.id);
    if (frame.kind === 'end') ends.set(frame.cdr.id, (ends.get(frame.cdr.id) ?? 0) + 1);
  }
  for (const id of told.up) assert.ok(answered.has(id), `answer of ${id}`);
  for (const id of told.end) assert.ok(ends.has(id), `end of ${id}`);
  assert.deepEqual([...ends.keys()].sort(), [...answered].sort());
  assert.ok([...ends.values()].every((count) => count === 1));
  assert.ok(recovered >= 8 * 43, `${recovered} calls recovered`);
  await assertBooks(directory, ends.size);
});

test('a reader beside a writing process sees every CDR that was acknowledged, in order, without gaps', async () => {
  const directory = temporaryDirectory();
  const script = path.join(import.meta.dirname, 'cdr-kill-child.js');
  const child = spawn(process.execPath, [script, directory, 'r'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close');
  let ends = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ends += text.split('end ').length - 1;
  });
  try {
    await once(child.stdout, 'data');
    // Long enough for several segments.
    for (let seen = 0; seen < 4_000; ) {
      const acknowledged = ends;
      seen = 0;
      for await (const cdr of queryCdrs({ directory })) assert.equal(cdr.id, `r-${seen++}`);
      assert.ok(seen >= acknowledged, `${seen} seen, ${acknowledged} acknowledged`);
    }
  } finally {
    process.kill(child.pid!, 'SIGKILL');
    await exited;
  }
});
