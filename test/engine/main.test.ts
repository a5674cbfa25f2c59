// The process: its ready line, its exit codes, a second start on the same directory.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../workers/main.js', import.meta.url));
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
});

interface Started {
  child: ChildProcess;
  /** The first line of its output; undefined when it ended without one. */
  ready: Promise<string | undefined>;
  errors: () => string;
  exit: Promise<number | null>;
}

function start(...args: string[]): Started {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const ready = new Promise<string | undefined>((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes('\n')) resolve(output.split('\n')[0]);
    });
    void exit.then(() => resolve(undefined));
  });
  return { child, ready, errors: () => errors, exit };
}

function nodeFile(text: string): { file: string; dataDir: string } {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-main-'));
  const file = join(directory, 'node.yaml');
  writeFileSync(file, text);
  return { file, dataDir: join(directory, 'data') };
}

const quiet = `
node: child-1
sip: { listen: ["udp://127.0.0.1:0"] }
workers: { calls: 1 }
admin: { listen: "http://127.0.0.1:0" }
`;

test('a node prints its ready line, refuses a second one, and drains at SIGTERM', async () => {
  const { file, dataDir } = nodeFile(quiet);
  const first = start('--config', file, '--data', dataDir);
  const ready = await first.ready;
  assert.match(
    ready ?? first.errors(),
    /^ready node=child-1 sip=udp:\/\/127\.0\.0\.1:\d+ admin=http:\/\/127\.0\.0\.1:\d+$/,
  );
  const second = start('--config', file, '--data', dataDir);
  assert.equal(await second.exit, 2);
  assert.match(second.errors(), /another node is running on it/);
  first.child.kill('SIGTERM');
  assert.equal(await first.exit, 0);
});

test('no process of a node has the password of the database on its command line', async () => {
  const { file, dataDir } = nodeFile(
    `${quiet}mysql: { url: "mysql://tandem:hunter-2@127.0.0.1:1/tandem" }\n`,
  );
  const node = start('--config', file, '--data', dataDir);
  assert.match((await node.ready) ?? node.errors(), /^ready /);
  const commands = commandLines();
  assert.ok(commands.some((command) => command.includes(dataDir)));
  assert.deepEqual(
    commands.filter((command) => command.includes('hunter-2')),
    [],
  );
});

/** Of every process of the machine. */
function commandLines(): string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'latin1');
    } catch {
      return ''; // it has ended
    }
  });
}

test('a taken admin port ends with 2 and names admin.listen', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const { file, dataDir } = nodeFile(quiet.replace('127.0.0.1:0" }\n', `127.0.0.1:${port}" }\n`));
  const { exit, errors } = start('--config', file, '--data', dataDir);
  assert.equal(await exit, 2);
  const expected = `admin.listen: http://127.0.0.1:${port}: expected a free port`;
  assert.ok(errors().includes(expected), errors());
  holder.close();
});

test('a bad node file ends with 2 and names the key', async () => {
  const { file, dataDir } = nodeFile('drainSeconds: soon\n');
  const { exit, errors } = start('--config', file, '--data', dataDir);
  assert.equal(await exit, 2);
  assert.match(errors(), /node\.yaml: drainSeconds: "soon": expected /);
});
