import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import type { AdminQuestion } from '../../workers/admin-answers.ts';
import { AdminLink } from '../../workers/admin-link.ts';
import type { EngineFigures } from '../../workers/admin-messages.ts';
import { AdminProcess } from '../../workers/admin-process.ts';

/** Listens at once, asks at once, and says by a second question what it was sent, in order. */
const program = `
const heard = [];
process.on('message', (message) => {
  if (message.kind === 'stop') process.exit(0);
  heard.push(message.kind);
  if (message.id === 7) process.send({ kind: 'balance', id: 8, account: heard.join(' ') });
});
process.send({ kind: 'listening', url: 'http://127.0.0.1:1' });
process.send({ kind: 'balance', id: 7, account: 'alpha' });
`;

test('what the admin process asks while the engine comes up is answered once calls are taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-admin-link-'));
  const path = join(folder, 'admin.mjs');
  writeFileSync(path, program);
  const asked: AdminQuestion[] = [];
  let onAskedTwice: () => void = () => {};
  const askedTwice = new Promise<void>((resolve) => {
    onAskedTwice = resolve;
  });
  let isUp = false;
  const link = new AdminLink({
    process: new AdminProcess(path),
    log: pino({ level: 'silent' }),
    start: {
      dataDir: folder,
      listen: 'http://127.0.0.1:0',
      node: 'edge-1',
      version: '0',
      logLevel: 'warn',
      mysqlUrl: '',
      listeners: [],
    },
    answerTo: async (question) => {
      assert.ok(isUp, 'asked before calls are taken');
      if (asked.push(question) === 2) onAskedTwice();
      return null;
    },
    figures: () => {
      assert.ok(isUp, 'figures before calls are taken');
      return {} as EngineFigures;
    },
  });
  try {
    assert.equal(link.url, 'http://127.0.0.1:0');
    assert.equal(await link.listens, 'http://127.0.0.1:1');
    link.tellFigures();
    isUp = true;
    link.callsAreTaken();
    await askedTwice;
    assert.deepEqual(asked, [
      { kind: 'balance', id: 7, account: 'alpha' },
      { kind: 'balance', id: 8, account: 'start figures answer' },
    ]);
  } finally {
    await link.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
