// What no table takes: listed by the API on both listeners, and by the command with a node and without.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RejectedJson } from '../../admin/cdr-text.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore, RejectedRecord } from '../../workers/ledger/ledger-store.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';
import { tandem } from './command.ts';

const set = '6f1c2f3e-1111-4222-8333-444455556666';
const file = 'w0-1790000000000-0.log';
const rejected: RejectedRecord[] = [8, 300, 600].map((offset) => ({
  logId: { set, file, offset },
  reason: `endedAt NaN at ${offset}`,
  raw: `["end",${offset}]`,
}));

async function setAside(ledger: LedgerStore): Promise<void> {
  const batch = { logSet: set, version: 0, rows: [], rejected, places: {} };
  assert.equal((await ledger.commit(ledger.prepare(batch))).kind, 'stored');
}

function assertRejected(found: readonly RejectedJson[], expected: readonly RejectedRecord[]): void {
  const told = found.map(({ logId, reason, raw }) => ({ logId, reason, raw }));
  assert.deepEqual(told, expected);
  for (const { rejectedAt } of found) assert.ok(Date.parse(rejectedAt) > 0, rejectedAt);
}

const linesOf = (stdout: string): RejectedJson[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RejectedJson);

for (const listener of await listenersUnderTest()) {
  describe(`records set aside on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    before(async () => {
      admin = await openAdminFixture(listener.open);
      await setAside(admin.ledger);
    });
    after(() => admin.close());

    const page = async (query: string): Promise<RejectedJson[]> => {
      const response = await admin.get(`/api/v1/cdrs/rejected${query}`);
      assert.equal(response.status, 200, await response.clone().text());
      return ((await response.json()) as { rejected: RejectedJson[] }).rejected;
    };

    it('are listed, page by page', async () => {
      assertRejected(await page(''), rejected);
      assertRejected(await page('?limit=1'), rejected.slice(0, 1));
      assertRejected(await page(`?after=${set}/${file}/8`), rejected.slice(1));
      assertRejected(await page(`?after=${set}/${file}/600`), []);
    });

    it('are asked for with a place and a limit that can be', async () => {
      for (const query of ['after=8', 'limit=0', 'limit=10001', 'account=acme']) {
        assert.equal((await admin.get(`/api/v1/cdrs/rejected?${query}`)).status, 400, query);
      }
    });

    it('are printed by the command', async () => {
      const node = ['--url', admin.url, '--token', admin.token];
      const { code, stdout, stderr } = await tandem(['cdr', '--rejected', ...node]);
      assert.equal(code, 0, stderr);
      assertRejected(linesOf(stdout), rejected);
    });
  });
}

describe('tandem cdr --rejected without a node', () => {
  it('prints what the ledger of the directory has set aside', async () => {
    const dataDir = temporaryDirectory();
    const ledger = await openEmbeddedLedger(dataDir);
    await setAside(ledger);
    await ledger.close();
    const command = ['cdr', '--rejected', '--data', dataDir];
    assertRejected(linesOf((await tandem(command)).stdout), rejected);
    assertRejected(
      linesOf((await tandem([...command, '--limit', '2'])).stdout),
      rejected.slice(0, 2),
    );
  });

  it('prints nothing, and makes nothing, where there is no directory', async () => {
    const dataDir = join(temporaryDirectory(), 'none');
    const { code, stdout } = await tandem(['cdr', '--rejected', '--data', dataDir]);
    assert.deepEqual([code, stdout, existsSync(dataDir)], [0, '', false]);
  });

  it('refuses filters, which it would not heed', async () => {
    for (const option of [
      ['--account', 'acme'],
      ['--format', 'csv'],
    ]) {
      const { code, stderr } = await tandem(['cdr', '--rejected', ...option, '--data', '.']);
      assert.equal(code, 2);
      assert.match(stderr, /--rejected: expected no filter beside it/);
    }
  });
});
