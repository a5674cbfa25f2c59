// A backup of a running node comes back on another directory with the same configuration and the same money.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeBackup, restoreBackup } from '../../admin/backup.ts';
import { openNodeHttpListener } from '../../native-free/node-http-listener.ts';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import type { LedgerStore } from '../../workers/ledger/ledger-store.ts';
import { openMysqlLedger } from '../../workers/ledger/mysql-ledger.ts';
import { recordNodeFile } from '../../workers/node-file-record.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { sampleCdr, sampleCharges, temporaryDirectory } from '../cdr/sample-records.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { openAdminFixture } from './admin-fixture.ts';

describe('backup and restore', () => {
  it('brings back configuration, secrets, balances and payments', async () => {
    const admin = await openAdminFixture(openNodeHttpListener);
    const accounts = [{ name: 'acme', kind: 'customer', balance: '1' }];
    await admin.post('/api/v1/config', JSON.stringify({ accounts }));
    const pay = { kind: 'recharge', amount: '2.5', reason: 'r' };
    await admin.post('/api/v1/accounts/acme/payments', JSON.stringify(pay));
    // One call is in the tables, the other only in the log.
    const ledger = await openEmbeddedLedger(admin.dataDir);
    const log = openLog(admin.dataDir);
    log.recordEnd(sampleCdr('stored', sampleCharges));
    log.flush();
    const parameters = (): typeof defaultWriterParameters => defaultWriterParameters;
    const writer = new CdrWriter({
      directory: admin.dataDir,
      store: ledger,
      parameters,
      onRejected: () => {},
    });
    await writer.drain();
    log.recordEnd(sampleCdr('logged', sampleCharges));
    log.flush();

    const response = await admin.get('/api/v1/backup');
    assert.equal(response.headers.get('content-type'), 'application/gzip');
    const bytes = new Uint8Array(await response.arrayBuffer());
    const target = join(temporaryDirectory(), 'restored');
    await restoreBackup(target, bytes);
    await assert.rejects(restoreBackup(target, bytes), /is there: expected a directory without/);
    await assert.rejects(
      restoreBackup(join(temporaryDirectory(), 'x'), new Uint8Array([1, 2])),
      /not a backup of Tandem/,
    );

    const token = (directory: string): string =>
      readFileSync(join(directory, 'admin-token'), 'utf8');
    assert.equal(token(target), token(admin.dataDir));
    const store = await openConfigurationStore(target);
    const versions = new ConfigurationVersions(store);
    assert.equal(versions.document(versions.current())?.accounts[0]?.name, 'acme');
    await store.close();
    const restored = await openEmbeddedLedger(target);
    const { difference, payments } = await auditReport(restored);
    assert.deepEqual([difference, payments], [undefined, 2]);
    const acme = await restored.account('acme');
    assert.equal(acme?.balance, 350_000_000n - 2n * 1_320_000n);
    assert.equal(acme?.calls, 2);
    await restored.close();

    writer.close();
    log.close(0);
    await ledger.close();
    writeFileSync(join(admin.dataDir, 'done'), '');
    await admin.close();
  });
});

describe('the node file of a node that was started with --config', () => {
  /** Of a directory whose node was started last with `text` in a file elsewhere. */
  async function backupWith(name: string, text: string, own?: string): Promise<Uint8Array> {
    const dataDir = temporaryDirectory();
    const nodeFile = join(temporaryDirectory(), name);
    writeFileSync(nodeFile, text);
    if (own !== undefined) writeFileSync(join(dataDir, 'node.yml'), own);
    recordNodeFile(dataDir, nodeFile);
    const store = await openConfigurationStore(dataDir);
    const ledger = await openEmbeddedLedger(dataDir);
    try {
      const bytes = await makeBackup({ dataDir, store, ledger });
      rmSync(nodeFile);
      const gone = makeBackup({ dataDir, store, ledger });
      await assert.rejects(gone, new RegExp(`${name}: cannot be read`));
      return bytes;
    } finally {
      await ledger.close();
      await store.close();
    }
  }

  const restored = async (bytes: Uint8Array, has?: [string, string]): Promise<string> => {
    const target = join(temporaryDirectory(), 'restored');
    mkdirSync(target);
    if (has !== undefined) writeFileSync(join(target, has[0]), has[1]);
    await restoreBackup(target, bytes);
    const names = readdirSync(target).filter((name) => /^node/.test(name));
    assert.equal(names.length, 1, names.join());
    assert.equal(statSync(join(target, names[0]!)).mode & 0o077, has === undefined ? 0 : 0o044);
    return `${names[0]}: ${readFileSync(join(target, names[0]!), 'utf8')}`;
  };

  it('comes back in the data directory, in the place of one that the node did not use', async () => {
    const yaml = 'node: of-etc\nmysql: { url: "mysql://u:secret@db/t" }\n';
    const bytes = await backupWith('tandem.conf', yaml, 'node: unused');
    assert.equal(await restored(bytes), `node.yaml: ${yaml}`);
    assert.equal(await restored(await backupWith('etc.json', '{}')), 'node.json: {}');
  });

  it('leaves a node file that is there, whatever its name', async () => {
    const bytes = await backupWith('node.yaml', 'node: of-etc');
    assert.equal(await restored(bytes, ['node.json', '{}']), 'node.json: {}');
  });
});

