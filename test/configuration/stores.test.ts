// One suite for both configuration stores: LMDB, and the file that stands in for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ConfigurationStore } from '../../workers/configuration/configuration-store.ts';
import {
  openConfigurationStore,
  type StoreKind,
  storeFormat,
} from '../../workers/configuration/open-store.ts';

const writer = fileURLToPath(new URL('./store-writer.js', import.meta.url));

for (const kind of ['lmdb', 'file'] satisfies StoreKind[]) {
  describe(`the configuration store on ${kind}`, () => {
    let dataDir: string;
    let store: ConfigurationStore;

    beforeEach(async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'tandem-store-'));
      store = await openConfigurationStore(dataDir, { kind });
    });

    afterEach(async () => {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    });

    function put(key: string, value: string): void {
      store.transaction((transaction) => transaction.put(key, Buffer.from(value)));
    }

    function text(key: string): string | undefined {
      const value = store.get(key);
      return value === undefined ? undefined : Buffer.from(value).toString();
    }

    it('keeps what it is given, over a restart', async () => {
      const large = 'x'.repeat(3_000_000);
      put('a', 'one');
      put('large', large);
      put('empty', '');
      await store.close();
      store = await openConfigurationStore(dataDir, { kind });
      assert.equal(text('a'), 'one');
      assert.equal(text('large'), large);
      assert.equal(text('empty'), '');
      assert.equal(text('none'), undefined);
    });

    it('lists keys of a prefix in order', () => {
      for (const key of ['v/2', 'v/10', 'v/1', 'w/1', 'v']) put(key, key);
      assert.deepEqual(store.keys('v/'), ['v/1', 'v/10', 'v/2']);
      store.transaction((transaction) => transaction.remove('v/10'));
      assert.deepEqual(store.keys('v/'), ['v/1', 'v/2']);
    });

    it('reads its own writes inside a transaction', () => {
      put('k', 'old');
      store.transaction((transaction) => {
        transaction.put('k', Buffer.from('new'));
        transaction.put('k2', Buffer.from('2'));
        assert.equal(Buffer.from(transaction.get('k')!).toString(), 'new');
        assert.deepEqual(transaction.keys('k'), ['k', 'k2']);
        transaction.remove('k');
        assert.equal(transaction.get('k'), undefined);
      });
      assert.equal(text('k'), undefined);
      assert.equal(text('k2'), '2');
    });

    it('shows in a view what was there when it began, also over a compaction', async () => {
      const large = 'x'.repeat(3_000_000);
      put('k/1', 'old');
      put('k/2', large);
      put('k/3', 'gone');
      await store.view(async (reader) => {
        await nextTurn();
        put('k/1', 'new');
        put('k/2', 'small');
        put('k/2', large.replaceAll('x', 'y'));
        put('k/2', 'small');
        put('k/4', 'late');
        store.transaction((transaction) => transaction.remove('k/3'));
        await nextTurn();
        assert.equal(Buffer.from(reader.get('k/1')!).toString(), 'old');
        assert.equal(Buffer.from(reader.get('k/2')!).toString(), large);
        assert.deepEqual(reader.keys('k/'), ['k/1', 'k/2', 'k/3']);
        assert.deepEqual(
          reader.range('k/2', 'k/9', 5).map(([key]) => key),
          ['k/2', 'k/3'],
        );
        assert.equal(text('k/1'), 'new');
      });
      assert.deepEqual(store.keys('k/'), ['k/1', 'k/2', 'k/4']);
      assert.equal(await store.view(async (reader) => reader.get('k/3')), undefined);
      await assert.rejects(
        store.view(() => Promise.reject(new Error('in the middle'))),
        /middle/,
      );
      put('k/5', 'after');
      assert.equal(text('k/5'), 'after');
    });

    it('changes nothing when a transaction throws', () => {
      put('k', 'old');
      assert.throws(() =>
        store.transaction((transaction) => {
          transaction.put('k', Buffer.from('new'));
          transaction.put('other', Buffer.from('1'));
          throw new Error('no');
        }),
      );
      assert.equal(text('k'), 'old');
      assert.equal(text('other'), undefined);
      put('k', 'newer');
      assert.equal(text('k'), 'newer');
    });

    it('hands out copies', () => {
      put('k', 'value');
      const first = store.get('k')!;
      first.fill(0);
      assert.equal(text('k'), 'value');
    });

    it('is shared by a second opening of the same thread', async () => {
      const second = await openConfigurationStore(dataDir, { kind });
      put('k', 'one');
      assert.equal(Buffer.from(second.get('k')!).toString(), 'one');
      second.transaction((transaction) => transaction.put('k', Buffer.from('two')));
      assert.equal(text('k'), 'two');
      await second.close();
      assert.equal(text('k'), 'two');
    });

    it('counts exactly under writes from processes at once, beside threads that read', async () => {
      const rounds = 40;
      const processes = [0, 1, 2].map(() =>
        spawn(process.execPath, [writer, dataDir, kind, String(rounds)], { stdio: 'inherit' }),
      );
      // One thread of this process writes (decision 174 has more of them), the main thread reads.
      const thread = new Worker(writer, { argv: [dataDir, kind, String(rounds)] });
      let count = 0;
      const reading = setInterval(() => {
        const seen = Number(text('counter') ?? 0);
        assert.ok(seen >= count, `${seen} after ${count}`);
        count = seen;
      });
      const exits = await Promise.all([...processes, thread].map((each) => once(each, 'exit')));
      clearInterval(reading);
      assert.deepEqual(
        exits.map(([code]) => code as number),
        [0, 0, 0, 0],
      );
      assert.equal(text('counter'), String(4 * rounds));
    });

    it('says its format, and refuses a newer one', async () => {
      assert.equal(text('format'), String(storeFormat));
      put('format', String(storeFormat + 1));
      await assert.rejects(
        openConfigurationStore(dataDir, { kind }),
        /format 3: expected at most 2/,
      );
      put('format', String(storeFormat));
    });
  });
}

describe('opening the configuration store', () => {
  it('goes on with the store that the directory holds', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tandem-store-'));
    const file = await openConfigurationStore(dataDir, { kind: 'file' });
    file.transaction((transaction) => transaction.put('k', Buffer.from('v')));
    await file.close();
    const reasons: string[] = [];
    const again = await openConfigurationStore(dataDir, {
      onStandIn: (reason) => reasons.push(reason),
    });
    assert.equal(again.kind, 'file');
    assert.equal(Buffer.from(again.get('k')!).toString(), 'v');
    assert.equal(reasons.length, 1);
    await again.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('takes the file where lmdb has no binary, and says so', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tandem-store-'));
    const reasons: string[] = [];
    const store = await openConfigurationStore(dataDir, {
      loadLmdb: () => Promise.reject(new Error('no binary')),
      onStandIn: (reason) => reasons.push(reason),
    });
    assert.equal(store.kind, 'file');
    assert.match(reasons.join(), /config\.log, as lmdb cannot be used: no binary/);
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('leaves no LMDB store aside for an empty file', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tandem-store-'));
    const store = await openConfigurationStore(dataDir);
    assert.equal(store.kind, 'lmdb');
    await store.close();
    await assert.rejects(
      openConfigurationStore(dataDir, { loadLmdb: () => Promise.reject(new Error('no binary')) }),
      /needs lmdb, which cannot be used: no binary/,
    );
    rmSync(dataDir, { recursive: true, force: true });
  });
});
