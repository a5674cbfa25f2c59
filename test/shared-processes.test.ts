// Which files share a process, and that one file's fault stays its own there: on small test files of our
// own, in a folder that stands for the compiled tests.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { partsOfRun, shareProcesses, type TestProcess } from './shared-processes.ts';

const texts = {
  'call/plain.test.js': `import { it } from 'node:test';\nit('is plain', () => {});`,
  'call/hooked.test.js': `import { afterEach, it } from 'node:test';
let tests = 0;
afterEach(() => { tests++; });
it('is first', () => {});
it('counts its own alone', (test) => { if (tests !== 1) throw new Error(String(tests)); });`,
  'call/faulty.test.js': `import assert from 'node:assert/strict';
import { it } from 'node:test';
it('is wrong', () => assert.equal(1, 2));`,
  'call/broken.test.js': `throw new Error('does not load');`,
  'engine/through.test.js': `import { it } from 'node:test';\nimport { port } from '../doubles/port.js';`,
  'doubles/port.js': `import {\n  createServer,\n} from 'node:net';\nexport const port = createServer;`,
  'engine/child.test.js': `import { it } from 'node:test';\nnew URL('./child.js', import.meta.url);`,
  'engine/child.js': `import 'node:child_process';`,
  'engine/late.test.js': `const fs = await import('node:fs');`,
  'engine/named.test.js': `const name = './late.test.js';\nawait import(name);`,
  'scenario/long.test.js': `import 'node:dgram';`,
  'settings/short.test.js': `import 'node:fs';`,
};

describe('shared processes', () => {
  let folder: string;
  let processes: TestProcess[];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-shared-'));
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const files = Object.keys(texts).filter((name) => name.endsWith('.test.js'));
    processes = shareProcesses(
      folder,
      files.map((name) => join(folder, name)),
      folder,
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are for files that reach nothing but the language, over all they import', () => {
    assert.deepEqual(
      processes.flatMap(({ files }) => files),
      ['call/plain.test.js', 'call/hooked.test.js', 'call/faulty.test.js', 'call/broken.test.js'],
    );
    const alone = processes.filter(({ files }) => files.length === 0);
    assert.deepEqual(
      alone.map(({ entry }) => entry.slice(folder.length + 1)),
      [
        'engine/through.test.js',
        'engine/child.test.js',
        'engine/late.test.js',
        'engine/named.test.js',
        'scenario/long.test.js',
        'settings/short.test.js',
      ],
    );
  });

  it('come after the whole-system files and the long ones', () => {
    const parts = partsOfRun(folder, processes).map((part) => ({
      ...part,
      processes: part.processes.map(({ entry }) => entry.slice(folder.length + 1)),
    }));
    assert.deepEqual(parts, [
      { processes: ['scenario/long.test.js'], atOnce: 2 },
      {
        processes: [
          'engine/through.test.js',
          'engine/child.test.js',
          'engine/late.test.js',
          'engine/named.test.js',
          'shared-1.test.mjs',
          'settings/short.test.js',
        ],
        atOnce: 3,
      },
    ]);
  });

  it('report each file by its name, keep its hooks to it, and go on after one that fails', async () => {
    const { entry } = processes.at(-1)!;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const output = await new Promise<string>((resolve) => {
      const arguments_ = ['--test-reporter=tap', entry];
      execFile(process.execPath, arguments_, { env }, (error, stdout) => {
        assert.equal(error?.code, 1);
        resolve(stdout);
      });
    });
    const top = output.split('\n').filter((line) => /^(?:not )?ok /.test(line));
    assert.deepEqual(top, [
      'ok 1 - call/plain.test.js',
      'ok 2 - call/hooked.test.js',
      'not ok 3 - call/faulty.test.js',
      'not ok 4 - call/broken.test.js',
    ]);
    assert.match(output, /^# tests 4$/m);
    assert.match(output, /does not load/);
  });
});
