// The lock and the format of the data directory.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeRuns, openDataDirectory } from '../../workers/data-directory.ts';
import { StartRefused } from '../../workers/start-refused.ts';

const fresh = (): string => mkdtempSync(join(tmpdir(), 'tandem-dir-'));

function inUse(error: unknown): boolean {
  assert.ok(error instanceof StartRefused);
  assert.equal(error.code, 'TANDEM_DATA_DIRECTORY_IN_USE');
  assert.equal(error.exitCode, 2);
  return true;
}

test('a second node on the same directory is refused until the first has closed', async () => {
  const path = fresh();
  assert.equal(await nodeRuns(path), false);
  const first = await openDataDirectory(path);
  assert.equal(await nodeRuns(path), true);
  await assert.rejects(openDataDirectory(path), inUse);
  await first.close();
  assert.equal(await nodeRuns(path), false);
  const second = await openDataDirectory(path);
  await second.close();
});

test('the lock of a node that died is taken over', async () => {
  const path = fresh();
  const lock = join(path, 'lock');
  // A file in the lock's place that nobody answers at, as a killed process leaves it.
  await new Promise<void>((resolve) => {
    const server = createServer().listen(`${lock}.other`, () => {
      server.close(() => resolve());
    });
  });
  writeFileSync(lock, '');
  const directory = await openDataDirectory(path);
  assert.equal(await nodeRuns(path), true);
  await directory.close();
  assert.deepEqual(
    readdirSync(path).filter((name) => name.startsWith('lock')),
    [],
  );
});

test('of many that start at once over a stale lock exactly one runs', async () => {
  const path = fresh();
  writeFileSync(join(path, 'lock'), '');
  const starts = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDirectory(path)));
  const running = starts.filter((start) => start.status === 'fulfilled');
  assert.equal(running.length, 1);
  await running[0]!.value.close();
});

test('a path longer than a socket address holds works', {
  skip: process.platform !== 'linux',
}, async () => {
  const path = join(fresh(), 'd'.repeat(120));
  mkdirSync(path);
  const first = await openDataDirectory(path);
  await assert.rejects(openDataDirectory(path), inUse);
  assert.equal(await nodeRuns(path), true);
  await first.close();
});

test('a directory of another format is refused, and left as it is', async () => {
  const path = fresh();
  const directory = await openDataDirectory(path);
  await directory.close();
  writeFileSync(join(path, 'format'), '2\n');
  await assert.rejects(openDataDirectory(path), /format 2: expected 1/);
  assert.equal(readFileSync(join(path, 'format'), 'utf8'), '2\n');
  assert.equal(await nodeRuns(path), false);
});

test('a directory that cannot be made is refused', async () => {
  const file = join(fresh(), 'file');
  writeFileSync(file, '');
  await assert.rejects(openDataDirectory(join(file, 'below')), /cannot be made/);
});