describe('backup and restore of a ledger in MySQL', () => {
  let database: MariaDb;
  before(async () => {
    database = await MariaDb.start();
  });
  after(() => database.close());

  const writerOf = (directory: string, store: LedgerStore): CdrWriter =>
    new CdrWriter({
      directory,
      store,
      parameters: () => defaultWriterParameters,
      onRejected: () => {},
    });

  /** Of a node with two payments and two calls, one of them only in its log. */
  async function backupOf(dataDir: string, url: string): Promise<Uint8Array> {
    const ledger = openMysqlLedger({ url });
    const expiresAt = Date.UTC(2030, 0, 1);
    await ledger.openAccounts([{ name: 'acme', units: 100_000_000n, expiresAt }], 1_000);
    const order = { kind: 'recharge', units: 250_000_000n, at: 2_000, by: "o'neil" } as const;
    await ledger.pay({ account: 'acme', ...order, reason: 'r', extendDays: 0, expiresAt });
    const log = openLog(dataDir);
    log.recordEnd(sampleCdr('stored', sampleCharges));
    log.flush();
    const writer = writerOf(dataDir, ledger);
    await writer.drain();
    log.recordEnd(sampleCdr('logged', sampleCharges));
    log.flush();
    const store = await openConfigurationStore(dataDir);
    const bytes = await makeBackup({ dataDir, store, ledger });
    await store.close();
    writer.close();
    log.close(0);
    await ledger.close();
    return bytes;
  }

  async function assertBooks(ledger: LedgerStore): Promise<void> {
    const { difference, payments } = await auditReport(ledger);
    assert.deepEqual([difference, payments], [undefined, 2]);
    assert.deepEqual(await ledger.account('acme'), {
      name: 'acme',
      balance: 350_000_000n - 2n * 1_320_000n,
      expiresAt: Date.UTC(2030, 0, 1),
      payments: 1,
      calls: 2,
    });
    const [, recharge] = await ledger.payments({ account: 'acme' });
    assert.deepEqual([recharge?.number, recharge?.by], [2, "o'neil"]);
    // The books go on: opened once, and with a number of its own for the next payment.
    await ledger.openAccounts([{ name: 'acme', units: 5n, expiresAt: null }], 3_000);
    const order = { kind: 'deduction', units: 1n, at: 4_000, by: 'b', reason: '' } as const;
    const next = await ledger.pay({ account: 'acme', ...order, extendDays: 0, expiresAt: null });
    assert.ok(next.number > 2);
    assert.equal((await auditReport(ledger)).difference, undefined);
  }

  it('comes back in an empty database, where the old log charges nothing twice', async () => {
    const dataDir = temporaryDirectory();
    const bytes = await backupOf(dataDir, await database.createDatabase('one'));
    const target = join(temporaryDirectory(), 'restored');
    const url = await database.createDatabase('two');
    const restored = await restoreBackup(target, bytes, { mysqlUrl: () => url });
    assert.deepEqual(restored, { ledger: 'restored' });
    const ledger = openMysqlLedger({ url });
    await writerOf(dataDir, ledger).drain();
    await assertBooks(ledger);
    await ledger.close();
  });

  it('comes back as an embedded ledger', async () => {
    const bytes = await backupOf(temporaryDirectory(), await database.createDatabase('three'));
    const target = join(temporaryDirectory(), 'restored');
    await restoreBackup(target, bytes);
    const ledger = await openEmbeddedLedger(target);
    await assertBooks(ledger);
    await ledger.close();
  });

  it('leaves a database that has books, and nothing behind where it is away', async () => {
    const url = await database.createDatabase('four');
    const bytes = await backupOf(temporaryDirectory(), url);
    const target = join(temporaryDirectory(), 'restored');
    mkdirSync(target);
    writeFileSync(join(target, 'node.yaml'), 'node: other');
    const away = { mysqlUrl: () => url.replace('/four', '/nowhere') };
    await assert.rejects(restoreBackup(target, bytes, away), /nowhere/);
    for (const name of ['config', 'ledger', 'admin-token', 'cdr']) {
      assert.equal(existsSync(join(target, name)), false, name);
    }
    const kept = await restoreBackup(target, bytes, { mysqlUrl: () => url });
    assert.deepEqual(kept, { ledger: 'kept' });
    assert.equal(readFileSync(join(target, 'node.yaml'), 'utf8'), 'node: other');
    const ledger = openMysqlLedger({ url });
    assert.equal((await ledger.account('acme'))?.calls, 1);
    await ledger.close();
  });
});
