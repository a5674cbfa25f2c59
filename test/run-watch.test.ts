// The watch over a run, on real processes: this one stands for the runner, a shell for a test file.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { createRunWatch } from './run-watch.ts';

/** A shell named like a test file, with a program of its own; resolves with that program's number. */
async function startFile(script: string): Promise<{ file: ChildProcess; program: number }> {
  const file = spawn('sh', ['-c', script, 'stands.test.js'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(file.stdout!, 'data')) as [Buffer];
  return { file, program: Number(line.toString()) };
}

function open(): { look: (nowMs: number) => number; said: string[] } {
  const said: string[] = [];
  const watch = createRunWatch({
    runnerPid: process.pid,
    longMs: 60_000,
    killMs: 200_000,
    say: (line) => said.push(line),
  });
  return { look: watch.look, said };
}

it('names a file that runs long with its programs, and kills both over time', async () => {
  const { file, program } = await startFile('sleep 600 & echo $!; wait');
  const gone = once(file, 'exit');
  // the pipe closes once nobody holds it: the program has ended too
  const released = once(file, 'close');
  const { look, said } = open();
  look(0);
  look(59_999);
  assert.deepEqual(said, []);
  look(60_000);
  look(61_000);
  assert.deepEqual(said.splice(0), [
    `still running after 60 s: stands.test.js (process ${file.pid}; its programs: sleep ${program})`,
  ]);
  look(120_000);
  assert.equal(said.splice(0).length, 1);
  look(200_001);
  assert.match(said.join('\n'), /^killed after 200 s: stands\.test\.js /);
  assert.deepEqual(await gone, [null, 'SIGKILL']);
  await released;
});

it('kills what a file left behind', async () => {
  const { file, program } = await startFile('sleep 600 & echo $!; wait');
  const gone = once(file, 'exit');
  const released = once(file, 'close');
  const { look, said } = open();
  assert.equal(look(0), 1);
  file.kill('SIGTERM');
  await gone;
  assert.equal(look(1000), 0);
  assert.deepEqual(said, [
    `left running by stands.test.js, killed: sleep 600 (process ${program})`,
  ]);
  await released;
  look(2000);
  assert.equal(said.length, 1);
});
