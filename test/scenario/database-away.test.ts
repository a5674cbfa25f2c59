// A node that starts while its MariaDB is away: without accounts, and with accounts that have what they had; calls
// go on, and the database gets all of it when it is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePorts } from '../../bench/peers/free-port.ts';
import { MariaDb } from '../peers/mariadb.ts';
import { assertPlayed, placeSippCalls, startSippGateway } from '../peers/sipp.ts';
import { type NodeUnderTest, openNode, until } from './node-under-test.ts';

const calls = 3;

describe('a start with the database away', () => {
  let database: MariaDb;
  let node: NodeUnderTest;
  let ports: readonly number[];

  before(async () => {
    database = await MariaDb.start();
    node = await openNode({ mysqlUrl: await database.createDatabase('tandem') });
    ports = await freePorts(3);
  });
  after(async () => {
    await node.close();
    await database.close();
  });

  function document(accounts: readonly object[]): object {
    const hasAccounts = accounts.length > 0;
    const increments = { firstIncrementSeconds: 60, nextIncrementSeconds: 60 };
    const caller = (name: string, port: number): object => ({
      name: `${name}-in`,
      ...(hasAccounts ? { account: name } : {}),
      auth: 'ip',
      addresses: [`127.0.0.1:${port}`],
    });
    return {
      parameters: { SS_MAXCPS: 0, SERVER_BILLING_HOLD_TIME_PRECISION: 1 },
      rateTables: [
        { name: 'retail', rates: [{ prefix: '44', ratePerMinute: '0.06', ...increments }] },
      ],
      accounts,
      mappingGateways: [caller('pays', ports[0]!), caller('spent', ports[1]!)],
      routingGateways: [{ name: 'out', address: `127.0.0.1:${ports[2]}`, prefixes: ['44'] }],
    };
  }

  async function call(caller: number, scenario: string, wanted: { taken: number }): Promise<void> {
    const gateway = await startSippGateway(node.folder, 'gateway-answer', { port: ports[2]! });
    const called = await placeSippCalls(node.folder, {
      scenario,
      port: ports[caller]!,
      targetPort: node.port,
      service: '44',
      rate: 10,
      calls,
      patienceMs: 60_000,
    });
    const taken = await gateway.stop();
    assertPlayed(called, calls);
    assertPlayed(taken, wanted.taken);
    await node.quiet();
  }

  async function restartWithout(): Promise<void> {
    assert.equal(await node.stop(), 0);
    await database.kill();
    await node.start();
  }

  /** Counted by the database itself. */
  const allStored = (rows: number): Promise<void> =>
    until(async () => {
      const sql = 'SELECT SUM(row_count) AS stored FROM cdr_day';
      const [sum] = (await database.sql(sql, 'tandem')) as { stored: unknown }[];
      return Number(sum?.stored) === rows;
    }, `${rows} CDRs are in the database`);

  async function balanceOf(account: string): Promise<string> {
    const { adminUrl, token } = node.tandem();
    const response = await fetch(`${adminUrl}/api/v1/accounts/${account}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await response.json()) as { balance: string }).balance;
  }

  it('takes calls without accounts, and ships them later', async () => {
    await node.apply(document([]));
    await restartWithout();
    await call(0, 'caller-answer', { taken: calls });
    await database.run();
    await allStored(calls);
  });

  it('accounts have what they had, to the last unit', async () => {
    const customer = (name: string, balance: string): object => ({
      name,
      kind: 'customer',
      rateTable: 'retail',
      balance,
    });
    await node.apply(document([customer('pays', '10'), customer('spent', '0.18')]));
    await call(1, 'caller-answer', { taken: calls });
    assert.equal(await balanceOf('spent'), '0');
    await restartWithout();
    await call(1, 'caller-pays-or-not', { taken: 0 });
    await call(0, 'caller-answer', { taken: calls });
    await database.run();
    await allStored(calls * 4);
    const refused = await node.cdrs('--account', 'spent');
    assert.equal(refused.filter(({ endReason }) => endReason === 'Insufficient balance').length, 3);
    assert.equal(await balanceOf('pays'), '9.82');
    assert.equal(await balanceOf('spent'), '0');
    assert.match(await node.command('audit'), /"difference":\s*null/);
  });
});
