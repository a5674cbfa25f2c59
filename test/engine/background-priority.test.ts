// The nice value of one thread, and of a whole process, as the kernel shows it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { lowerProcessPriority } from '../../workers/background-priority.ts';

const linuxOnly = {
  skip: process.platform !== 'linux' && 'nice values belong to threads on Linux',
};
const background = 10;

it('a thread that goes behind the calls leaves the others where they are', linuxOnly, async () => {
  const before = getPriority();
  const module = new URL('../../workers/background-priority.js', import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(module)}).then(({ lowerThreadPriority }) => {
      lowerThreadPriority();
      require('node:worker_threads').parentPort.postMessage(require('node:os').getPriority());
    });`,
    { eval: true },
  );
  const [lowered] = await once(worker, 'message');
  assert.equal(lowered, Math.max(before, background));
  assert.equal(getPriority(), before);
});

it('a process goes behind the calls with every thread', linuxOnly, async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("up")']);
  try {
    await once(child.stdout, 'data');
    lowerProcessPriority(child.pid!);
    const threads = readdirSync(`/proc/${child.pid}/task`).map(Number);
    assert.ok(threads.length > 1, 'V8 has threads of its own');
    for (const thread of threads) assert.ok(getPriority(thread) >= background, `thread ${thread}`);
  } finally {
    child.kill();
  }
});

it(
  'a command that may take long goes behind the calls before it does anything',
  linuxOnly,
  async () => {
    for (const [command, nice] of [
      ['apply', background],
      ['status', getPriority()],
    ] as const) {
      const module = new URL('../../admin/cli/behind-calls.js', import.meta.url).href;
      const code = `process.argv.splice(2, 0, '${command}');
      import(${JSON.stringify(module)}).then(() => console.log(require('node:os').getPriority()));`;
      const child = spawn(process.execPath, ['-e', code, 'x']);
      const [text] = (await once(child.stdout, 'data')) as [Buffer];
      assert.equal(Number(text.toString()), nice, command);
      await once(child, 'exit');
    }
  },
);

it('a process that has ended is no fault', linuxOnly, async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  lowerProcessPriority(child.pid!);
});
