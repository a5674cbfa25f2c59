// What only the file store has: frames torn by a crash, damage, compaction, and locks of the dead.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { withFileLock } from '../../native-free/file-lock.ts';
import { openMemoryStore } from '../../native-free/memory-store.ts';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';

let directory: string;
let path: string;

function put(store: ConfigurationStore, key: string, value: Uint8Array): void {
  store.transaction((transaction) => transaction.put(key, value));
}

function text(store: ConfigurationStore, key: string): string | undefined {
  const value = store.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString();
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-memory-store-'));
  path = join(directory, 'config.log');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the file store', () => {
  it('survives a tear at any byte of the last transaction', async () => {
    const store = openMemoryStore(path);
    put(store, 'a', Buffer.from('first'));
    const whole = statSync(path).size;
    store.transaction((transaction) => {
      transaction.put('a', Buffer.from('second'));
      transaction.put('b', Buffer.from('second'));
    });
    await store.close();
    const bytes = readFileSync(path);
    for (let end = whole; end < bytes.length; end++) {
      writeFileSync(path, bytes);
      truncateSync(path, end);
      const torn = openMemoryStore(path);
      assert.equal(text(torn, 'a'), 'first');
      assert.equal(text(torn, 'b'), undefined);
      put(torn, 'c', Buffer.from('after'));
      await torn.close();
      const again = openMemoryStore(path);
      assert.equal(text(again, 'a'), 'first');
      assert.equal(text(again, 'c'), 'after');
      await again.close();
    }
  });

  it('takes nothing from a damaged or absurd frame', async () => {
    const store = openMemoryStore(path);
    put(store, 'a', Buffer.from('value'));
    await store.close();
    appendFileSync(path, Buffer.from('ffffffff00000000', 'hex'));
    appendFileSync(path, Buffer.alloc(64, 0x41));
    const damaged = openMemoryStore(path);
    assert.equal(text(damaged, 'a'), 'value');
    put(damaged, 'b', Buffer.from('value'));
    await damaged.close();
    const again = openMemoryStore(path);
    assert.equal(text(again, 'b'), 'value');
    await again.close();
  });

  it('is rewritten when mostly dead, and other openings follow', async () => {
    const store = openMemoryStore(path);
    const other = openMemoryStore(path);
    const value = Buffer.alloc(1 << 20, 0x61);
    put(store, 'kept', Buffer.from('kept'));
    for (let round = 0; round < 12; round++) put(store, 'large', value);
    assert.ok(statSync(path).size < 8 << 20, `${statSync(path).size} bytes`);
    assert.equal(text(other, 'kept'), 'kept');
    assert.equal(other.get('large')?.length, value.length);
    put(other, 'late', Buffer.from('late'));
    assert.equal(text(store, 'late'), 'late');
    await store.close();
    await other.close();
  });

  it('refuses a transaction inside a transaction', async () => {
    const store = openMemoryStore(path);
    assert.throws(
      () => store.transaction(() => put(store, 'a', Buffer.from('x'))),
      /running already/,
    );
    put(store, 'a', Buffer.from('y'));
    assert.equal(text(store, 'a'), 'y');
    await store.close();
  });
});

describe('the file lock', () => {
  it('is taken over from a process that died', () => {
    const lock = join(directory, 'lock');
    writeFileSync(lock, '4194305 gone');
    assert.equal(
      withFileLock(lock, () => 'done'),
      'done',
    );
    assert.equal(existsSync(lock), false);
  });

  it('is given back when the work throws', () => {
    const lock = join(directory, 'lock');
    assert.throws(() =>
      withFileLock(lock, () => {
        throw new Error('no');
      }),
    );
    assert.equal(existsSync(lock), false);
  });
});
