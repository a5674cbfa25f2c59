import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { auditLedger } from '../../workers/ledger/audit.ts';
import { LedgerAway, type StoredCdrQuery } from '../../workers/ledger/ledger-store.ts';
import { cdrPageSql, cdrSelects } from '../../workers/ledger/mysql-cdrs.ts';
import { openMysqlLedger } from '../../workers/ledger/mysql-ledger.ts';
import { failedCdr, sampleDay } from '../cdr/sample-records.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { booksSuite } from './books-suite.ts';
import { batchOf, billed, commit, ledgerSuite, logSet, read, rowOf } from './ledger-suite.ts';
import { longTextsSuite } from './long-texts-suite.ts';
import { packageSuite, rentDue } from './package-suite.ts';
import { replaySuite } from './replay-suite.ts';

let database: MariaDb;
let databases = 0;

before(async () => {
  database = await MariaDb.start();
});
after(() => database.close());

function freshUrl(): Promise<string> {
  return database.createDatabase(`tandem_${databases++}`);
}

ledgerSuite('MariaDB', async () => openMysqlLedger({ url: await freshUrl() }));
booksSuite('MariaDB', async () => openMysqlLedger({ url: await freshUrl() }));
packageSuite('MariaDB', async () => openMysqlLedger({ url: await freshUrl() }));
replaySuite('MariaDB', async () => openMysqlLedger({ url: await freshUrl() }));
longTextsSuite('MariaDB', async () => openMysqlLedger({ url: await freshUrl() }));

