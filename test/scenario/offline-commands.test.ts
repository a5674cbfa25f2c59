// Commands on the data directory of a node that is stopped, whose node file, as of a packaged service, is
// somewhere else and names a database.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { createExtensionNotes } from '../../admin/extension-notes.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { openMysqlLedger } from '../../workers/ledger/mysql-ledger.ts';
import { tandem } from '../admin/command.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { type NodeUnderTest, openNode } from './node-under-test.ts';

/** A node does it at its start. */
const settledMs = 20_000;

const document = {
  parameters: { SERVER_PAY_DELAY_CUSTOMER_EXPIRE_DAY: 3 },
  accounts: [
    { name: 'acme', kind: 'customer', balance: '5', expiresAt: '2030-01-01T00:00:00.000Z' },
  ],
};

describe('commands on a stopped node with a database', () => {
  let database: MariaDb;
  let url: string;
  let node: NodeUnderTest;
  let dataDir: string;

  before(async () => {
    database = await MariaDb.start();
    url = await database.createDatabase('offline');
    node = await openNode({ mysqlUrl: url });
    dataDir = node.tandem().dataDir;
    await node.apply(document);
    assert.equal(await node.stop(), 0);
  });
  after(async () => {
    await node.close();
    await database.close();
  });

  async function value(sql: string): Promise<unknown> {
    const connection = await createConnection({ uri: url, rowsAsArray: true });
    try {
      const [rows] = await connection.query(sql);
      return (rows as unknown[][])[0]?.[0];
    } finally {
      await connection.end();
    }
  }

  it('a payment is booked in the database, and the audit reads it there', async () => {
    const payment = JSON.parse(await node.command('pay', 'acme', 'recharge', '7')) as {
      balanceAfter: string;
      warnings: string[];
    };
    assert.deepEqual([payment.balanceAfter, payment.warnings], ['12', []]);
    const balance = "SELECT balance FROM account_balance WHERE account = 'acme'";
    assert.equal(await value(balance), '12.00000000');
    const { payments, difference } = JSON.parse(await node.command('audit')) as {
      payments: number;
      difference: string | null;
    };
    assert.deepEqual([payments, difference], [2, null]);
  });

  it('a change goes into the master copy, also that of a recharge', async () => {
    const number = 'SELECT MAX(number) FROM configuration_version';
    assert.equal(await value(number), 2, 'the document, and the later expiry');
    const changed = join(node.folder, 'changed.json');
    writeFileSync(changed, JSON.stringify({ parameters: { SS_MAXCPS: 7 } }));
    await node.command('apply', changed);
    assert.equal(await value(number), 3);
    const published = await node.command('config', 'publish', '--json');
    assert.deepEqual(JSON.parse(published), { number: 3 }, 'it is followed: nothing is put there');
    assert.equal(await value(number), 3);
  });

  it('what was paid for stays when an old version comes back, or the old document', async () => {
    const expiry = async (): Promise<[string, string]> => {
      const { accounts } = JSON.parse(await node.command('export', '--format', 'json')) as {
        accounts: { expiresAt: string; extendedFrom: string }[];
      };
      return [accounts[0]!.expiresAt, accounts[0]!.extendedFrom];
    };
    const paid = ['2030-01-04T00:00:00.000Z', '2030-01-01T00:00:00.000Z'];
    await node.command('config', 'rollback', '1');
    assert.deepEqual(await expiry(), paid);
    const newest = async (): Promise<number> => {
      const { versions } = JSON.parse(await node.command('config', 'list', '--json')) as {
        versions: { version: number }[];
      };
      return versions[0]!.version;
    };
    const version = await newest();
    const old = join(node.folder, 'old.json');
    writeFileSync(old, JSON.stringify(document));
    const { code, stdout, stderr } = await tandem(['apply', old, '--data', dataDir]);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout + stderr,
      /account "acme": expiresAt "2030-01-01T00:00:00\.000Z" has no eff/,
    );
    assert.deepEqual(await expiry(), paid);
    assert.equal(await newest(), version, 'nothing has changed');
  });

  /** As by a process that died behind the payment. */
  async function payHalf(): Promise<string> {
    const store = await openConfigurationStore(dataDir);
    const ledger = openMysqlLedger({ url });
    try {
      const books = await ledger.account('acme');
      await createExtensionNotes(async (use) => use(store)).open('acme', books!.expiresAt);
      const order = { kind: 'recharge', units: 100_000_000n, at: Date.now(), by: 'b' } as const;
      const expiry = { extendDays: 3, expiresAt: books!.expiresAt };
      const paid = await ledger.pay({ account: 'acme', ...order, reason: '', ...expiry });
      return new Date(paid.expiresAt!).toISOString();
    } finally {
      await ledger.close();
      await store.close();
    }
  }

  it('the running node has all of it, and makes good what a payment left', async () => {
    const paidUntil = await payHalf();
    await node.start();
    const { adminUrl, token } = node.tandem();
    const shown = async (): Promise<{ balance: string; expiresAt: string }> => {
      const response = await fetch(`${adminUrl}/api/v1/accounts/acme`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return (await response.json()) as { balance: string; expiresAt: string };
    };
    const end = performance.now() + settledMs;
    while ((await shown()).expiresAt !== paidUntil && performance.now() < end) await delay(100);
    const { balance, expiresAt } = await shown();
    assert.deepEqual([balance, expiresAt], ['13', paidUntil]);
    assert.equal(await node.stop(), 0);
  });

  it('a backup has the node file from beside the directory, and a restore finds the database by it', async () => {
    const backup = join(node.folder, 'backup.gz');
    await node.command('backup', backup);
    const target = join(node.folder, 'restored');
    const { code, stdout, stderr } = await tandem(['restore', backup, '--data', target]);
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { ledger: string }).ledger, 'kept');
    const [original, restored] = [join(dataDir, '..'), target].map((folder) =>
      readFileSync(join(folder, 'node.json'), 'utf8'),
    );
    assert.equal(restored, original);
  });

  it('without its node file nothing is booked anywhere', async () => {
    rmSync(join(dataDir, '..', 'node.json'));
    for (const args of [
      ['pay', 'acme', 'recharge', '1'],
      ['audit'],
      ['backup', join(node.folder, 'x.gz')],
    ]) {
      const { code, stderr } = await tandem([...args, '--data', dataDir]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /node\.json: cannot be read: .*was started with this node file last/);
    }
    const { code } = await tandem(['export', '--data', dataDir]);
    assert.equal(code, 0, 'what is in the directory itself is still shown');
  });
});
