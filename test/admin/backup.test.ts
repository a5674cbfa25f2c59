// A backup of a running node comes back on another directory with the same configuration and the same money.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { restoreBackup } from '../../admin/backup.ts';
import { openNodeHttpListener } from '../../native-free/node-http-listener.ts';
import { CdrWriter } from '../../workers/cdr/cdr-writer.ts';
import { defaultWriterParameters } from '../../workers/cdr/row-rules.ts';
import { ConfigurationVersions } from '../../workers/configuration/configuration-versions.ts';
import { openConfigurationStore } from '../../workers/configuration/open-store.ts';
import { auditReport } from '../../workers/ledger/audit.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { openLog } from '../cdr/log-under-test.ts';
import { sampleCdr, sampleCharges, temporaryDirectory } from '../cdr/sample-records.ts';
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
