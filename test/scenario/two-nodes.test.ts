// Nodes on one MariaDB, each a process of its own: what is changed or paid on one counts on the other, the CDRs of both
// are in the same tables, and a node that comes later with accounts of its own says that it does not follow.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import {
  chooseTandemOptions,
  runTandemCommand,
  startTandem,
  stopTandem,
  type Tandem,
} from '../../bench/peers/tandem.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { createPeerFolder } from '../peers/peer-folder.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import { type NodeUnderTest, openNode, until } from './node-under-test.ts';

const calls = 3;
/** Wanted are 2,000; a machine that is busy with other tests may take longer. */
const withinMs = 5_000;

interface MasterState {
  readonly state: string;
  readonly reason: string;
  readonly number: number;
}

describe('two nodes on one database', () => {
  let database: MariaDb;
  let url: string;
  let one: NodeUnderTest;
  let other: NodeUnderTest;
  let ports: readonly number[];
  const peers = createPeerFolder();

  before(async () => {
    database = await MariaDb.start();
    url = await database.createDatabase('tandem');
    ports = await freePorts(3);
    const open = (node: string): Promise<NodeUnderTest> =>
      openNode({ mysqlUrl: url, callWorkers: 1, nodeFile: { node } });
    [one, other] = await Promise.all([open('edge-1'), open('edge-2')]);
  });
  after(async () => {
    await Promise.all([one?.close(), other?.close()]);
    await database.close();
    peers.remove();
  });

  const document = {
    parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
    rateTables: [
      {
        name: 'retail',
        rates: [
          {
            prefix: '44',
            ratePerMinute: '0.06',
            firstIncrementSeconds: 60,
            nextIncrementSeconds: 60,
          },
        ],
      },
    ],
    accounts: [
      { name: 'acme', kind: 'customer', node: 'edge-1', rateTable: 'retail', balance: '10' },
      { name: 'beta', kind: 'customer', node: 'edge-2', rateTable: 'retail', balance: '10' },
    ],
  };
  const gateways = (): object => ({
    mappingGateways: ['acme', 'beta'].map((account, index) => ({
      name: `${account}-in`,
      account,
      auth: 'ip',
      addresses: [`127.0.0.1:${ports[index]}`],
    })),
    routingGateways: [{ name: 'out', address: `127.0.0.1:${ports[2]}`, prefixes: ['44'] }],
  });

  async function read({ adminUrl, token }: Tandem, path: string): Promise<string> {
    const headers = { authorization: `Bearer ${token}` };
    return await (await fetch(`${adminUrl}${path}`, { headers })).text();
  }

  async function get<Body>(node: Tandem, path: string): Promise<Body> {
    return JSON.parse(await read(node, path)) as Body;
  }

  async function post(node: NodeUnderTest, path: string, body: object): Promise<void> {
    const { adminUrl, token } = node.tandem();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${adminUrl}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, await response.text());
  }

  async function balanceOf(node: NodeUnderTest, account: string): Promise<string> {
    return (await get<{ balance: string }>(node.tandem(), `/api/v1/accounts/${account}`)).balance;
  }

  /** From now on. */
  async function measured(
    t: TestContext,
    what: string,
    isThere: () => Promise<boolean>,
  ): Promise<void> {
    const startedMs = performance.now();
    await until(isThere, what);
    const tookMs = Math.round(performance.now() - startedMs);
    t.diagnostic(`${what} after ${tookMs} ms`);
    assert.ok(tookMs < withinMs, `${tookMs} ms`);
  }

  it('a change applied on one is in force on the other', async (t) => {
    await post(one, '/api/v1/config', { ...document, ...gateways() });
    await measured(t, 'the change is in force', async () => {
      const { version, committed } = await versionOf(other);
      return version === 1 && committed;
    });
    await call(other, 1);
  });

  async function versionOf(node: NodeUnderTest): Promise<{ version: number; committed: boolean }> {
    const list = await get<{ versions: { version: number; inForce: boolean }[] }>(
      node.tandem(),
      '/api/v1/config/versions',
    );
    const [newest] = list.versions;
    return { version: newest?.version ?? 0, committed: newest?.inForce ?? false };
  }

  async function call(node: NodeUnderTest, caller: number): Promise<void> {
    const gateway = await startSippGateway(peers.path, 'gateway-answer', { port: ports[2]! });
    const called = await placeSippCalls(peers.path, {
      scenario: 'caller-answer',
      port: ports[caller]!,
      targetPort: node.port,
      service: '44',
      rate: 20,
      calls,
      patienceMs: 30_000,
    });
    const taken = await gateway.stop();
    assertPlayed(called, calls);
    assertPlayed(taken, calls);
    await node.quiet();
  }

  it('a payment made on one counts on the node whose account it is', async (t) => {
    assert.equal(await balanceOf(one, 'acme'), '10');
    await post(other, '/api/v1/accounts/acme/payments', { kind: 'recharge', amount: '5' });
    const counts = async (): Promise<boolean> => (await balanceOf(one, 'acme')) === '15';
    await measured(t, 'the payment counts', counts);
    await call(one, 0);
    assert.equal(await balanceOf(one, 'acme'), '14.82');
    assert.equal(await balanceOf(other, 'beta'), '9.82');
  });

  it('the CDRs of both are in the same tables, seen from each, and the books are right', async () => {
    const stored = async (): Promise<[string, number][]> => {
      const days = (await database.sql('SELECT day FROM cdr_day', 'tandem')) as { day: number }[];
      const tables = days.map(({ day }) => `SELECT node FROM cdr_${day}`).join(' UNION ALL ');
      const sql = `SELECT node, COUNT(*) AS rows_ FROM (${tables}) AS all_days GROUP BY node ORDER BY node`;
      const rows = (await database.sql(sql, 'tandem')) as { node: string; rows_: number }[];
      return rows.map(({ node, rows_ }) => [node, Number(rows_)]);
    };
    const expected = JSON.stringify([
      ['edge-1', calls],
      ['edge-2', calls],
    ]);
    await until(async () => JSON.stringify(await stored()) === expected, 'all CDRs are stored');
    for (const node of [one, other]) {
      const lines = (await read(node.tandem(), '/api/v1/cdrs')).trim().split('\n');
      const accounts = lines.map((line) => (JSON.parse(line) as { account: string }).account);
      assert.deepEqual(accounts.sort(), [
        ...Array(calls).fill('acme'),
        ...Array(calls).fill('beta'),
      ]);
    }
    assert.equal(JSON.parse(await other.command('audit')).difference, null);
  });

  it('a node that comes later with an account of its own says that it does not follow', async () => {
    const options = { ...(await chooseTandemOptions(join(peers.path, 'late'))), callWorkers: 1 };
    const dataDir = join(options.folder, 'data');
    const own = join(peers.path, 'own.json');
    const accounts = [{ name: 'own', kind: 'customer', node: 'edge-3', balance: '7' }];
    writeFileSync(own, JSON.stringify({ accounts }));
    await runTandemCommand(dataDir, 'apply', own);
    await runTandemCommand(dataDir, 'pay', 'own', 'recharge', '1');
    const late = await startTandem({ ...options, mysqlUrl: url, nodeFile: { node: 'edge-3' } });
    try {
      const state = async (): Promise<MasterState | null> =>
        (await get<{ configurationMaster: MasterState | null }>(late, '/api/v1/status'))
          .configurationMaster;
      await until(async () => (await state())?.state === 'notFollowed', 'it is said');
      assert.match((await state())!.reason, /accounts\[own\] is missing, but has a balance of "7"/);
      assert.match(await read(late, '/metrics'), /^tandem_configuration_followed 0$/m);
      const log = readFileSync(late.child.outputFile, 'utf8');
      assert.match(log, /configuration is not followed/);
      assert.match(log, /"own".*the embedded ledger has payments or calls that MySQL lacks/);
      const publish = runTandemCommand(dataDir, 'config', 'publish');
      await assert.rejects(publish, /accounts\[(acme|beta)\] is missing, but has a balance/);
      assert.equal((await get<{ balance: string }>(late, '/api/v1/accounts/own')).balance, '7');
      // Its account gets a place on a node that follows; with the next look it is one of them.
      await post(one, '/api/v1/config', { accounts });
      await until(async () => (await state())?.state === 'followed', 'it follows');
      assert.match(await read(late, '/metrics'), /^tandem_configuration_followed 1$/m);
      assert.equal((await get<{ balance: string }>(late, '/api/v1/accounts/own')).balance, '7');
    } finally {
      assert.equal(await stopTandem(late), 0);
    }
  });
});
