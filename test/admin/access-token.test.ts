// The administrator's token: one for a data directory however many ask at once, readable by its owner.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  bearerToken,
  mintAdminToken,
  readAdminToken,
  tokenCheck,
  tokenFileIsOpen,
} from '../../admin/access/token.ts';

const run = promisify(execFile);
const tokenModule = new URL('../../admin/access/token.js', import.meta.url).href;

describe('admin token', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'tandem-token-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('is minted once, with mode 0600', () => {
    assert.equal(readAdminToken(dataDir), undefined);
    const token = mintAdminToken(dataDir);
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(mintAdminToken(dataDir), token);
    assert.equal(readAdminToken(dataDir), token);
    assert.equal(statSync(join(dataDir, 'admin-token')).mode & 0o777, 0o600);
    assert.equal(tokenFileIsOpen(dataDir), false);
    chmodSync(join(dataDir, 'admin-token'), 0o644);
    assert.equal(tokenFileIsOpen(dataDir), true);
  });

  it('is the same for all processes that start at once, and leaves nothing beside it', async () => {
    const script = `import(${JSON.stringify(tokenModule)}).then((m) => console.log(m.mintAdminToken(process.argv[1])))`;
    const outputs = await Promise.all(
      Array.from({ length: 6 }, () => run(process.execPath, ['-e', script, dataDir])),
    );
    const tokens = new Set(outputs.map(({ stdout }) => stdout.trim()));
    assert.deepEqual([...tokens], [readAdminToken(dataDir)]);
    assert.deepEqual(readdirSync(dataDir), ['admin-token']);
  });

  it('is refused where the file holds something else', () => {
    writeFileSync(join(dataDir, 'admin-token'), 'short\n');
    assert.throws(() => mintAdminToken(dataDir), /expected a token/);
  });

  it('matches itself alone', () => {
    const matches = tokenCheck('a'.repeat(43));
    assert.equal(matches('a'.repeat(43)), true);
    for (const guess of ['', 'a', 'a'.repeat(42), 'a'.repeat(44), 'b'.repeat(43), 'ä'.repeat(43)]) {
      assert.equal(matches(guess), false);
    }
  });

  it('is taken from a Bearer header', () => {
    assert.equal(bearerToken('Bearer abc'), 'abc');
    assert.equal(bearerToken('bearer  abc '), 'abc');
    for (const header of ['', 'Bearer', 'Basic abc', 'abc', 'BearerX abc']) {
      assert.equal(bearerToken(header), '');
    }
  });
});
