// The admin process itself: what it writes, and when it ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { forkAdmin } from './forked-admin.ts';

describe('admin process', () => {
  it('writes its address and a token that only its owner can read, and stops when asked', async () => {
    const admin = await forkAdmin();
    const urlFile = join(admin.dataDir, 'admin-url');
    const tokenFile = join(admin.dataDir, 'admin-token');
    try {
      assert.equal(readFileSync(urlFile, 'utf8'), `${admin.url}\n`);
      assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
      const token = readFileSync(tokenFile, 'utf8').trim();
      const response = await fetch(`${admin.url}/api/v1/status`, {
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(response.status, 200);
      await response.body?.cancel();
      const ended = once(admin.child, 'exit');
      admin.say({ kind: 'stop' });
      assert.deepEqual(await ended, [0, null]);
      assert.equal(existsSync(urlFile), false);
      assert.equal(existsSync(tokenFile), true);
    } finally {
      await admin.close();
    }
  });

  it('ends when the engine is gone', async () => {
    const admin = await forkAdmin();
    try {
      const ended = once(admin.child, 'exit');
      admin.child.disconnect();
      assert.deepEqual(await ended, [0, null]);
    } finally {
      await admin.close();
    }
  });

  it('does not run by hand', async () => {
    const program = fileURLToPath(new URL('../../admin/main.js', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [2, null]);
  });
});
