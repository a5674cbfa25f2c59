// CDRs as JSON lines and CSV, and how a spreadsheet is kept from running what a caller wrote.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cdrCsvHeading, cdrCsvLine } from '../../admin/cdr-text.ts';
import { nothingCharged } from '../../core/cdr/billing-values.ts';
import { type CdrJson, cdrColumns, cdrToJson } from '../../core/cdr/cdr-json.ts';
import type { StoredCdr } from '../../workers/ledger/ledger-store.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';

function csvLine(cdr: StoredCdr): string {
  return cdrCsvLine(shown(cdr));
}

function shown(cdr: StoredCdr): CdrJson {
  return cdrToJson(cdr, cdr.logId);
}

function cdrOf(changes: Partial<StoredCdr> = {}): StoredCdr {
  const startedAt = Date.UTC(2026, 0, 1);
  return {
    id: '1',
    callId: 'abc@example.com',
    node: 'edge-1',
    startedAt,
    ringingAt: startedAt + 50,
    answeredAt: null,
    endedAt: startedAt + 1000,
    holdTimeMs: 0,
    pddMs: 50,
    mappingGateway: 'acme-in',
    routingGateway: 'carrier-a',
    calleeCallId: null,
    attempts: [],
    callerAccess: '+15550100',
    calleeAccess: '442079460000',
    callerOut: null,
    calleeOut: null,
    ...nothingCharged,
    account: 'acme',
    clearingAccount: null,
    configurationVersion: 1,
    endReason: 'Busy',
    endedBy: 'callee',
    sipCode: 486,
    callerAddress: '127.0.0.1:5062',
    calleeAddress: null,
    logId: { set: 'set', file: 'file', offset: 8 },
    ...changes,
  };
}

const listeners = await listenersUnderTest();

describe('CDR text', () => {
  it('has a cell for every column', () => {
    assert.equal(cdrCsvHeading, `${cdrColumns.join(',')}\r\n`);
    const callerAt = cdrColumns.indexOf('callerAccess');
    const cells = csvLine(cdrOf({ logId: { set: '', file: '', offset: 0 } })).split(',');
    assert.equal(cells[callerAt], '+15550100');
    assert.equal(cells[cdrColumns.indexOf('startedAt')], '2026-01-01T00:00:00.000Z');
    assert.equal(cells[cdrColumns.indexOf('answeredAt')], '');
  });

  it('quotes what needs it, and disarms formulas', () => {
    const line = (callerAccess: string): string => csvLine(cdrOf({ callerAccess }));
    assert.match(line('a"b,c\r\nd'), /,"a""b,c\r\nd",/);
    for (const formula of ['=1+1', '@SUM(A1)', '+cmd|x', '-2+3', '\tx']) {
      assert.ok(line(formula).includes(`,'${formula},`), formula);
    }
  });

  for (const listener of listeners) {
    describe(`GET /api/v1/cdrs on ${listener.name}`, { skip: listener.skip }, () => {
      let admin: AdminFixture;
      before(async () => {
        admin = await openAdminFixture(listener.open);
      });
      after(() => admin.close());

      it('streams tens of thousands, as NDJSON or CSV', async () => {
        admin.cdrs = Array.from({ length: 20_000 }, (_, i) => cdrOf({ id: String(i) }));
        const page = await admin.get('/api/v1/cdrs?limit=20000');
        assert.equal(page.headers.get('tandem-page-rows'), '10000');
        const lines = (await page.text()).trimEnd().split('\n');
        assert.equal(lines.length, 20_000);
        assert.deepEqual(Object.keys(JSON.parse(lines[0]!)).sort(), [...cdrColumns].sort());
        assert.equal(JSON.parse(lines[19_999]!).id, '19999');
        const csv = await admin.get('/api/v1/cdrs?limit=10', { accept: 'text/csv' });
        assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/);
        assert.equal((await csv.text()).trimEnd().split('\r\n').length, 11);
        admin.cdrs = [];
        const none = await admin.get('/api/v1/cdrs');
        assert.deepEqual([none.status, await none.text()], [200, '']);
      });

      it('takes no more queries at once than it says, and is free again when clients leave', async () => {
        admin.cdrs = Array.from({ length: 200_000 }, (_, i) => cdrOf({ id: String(i) }));
        const readers = await Promise.all(
          Array.from({ length: 4 }, () => admin.get('/api/v1/cdrs?limit=200000')),
        );
        const further = await admin.get('/api/v1/cdrs');
        assert.equal(further.status, 429);
        await further.body?.cancel();
        await Promise.all(readers.map((reader) => reader.body?.cancel()));
        let status = 429;
        while (status === 429) {
          const again = await admin.get('/api/v1/cdrs?limit=1');
          status = again.status;
          await again.body?.cancel();
        }
        assert.equal(status, 200);
      });
    });
  }
});