describe('the ledger in MariaDB, beyond what all ledgers do', () => {
  it('sets aside what the server refuses, row by row, and stores the rest', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url });
    const rows = Array.from({ length: 40 }, (_, index) => {
      // Names come from the configuration, which bounds them: another version's are refused, not changed.
      const mappingGateway = index % 13 === 5 ? 'x'.repeat(2000) : 'acme-in';
      return rowOf(billed(`c${index}`, { mappingGateway }), 8 + index * 500);
    });
    await store.checkpoint(logSet);
    const result = await commit(store, batchOf(0, rows));
    assert.ok(result.kind === 'stored');
    assert.equal(result.rows, 37);
    assert.equal((await read(store)).length, 37);
    const rejected = await store.rejectedRows();
    assert.deepEqual(
      rejected.map(({ logId }) => (logId.offset - 8) / 500),
      [5, 18, 31],
    );
    assert.match(rejected[0]!.reason, /mapping_gateway/);
    assert.equal((await store.account('acme'))?.balance, -40n * 1_320_000n);
    assert.equal(await auditLedger(store), undefined);
    await database.sql('DELETE FROM cdr_checkpoint', url.split('/').at(-1));
    const again = await commit(store, batchOf(0, [...rows, rowOf(billed('last'), 50_000)]));
    assert.ok(again.kind === 'stored');
    assert.equal(again.rows, 1);
    assert.equal((await store.account('acme'))?.balance, -41n * 1_320_000n);
    assert.equal((await store.rejectedRows()).length, 3);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });

  it('stores and posts once where the checkpoint was lost', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url });
    const rows = [rowOf(billed('one'), 8), rowOf(billed('two'), 300)];
    await store.checkpoint(logSet);
    await commit(store, batchOf(0, rows));
    await database.sql('UPDATE cdr_checkpoint SET version = 0', url.split('/').at(-1));
    const again = [...rows, rowOf(billed('three'), 600)];
    assert.deepEqual(await commit(store, batchOf(0, again)), {
      kind: 'stored',
      rows: 1,
      rejected: [],
    });
    assert.equal((await read(store)).length, 3);
    assert.equal((await store.account('acme'))?.balance, -3n * 1_320_000n);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });

  it('names the first difference that somebody has made', async () => {
    const url = await freshUrl();
    const name = url.split('/').at(-1);
    const store = openMysqlLedger({ url });
    await store.checkpoint(logSet);
    await commit(store, batchOf(0, [rowOf(billed('one'), 8), rowOf(failedCdr('two'), 300)]));
    assert.equal(await auditLedger(store), undefined);
    await database.sql("UPDATE account_balance SET balance = 1 WHERE account = 'acme'", name);
    assert.equal(
      await auditLedger(store),
      'account acme: payments less calls are -0.0132, its balance is 1',
    );
    await database.sql(`DELETE FROM cdr_${sampleDay} WHERE id = 'one'`, name);
    assert.match(
      (await auditLedger(store)) ?? '',
      /^account acme, day 20260921: its CDRs charge 0/,
    );
    await store.close();
  });

  it('looks at the books again where the table of a day went meanwhile', async () => {
    const store = openMysqlLedger({ url: await freshUrl() });
    await store.checkpoint(logSet);
    await commit(store, batchOf(0, [rowOf(billed('old'), 8)]));
    let looks = 0;
    const ids = await store.view(async (books) => {
      const found: string[] = [];
      for (const { day } of await books.days()) {
        if (looks++ === 0) await store.dropDay(day);
        for await (const { id } of books.cdrsOfDay(day)) found.push(id);
      }
      return found;
    });
    assert.deepEqual([ids, looks], [[], 1]);
    await store.close();
  });

  it('does not go on with another moment where the connection is lost', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url });
    await store.days();
    const view = store.view(async (books) => {
      await books.days();
      const name = `'${url.split('/').at(-1)}'`;
      const processes = await database.sql(
        `SELECT id FROM information_schema.processlist WHERE db = ${name}`,
      );
      for (const { id } of processes as { id: number }[]) await database.sql(`KILL ${id}`);
      return books.accounts().catch(() => books.accounts());
    });
    await assert.rejects(view, LedgerAway);
    await store.close();
  });

  it('migrates once, also where two nodes start at the same time', async () => {
    const url = await freshUrl();
    const stores = [openMysqlLedger({ url }), openMysqlLedger({ url })];
    await Promise.all(stores.map((store) => store.days()));
    const applied = await database.sql(
      'SELECT number FROM schema_migration',
      url.split('/').at(-1),
    );
    assert.deepEqual(
      applied,
      [1, 2, 3, 4, 5].map((number) => ({ number })),
    );
    await Promise.all(stores.map((store) => store.close()));
  });

  it('adds what gift money paid to tables of an earlier version, and reads their rows', async () => {
    const url = await freshUrl();
    const name = url.split('/').at(-1);
    const before = openMysqlLedger({ url });
    await before.checkpoint(logSet);
    await commit(before, batchOf(0, [rowOf(billed('old'), 8)]));
    await before.close();
    for (const table of ['template', sampleDay, sampleDay + 1]) {
      await database.sql(`ALTER TABLE cdr_${table} DROP COLUMN gift_fee`, name);
    }
    // As rows of that version have them.
    const fees = '[{"account":"north","fee":"0.011","billedSeconds":60}]';
    await database.sql(`UPDATE cdr_${sampleDay} SET agent_fees = '${fees}'`, name);
    await database.sql('DELETE FROM schema_migration WHERE number >= 4', name);
    const store = openMysqlLedger({ url });
    const [old] = await read(store);
    assert.equal(old!.giftFee, 0n);
    assert.deepEqual(old!.agentFees, billed('old').agentFees);
    const fresh = rowOf(billed('new', { giftFee: 320_000n }), 300, { day: sampleDay + 1 });
    await commit(store, batchOf(1, [fresh]));
    assert.equal((await read(store)).find(({ id }) => id === 'new')!.giftFee, 320_000n);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });

  it('charges a rent once where two nodes begin the period at the same time', async () => {
    const url = await freshUrl();
    const nodes = [openMysqlLedger({ url }), openMysqlLedger({ url })];
    await nodes[0]!.openAccounts([{ name: 'acme', units: 10_000_000_000n, expiresAt: null }], 0);
    for (let month = 0; month < 12; month++) {
      const due = rentDue({ day: 20_000 + month * 30, units: 800_000_000n });
      // A packet of calls is posted meanwhile.
      const usages = [
        { account: 'acme', item: 'package/gold/spent', day: due.day, seconds: 0, money: 1n },
      ];
      const row = rowOf(failedCdr(`c${month}`), 8 + month * 300, { usages });
      const [one, other] = await Promise.all([
        nodes[0]!.chargeRent(due),
        nodes[1]!.chargeRent(due),
        commit(nodes[1]!, batchOf(month, [row])),
      ]);
      assert.deepEqual([one.state, other.state], [1, 1]);
      assert.equal([one, other].filter(({ payment }) => payment !== undefined).length, 1);
    }
    const [account] = await nodes[1]!.accounts();
    assert.deepEqual([account!.balance, account!.payments], [400_000_000n, 12]);
    assert.equal(await auditLedger(nodes[0]!), undefined);
    for (const node of nodes) await node.close();
  });

  it('finds the charge that it did not hear of when the server hung', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url, answerMs: 300 });
    await store.openAccounts([{ name: 'acme', units: 10_000_000_000n, expiresAt: null }], 0);
    database.signal('SIGSTOP');
    try {
      await assert.rejects(store.chargeRent(rentDue()), LedgerAway);
    } finally {
      database.signal('SIGCONT');
    }
    assert.equal((await store.chargeRent(rentDue())).state, 1);
    assert.equal((await store.chargeRent(rentDue())).payment, undefined);
    assert.equal((await store.account('acme'))?.balance, 7_000_000_000n);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });

  it('names a server that can lose a commit', async () => {
    const url = await freshUrl();
    await database.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
    const store = openMysqlLedger({ url });
    await store.days();
    assert.match(store.warning(), /innodb_flush_log_at_trx_commit is 2: expected 1/);
    await store.close();
    await database.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
    const again = openMysqlLedger({ url });
    await again.days();
    assert.equal(again.warning(), '');
    await again.close();
  });

  it('names a binary log that can lose a commit', async () => {
    const logging = await MariaDb.start(['--log-bin=binary-log', '--sync-binlog=0']);
    try {
      const url = await logging.createDatabase('logging');
      const said = async (): Promise<string> => {
        const store = openMysqlLedger({ url });
        await store.days();
        const warning = store.warning();
        await store.close();
        return warning;
      };
      const lost = '; this server can lose CDRs that it has confirmed';
      const unsynced = 'sync_binlog is 0: expected 1 while log_bin is on';
      assert.equal(await said(), unsynced + lost);
      await logging.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
      const unflushed = 'innodb_flush_log_at_trx_commit is 2: expected 1';
      assert.equal(await said(), `${unflushed}, ${unsynced}${lost}`);
      await logging.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 1, GLOBAL sync_binlog = 1');
      assert.equal(await said(), '');
    } finally {
      await logging.close();
    }
    // Without a binary log the setting says nothing.
    await database.sql('SET GLOBAL sync_binlog = 0');
    const store = openMysqlLedger({ url: await freshUrl() });
    await store.days();
    assert.equal(store.warning(), '');
    await store.close();
  });

  it('looks again at what can lose a commit while it is connected', async () => {
    const store = openMysqlLedger({ url: await freshUrl(), settingsEveryMs: 0 });
    await store.days();
    await database.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 0');
    try {
      // Each question begins a look; a query behind it on the same connection ends after it.
      store.warning();
      await store.account('nobody');
      for await (const _ of store.cdrs({}));
      assert.match(store.warning(), /innodb_flush_log_at_trx_commit is 0/);
    } finally {
      await database.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
      await store.close();
    }
  });

  it('makes the table of a day ahead of it, with its indexes', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url });
    await store.checkpoint(logSet);
    await commit(store, batchOf(0, [rowOf(failedCdr('one'), 8)]));
    const name = url.split('/').at(-1);
    const rows = (await database.sql(`SHOW INDEX FROM cdr_${sampleDay + 1}`, name)) as {
      Key_name: string;
    }[];
    const keys = new Set(rows.map((row) => row.Key_name));
    for (const key of [
      'PRIMARY',
      'account_time',
      'routing_gateway_time',
      'callee_time',
      'call_id',
    ]) {
      assert.ok(keys.has(key), key);
    }
    await store.close();
  });

  it('finds by index what is asked for by gateway, account and Call-ID, and looks through attempts alone', async () => {
    const url = await freshUrl();
    const name = url.split('/').at(-1)!;
    const store = openMysqlLedger({ url });
    await store.checkpoint(logSet);
    const rows = Array.from({ length: 4000 }, (_, index) => {
      const parties = {
        mappingGateway: `in-${index % 40}`,
        routingGateway: `out-${index % 40}`,
        account: `customer-${index % 40}`,
        clearingAccount: `carrier-${index % 40}`,
      };
      const cdr = failedCdr(`c${index}`);
      const place = { endedAt: cdr.endedAt + index, calleeCallId: `d${index}`, attempts: [] };
      return rowOf({ ...cdr, ...parties, ...place }, 8 + index * 300);
    });
    assert.equal((await commit(store, batchOf(0, rows))).kind, 'stored');
    await database.sql(`ANALYZE TABLE cdr_${sampleDay}`, name);
    const since = rows[0]!.cdr.endedAt;
    const plans = async (query: StoredCdrQuery): Promise<[string | null, boolean][]> => {
      const found: [string | null, boolean][] = [];
      for (const select of cdrSelects(sampleDay, { since, until: since + 86_400_000, ...query })) {
        const sql = `EXPLAIN ${cdrPageSql(select, 700)}`;
        const [plan] = (await database.sql(sql, name)) as { key: string | null; rows: number }[];
        found.push([plan!.key, Number(plan!.rows) < rows.length / 10]);
      }
      return found;
    };
    const byIndex = (...keys: string[]): [string, boolean][] => keys.map((key) => [key, true]);
    const gateway = await plans({ gateway: 'out-7' });
    assert.deepEqual(gateway.slice(0, 2), byIndex('mapping_gateway_time', 'routing_gateway_time'));
    assert.equal(gateway.length, 3, 'and attempts, which have no index');
    assert.deepEqual(
      await plans({ account: 'carrier-7' }),
      byIndex('account_time', 'clearing_account_time'),
    );
    const callId = await plans({ callId: 'd77' });
    assert.deepEqual(callId.slice(0, 2), byIndex('call_id', 'callee_call_id'));
    assert.equal((await read(store, { gateway: 'out-7' })).length, 100);
    await store.close();
  });

  it('leaves no half of a batch behind where a later statement fails', async () => {
    const url = await freshUrl();
    const name = url.split('/').at(-1);
    const store = openMysqlLedger({ url });
    await store.checkpoint(logSet);
    const batch = batchOf(0, [rowOf(billed('one'), 8), rowOf(billed('two'), 300)]);
    const body = "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1030, MESSAGE_TEXT = 'no engine'";
    await database.sql(`CREATE TRIGGER t BEFORE INSERT ON cdr_day FOR EACH ROW ${body}`, name);
    await assert.rejects(commit(store, batch), LedgerAway);
    await assert.rejects(commit(store, batch), LedgerAway);
    assert.equal((await store.checkpoint(logSet)).version, 0);
    await database.sql('DROP TRIGGER t', name);
    assert.equal((await commit(store, batch)).kind, 'stored');
    assert.equal((await read(store)).length, 2);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });

  it('gives up a server that hangs, and goes on when it answers again', async () => {
    const url = await freshUrl();
    const store = openMysqlLedger({ url, answerMs: 300 });
    await store.checkpoint(logSet);
    const batch = batchOf(0, [rowOf(billed('one'), 8)]);
    database.signal('SIGSTOP');
    try {
      await assert.rejects(commit(store, batch), LedgerAway);
    } finally {
      database.signal('SIGCONT');
    }
    const { version } = await store.checkpoint(logSet);
    const result = await commit(store, batch);
    // What the server had received may have been done, or not; never both.
    assert.equal(result.kind, version === 0 ? 'stored' : 'moved');
    assert.equal((await read(store)).length, 1);
    assert.equal(await auditLedger(store), undefined);
    await store.close();
  });
});
